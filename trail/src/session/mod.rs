//! Sessions: what happened to a guest between its start and its stop.
//!
//! Events come in order. Records that libvirt writes before a start (labels, resources) belong to
//! the session that the start then opens, so a guest can have two at a time: the one that is
//! running, and the one that is being prepared.

mod identifiers;
mod owner_index;

use crate::events::Wants;
use crate::events::{Event, EventKind, NOBODY, Store};
use crate::line::{Denial, Op};
use identifiers::Identifiers;
use std::collections::HashMap;

/// No such event or session.
pub(crate) const NONE: u32 = u32::MAX;

/// How a session stands at the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nothing ended it.
    Running,
    /// It was stopped.
    Stopped,
    /// Its start failed.
    Failed,
    /// The guest was started again without a stop.
    Lost,
    /// The host went down.
    Down,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Running, Self::Stopped, Self::Failed, Self::Lost, Self::Down];

    /// Its name in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Down => "down",
        }
    }
}

/// A session, by the numbers of its events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    pub(crate) guest: u32,
    pub(crate) name: u32,
    /// The start; `NONE` when it isn't in the log.
    pub(crate) start: u32,
    /// What ended it: a stop, a newer start, the host's end or its next start.
    pub(crate) end: u32,
    /// The last event about the guest that isn't its start or end.
    pub(crate) seen: u32,
    /// Where it stands among sessions.
    pub(crate) first: u32,
    /// It has become part of this one.
    pub(crate) merged: u32,
    pub(crate) state: State,
    /// It has an event that failed.
    pub(crate) failed: bool,
    /// Something showed that the guest was running.
    alive: bool,
}

/// A guest while the events go by.
#[derive(Clone, Copy, Debug)]
struct Live {
    open: u32,
    next: u32,
    /// The session that the host's shutdown ended, until the host starts again.
    down: u32,
    last: u32,
}

const NOT_LIVE: Live = Live { open: NONE, next: NONE, down: NONE, last: NONE };

/// Makes sessions of events.
#[derive(Debug, Default)]
pub(crate) struct Correlator {
    pub(crate) sessions: Vec<Session>,
    /// Which event belongs to which session, in the order of events. Only with details.
    pub(crate) of_events: Vec<(u32, u32)>,
    live: Vec<Live>,
    marks: Option<Identifiers>,
    /// The sessions of each host that are open or being prepared, to be closed with it. Sessions
    /// that have ended are left out when they are met.
    by_host: HashMap<u32, Vec<u32>>,
    keep_events: bool,
    /// How many events it has seen.
    seen: u32,
}

impl Correlator {
    /// One that knows nothing yet.
    pub(crate) fn new(details: bool, keep_events: bool) -> Self {
        Self {
            sessions: Vec::new(),
            of_events: Vec::new(),
            live: Vec::new(),
            marks: details.then(Identifiers::default),
            by_host: HashMap::new(),
            keep_events,
            seen: 0,
        }
    }

    /// One for a report that wants this.
    pub(crate) fn wanting(wants: Wants) -> Self {
        Self::new(wants.details, wants.details || wants.failed)
    }

    /// The events of `store` that it hasn't seen yet.
    pub(crate) fn catch_up(&mut self, store: &Store) {
        for id in self.seen..store.events.len() as u32 {
            self.feed(store, id);
        }
    }

    /// The next event.
    pub(crate) fn feed(&mut self, store: &Store, id: u32) {
        self.seen = id + 1;
        let event = &store.events[id as usize];
        match event.kind {
            EventKind::Down => self.host_ends(id, event, false),
            EventKind::Boot => self.host_ends(id, event, true),
            EventKind::Avc | EventKind::Anomaly(_) => {
                let Some(marks) = &mut self.marks else { return };
                if !Denial::new(store.text(event)).is_decision() {
                    return;
                }
                for session in marks.find(store, event) {
                    self.belongs(session, id, event);
                }
            }
            EventKind::Seen => self.other(store, id, event),
            EventKind::Virt(op) => {
                if event.guest == NOBODY {
                    return;
                }
                match op {
                    Op::Start => self.starts(id, event),
                    Op::Stop if event.success => self.stops(id, event),
                    Op::Lifecycle(kind) => self.lifecycle(kind, id, event),
                    _ => {
                        self.other(store, id, event);
                        self.mark(id, event);
                    }
                }
            }
        }
    }

    fn live(&mut self, guest: u32) -> &mut Live {
        let at = guest as usize;
        if at >= self.live.len() {
            self.live.resize(at + 1, NOT_LIVE);
        }
        &mut self.live[at]
    }

    fn new_session(&mut self, id: u32, event: &Event) -> u32 {
        let session = self.sessions.len() as u32;
        self.sessions.push(Session {
            guest: event.guest,
            name: event.name,
            start: NONE,
            end: NONE,
            seen: NONE,
            first: id,
            merged: NONE,
            state: State::Running,
            failed: false,
            alive: false,
        });
        let open = self.by_host.entry(event.host).or_default();
        open.push(session);
        // What has ended needn't be looked at again when the host ends.
        if open.len().is_power_of_two() && open.len() > 1024 {
            let live = &self.live;
            let sessions = &self.sessions;
            open.retain(|&session| {
                live.get(sessions[session as usize].guest as usize)
                    .is_none_or(|live| live.open == session || live.next == session)
                    || session as usize + 1 == sessions.len()
            });
        }
        self.live(event.guest).last = session;
        session
    }

    fn session(&mut self, session: u32) -> &mut Session {
        &mut self.sessions[session as usize]
    }

    fn belongs(&mut self, session: u32, id: u32, event: &Event) {
        let failed = !event.success;
        self.session(session).failed |= failed;
        if self.keep_events {
            self.of_events.push((session, id));
        }
    }

    /// The session that is being prepared becomes part of the one that runs.
    fn merge(&mut self, guest: u32) {
        let Live { open, next, .. } = *self.live(guest);
        if open == NONE || next == NONE {
            return;
        }
        let prepared = *self.session(next);
        self.session(next).merged = open;
        self.session(open).failed |= prepared.failed;
        self.session(open).seen = prepared.seen;
        self.live(guest).next = NONE;
        if let Some(marks) = &mut self.marks {
            marks.hand_over(next, open);
        }
    }

    fn starts(&mut self, id: u32, event: &Event) {
        let Live { open, next, .. } = *self.live(event.guest);
        let session = if next == NONE { self.new_session(id, event) } else { next };
        self.belongs(session, id, event);
        let entry = self.session(session);
        entry.start = id;
        entry.name = event.name;
        if !event.success {
            entry.state = State::Failed;
            self.live(event.guest).next = NONE;
            self.forget(session);
            return;
        }
        if open != NONE {
            self.session(open).state = State::Lost;
            self.session(open).end = id;
            self.forget(open);
        }
        *self.live(event.guest) = Live { open: session, next: NONE, down: NONE, last: session };
        if let Some(marks) = &mut self.marks {
            marks.started(session, id);
        }
    }

    fn stops(&mut self, id: u32, event: &Event) {
        self.merge(event.guest);
        let Live { open, next, down, .. } = *self.live(event.guest);
        // What was written while the host went down tells more than the host's end does.
        let known = [open, next, down].into_iter().find(|&session| session != NONE);
        let session = known.unwrap_or_else(|| self.new_session(id, event));
        self.belongs(session, id, event);
        let entry = self.session(session);
        entry.state = State::Stopped;
        entry.end = id;
        let last = self.live(event.guest).last;
        *self.live(event.guest) = Live { last, ..NOT_LIVE };
        self.forget(session);
    }

    /// Anything about a guest that neither starts nor stops it.
    fn other(&mut self, store: &Store, id: u32, event: &Event) {
        let Live { open, next, down, .. } = *self.live(event.guest);
        let prepares = match event.kind {
            EventKind::Virt(Op::Label) => true,
            EventKind::Virt(Op::Resource) => is_start(store, event) || next != NONE,
            EventKind::Seen => next != NONE,
            _ => false,
        };
        let session = match (open, next) {
            // The host is going down, and the guest with it.
            (NONE, NONE) if down != NONE => down,
            (NONE, NONE) => {
                let session = self.new_session(id, event);
                self.live(event.guest).next = session;
                session
            }
            (NONE, next) => next,
            (open, _) if !prepares => open,
            (_, NONE) => {
                let session = self.new_session(id, event);
                self.live(event.guest).next = session;
                session
            }
            (_, next) => next,
        };
        let entry = self.session(session);
        entry.seen = id;
        entry.alive = true;
        self.belongs(session, id, event);
    }

    fn mark(&mut self, id: u32, event: &Event) {
        let Live { open, next, .. } = *self.live(event.guest);
        let session = if next == NONE { open } else { next };
        // A guest that goes down with its host is on its way out: nothing will be denied to it.
        if session == NONE {
            return;
        }
        if let Some(marks) = &mut self.marks {
            marks.change(session, id);
        }
    }

    /// Records of images and migrations come before a start or behind a stop.
    fn lifecycle(&mut self, kind: viraudit::RecordType, id: u32, event: &Event) {
        use viraudit::RecordType::{VirtDestroy, VirtMigrateOut};
        let Live { open, next, last, .. } = *self.live(event.guest);
        let behind = matches!(kind, VirtDestroy | VirtMigrateOut);
        let known = match (open, next) {
            (NONE, NONE) if behind => last,
            (NONE, next) => next,
            (open, _) => open,
        };
        let session = if known == NONE {
            let session = self.new_session(id, event);
            self.live(event.guest).next = session;
            session
        } else {
            known
        };
        self.session(session).seen = id;
        self.belongs(session, id, event);
    }

    fn host_ends(&mut self, id: u32, event: &Event, boots: bool) {
        for session in self.by_host.remove(&event.host).unwrap_or_default() {
            let guest = self.session(session).guest;
            self.merge(guest);
            let Live { open, next, last, .. } = *self.live(guest);
            if boots {
                self.live(guest).down = NONE;
            }
            if session != open && session != next {
                continue;
            }
            self.belongs(session, id, event);
            let entry = self.session(session);
            entry.state = State::Down;
            entry.end = id;
            let down = if boots { NONE } else { session };
            *self.live(guest) = Live { open: NONE, next: NONE, down, last };
            self.forget(session);
            if !boots {
                // For the boot to find.
                self.by_host.entry(event.host).or_default().push(session);
            }
        }
    }

    /// What is still being prepared at the end of the log.
    pub(crate) fn finish(&mut self) {
        for guest in 0..self.live.len() as u32 {
            self.merge(guest);
            let next = self.live(guest).next;
            if next != NONE && !self.session(next).alive {
                // Only its image was made: nothing says that it runs.
                self.session(next).state = State::Stopped;
            }
        }
    }

    fn forget(&mut self, session: u32) {
        if let Some(marks) = &mut self.marks {
            marks.forget(session);
        }
    }
}

/// Whether a resource's record is one of those that libvirt writes right before a start.
fn is_start(store: &Store, event: &Event) -> bool {
    match store.words.get(event.reason) {
        b"start" => true,
        // The devices cgroup is closed once, before anything is allowed.
        b"deny" => store.text(event).ends_with(b"class=all"),
        _ => false,
    }
}
