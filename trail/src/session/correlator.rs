//! The correlator: assigns events to sessions, in their order.
//!
//! The records that libvirt writes before a start (labels, resources) belong to the session that the
//! start opens. So a guest can have two sessions at a time: a running one and a prepared one.

use super::identifiers::Identifiers;
use super::{Session, SessionId, State};
use crate::events::{Event, EventId, EventKind, GuestId, Store, Wants, WordId};
use crate::line::Op;
use std::collections::HashMap;
use viraudit::RecordType;

/// The sessions of a guest at some point of the log.
#[derive(Clone, Copy, Debug, Default)]
struct Live {
    /// The running one.
    open: Option<SessionId>,
    /// The prepared one.
    next: Option<SessionId>,
    /// The one that the host's shutdown ended, until the host boots.
    down: Option<SessionId>,
    /// The newest one.
    last: Option<SessionId>,
}

/// The correlator.
#[derive(Debug, Default)]
pub(crate) struct Correlator {
    pub(crate) sessions: Vec<Session>,
    /// The session of each event, in the order of events. Empty unless events are kept.
    pub(crate) of_events: Vec<(SessionId, EventId)>,
    /// By guest.
    live: Vec<Live>,
    /// `None` if denials and anomalies are not wanted.
    identifiers: Option<Identifiers>,
    /// The open and the prepared sessions of each host, which end with it. Sessions that have ended
    /// are skipped when they are found.
    by_host: HashMap<WordId, Vec<SessionId>>,
    keep_events: bool,
    /// The number of events that were assigned.
    fed: usize,
}

impl Correlator {
    /// A correlator for a report.
    pub(crate) fn new(wants: Wants) -> Self {
        Self {
            identifiers: wants.details.then(Identifiers::default),
            keep_events: wants.details || wants.failed,
            ..Self::default()
        }
    }

    /// Assigns the events that were added to `store` since the last call.
    pub(crate) fn catch_up(&mut self, store: &Store) {
        for index in self.fed..store.events.len() {
            self.feed(store, EventId::new(index));
        }
    }

    /// The last event was removed from the store. It was one that no session refers to.
    pub(crate) fn forget_last(&mut self) {
        self.fed -= 1;
    }

    /// Assigns the next event.
    fn feed(&mut self, store: &Store, id: EventId) {
        self.fed = id.index() + 1;
        let event = &store.events[id.index()];
        match (event.kind, event.guest) {
            (EventKind::Down, _) => self.host_ends(id, event, false),
            (EventKind::Boot, _) => self.host_ends(id, event, true),
            (EventKind::Avc | EventKind::Anomaly(_), _) => {
                let Some(identifiers) = &mut self.identifiers else { return };
                let denial = store.denial_of(event);
                if !denial.is_decision() {
                    return;
                }
                for session in identifiers.find(store, event, &denial) {
                    self.add(session, id, event);
                }
            }
            (EventKind::Seen, Some(guest)) => self.other(store, id, event, guest),
            (EventKind::Virt(op), Some(guest)) => match op {
                Op::Start => self.starts(id, event, guest),
                Op::Stop if event.success => self.stops(id, event, guest),
                Op::Lifecycle(kind) => self.lifecycle(kind, id, event, guest),
                _ => {
                    self.other(store, id, event, guest);
                    self.identify(id, guest);
                }
            },
            (EventKind::Seen | EventKind::Virt(_), None) => {}
        }
    }

    fn live(&mut self, guest: GuestId) -> &mut Live {
        let at = guest.index();
        if at >= self.live.len() {
            self.live.resize(at + 1, Live::default());
        }
        &mut self.live[at]
    }

    fn new_session(&mut self, id: EventId, event: &Event, guest: GuestId) -> SessionId {
        let session = SessionId::new(self.sessions.len());
        self.sessions.push(Session {
            guest,
            name: event.name,
            start: None,
            end: None,
            seen: None,
            first: id,
            merged: None,
            state: State::Running,
            failed: false,
            alive: false,
        });
        let of_host = self.by_host.entry(event.host).or_default();
        of_host.push(session);
        // Now and then, sessions that have ended are removed.
        if of_host.len().is_power_of_two() && of_host.len() > 1024 {
            let live = &self.live;
            let sessions = &self.sessions;
            of_host.retain(|&other| {
                live.get(sessions[other.index()].guest.index())
                    .is_none_or(|live| live.open == Some(other) || live.next == Some(other))
                    || other == session
            });
        }
        self.live(guest).last = Some(session);
        session
    }

    /// A new session, as the prepared one.
    fn prepare(&mut self, id: EventId, event: &Event, guest: GuestId) -> SessionId {
        let session = self.new_session(id, event, guest);
        self.live(guest).next = Some(session);
        session
    }

    fn session(&mut self, session: SessionId) -> &mut Session {
        &mut self.sessions[session.index()]
    }

    /// Adds an event to a session.
    fn add(&mut self, session: SessionId, id: EventId, event: &Event) {
        let failed = !event.success;
        self.session(session).failed |= failed;
        if self.keep_events {
            self.of_events.push((session, id));
        }
    }

    /// Merges the prepared session of a guest into the running one.
    fn merge(&mut self, guest: GuestId) {
        let Live { open: Some(open), next: Some(next), .. } = *self.live(guest) else { return };
        let prepared = *self.session(next);
        self.session(next).merged = Some(open);
        self.session(open).failed |= prepared.failed;
        self.session(open).seen = prepared.seen;
        self.live(guest).next = None;
        if let Some(identifiers) = &mut self.identifiers {
            identifiers.merge(next, open);
        }
    }

    fn starts(&mut self, id: EventId, event: &Event, guest: GuestId) {
        let Live { open, next, .. } = *self.live(guest);
        let session = next.unwrap_or_else(|| self.new_session(id, event, guest));
        self.add(session, id, event);
        let entry = self.session(session);
        entry.start = Some(id);
        entry.name = event.name;
        if !event.success {
            entry.state = State::Failed;
            self.live(guest).next = None;
            self.release(session);
            return;
        }
        if let Some(open) = open {
            self.end(open, State::Lost, id);
        }
        let last = Some(session);
        *self.live(guest) = Live { open: Some(session), next: None, down: None, last };
        if let Some(identifiers) = &mut self.identifiers {
            identifiers.start(session, id);
        }
    }

    fn stops(&mut self, id: EventId, event: &Event, guest: GuestId) {
        self.merge(guest);
        let Live { open, next, down, .. } = *self.live(guest);
        // A stop while the host goes down has more details than the host's shutdown.
        let session = match open.or(next).or(down) {
            Some(session) => session,
            None => self.new_session(id, event, guest),
        };
        self.add(session, id, event);
        let last = self.live(guest).last;
        *self.live(guest) = Live { last, ..Live::default() };
        self.end(session, State::Stopped, id);
    }

    /// Adds an event that neither starts nor stops a guest.
    fn other(&mut self, store: &Store, id: EventId, event: &Event, guest: GuestId) {
        let Live { open, next, down, .. } = *self.live(guest);
        let prepares = match event.kind {
            EventKind::Virt(Op::Label) => true,
            EventKind::Virt(Op::Resource) => next.is_some() || is_preparation(store, event),
            EventKind::Seen => next.is_some(),
            _ => false,
        };
        let running = open.filter(|_| !prepares);
        // While the host goes down, its guests do, too.
        let down = down.filter(|_| open.is_none() && next.is_none());
        let session = match running.or(next).or(down) {
            Some(session) => session,
            None => self.prepare(id, event, guest),
        };
        let entry = self.session(session);
        entry.seen = Some(id);
        entry.alive = true;
        self.add(session, id, event);
    }

    /// Notes the identifiers of a label or a resource.
    fn identify(&mut self, id: EventId, guest: GuestId) {
        let Live { open, next, .. } = *self.live(guest);
        // A guest that goes down with its host has neither: no denial will be about it.
        if let (Some(identifiers), Some(session)) = (&mut self.identifiers, next.or(open)) {
            identifiers.change(session, id);
        }
    }

    /// Adds a record about an image or a migration, which comes before a start or after a stop.
    fn lifecycle(&mut self, kind: RecordType, id: EventId, event: &Event, guest: GuestId) {
        let Live { open, next, last, .. } = *self.live(guest);
        let after_stop = matches!(kind, RecordType::VirtDestroy | RecordType::VirtMigrateOut);
        let session = match open.or(next).or(last.filter(|_| after_stop)) {
            Some(session) => session,
            None => self.prepare(id, event, guest),
        };
        self.session(session).seen = Some(id);
        self.add(session, id, event);
    }

    /// Ends all sessions of a host.
    fn host_ends(&mut self, id: EventId, event: &Event, boots: bool) {
        for session in self.by_host.remove(&event.host).unwrap_or_default() {
            let guest = self.session(session).guest;
            self.merge(guest);
            let Live { open, next, last, .. } = *self.live(guest);
            if boots {
                self.live(guest).down = None;
            }
            if Some(session) != open && Some(session) != next {
                continue;
            }
            self.add(session, id, event);
            let down = Some(session).filter(|_| !boots);
            *self.live(guest) = Live { open: None, next: None, down, last };
            self.end(session, State::Down, id);
            if !boots {
                // The boot resets `down`.
                self.by_host.entry(event.host).or_default().push(session);
            }
        }
    }

    /// Completes the sessions at the end of the log.
    pub(crate) fn finish(&mut self) {
        for guest in (0..self.live.len()).map(GuestId::new) {
            self.merge(guest);
            if let Some(next) = self.live(guest).next
                && !self.session(next).alive
            {
                // Only its image was created: nothing shows that the guest runs.
                self.session(next).state = State::Stopped;
            }
        }
    }

    fn end(&mut self, session: SessionId, state: State, id: EventId) {
        let entry = self.session(session);
        entry.state = state;
        entry.end = Some(id);
        self.release(session);
    }

    fn release(&mut self, session: SessionId) {
        if let Some(identifiers) = &mut self.identifiers {
            identifiers.end(session);
        }
    }
}

/// Whether a resource's record is one of those that libvirt writes right before a start.
fn is_preparation(store: &Store, event: &Event) -> bool {
    match store.words.get(event.reason) {
        b"start" => true,
        // libvirt denies all devices once, before it allows any.
        b"deny" => store.text(event).ends_with(b"class=all"),
        _ => false,
    }
}
