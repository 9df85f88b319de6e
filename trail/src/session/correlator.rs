//! The correlator: assigns events to sessions, in their order.
//!
//! The records that libvirt writes before a start (labels, resources) belong to the session that the
//! start opens. So a guest can have two sessions at a time: a running one and a prepared one. Records
//! that come right behind a stop belong to the session that it ended.

use super::identifiers::Identifiers;
use super::{EventRuns, Session, SessionId, State};
use crate::events::{Event, EventId, EventKind, GuestId, Store, Wants, WordId};
use crate::line::{Op, Sign};
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

/// How much later a record may come that still belongs to the end of a session, in milliseconds.
/// libvirt waits up to 40 seconds for a process to end.
const AT_ONCE: i64 = 60_000;

/// The sessions of a guest at some point of the log.
#[derive(Clone, Copy, Debug, Default)]
struct Live {
    /// The running one.
    open: Option<SessionId>,
    /// The one without a start: a prepared one, or one whose start is not in the log.
    next: Option<SessionId>,
    /// The one that ended or failed last, until the guest starts again.
    ended: Option<SessionId>,
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
    pub(crate) of_events: EventRuns,
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
        let event = &store.event(id);
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
            (EventKind::Virt(Op::Start), Some(guest)) => self.starts(store, id, event, guest),
            (EventKind::Virt(Op::Stop), Some(guest)) if event.success => {
                self.stops(store, id, event, guest);
            }
            (EventKind::Seen | EventKind::Virt(_), Some(guest)) => {
                self.other(store, id, event, guest);
            }
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
            state: State::Seen,
            failed: false,
            gap: false,
            begins: false,
            prepared: false,
            lives: false,
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

    /// A new session without a start.
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
            self.of_events.push(session, id);
        }
    }

    /// Merges the prepared session of a guest into the running one.
    fn merge(&mut self, guest: GuestId) {
        let Live { open: Some(open), next: Some(next), .. } = *self.live(guest) else { return };
        self.merge_into(next, open);
        self.live(guest).next = None;
    }

    /// Merges a session into another.
    fn merge_into(&mut self, from: SessionId, to: SessionId) {
        let Session { failed, seen, .. } = *self.session(from);
        self.session(from).merged = Some(to);
        let session = self.session(to);
        session.failed |= failed;
        session.seen = seen;
        if let Some(identifiers) = &mut self.identifiers {
            identifiers.merge(from, to);
        }
    }

    fn starts(&mut self, store: &Store, id: EventId, event: &Event, guest: GuestId) {
        self.close_living(event, guest);
        let Live { open, next, .. } = *self.live(guest);
        let cleaned_up = self.cleaned_up(store, event, guest);
        if let (Some(next), Some(cleaned_up)) = (next, cleaned_up) {
            self.merge_into(next, cleaned_up);
        }
        let session = match cleaned_up.or(next) {
            Some(session) => session,
            None => self.new_session(id, event, guest),
        };
        self.add(session, id, event);
        let entry = self.session(session);
        entry.start = Some(id);
        entry.name = event.name;
        if !event.success {
            entry.state = State::Failed;
            entry.end = None;
            let live = self.live(guest);
            (live.next, live.ended) = (None, Some(session));
            self.release(session);
            return;
        }
        entry.state = State::Running;
        if let Some(open) = open {
            self.end(open, State::Lost, id);
        }
        let last = Some(session);
        *self.live(guest) = Live { open: Some(session), last, ..Live::default() };
        if let Some(identifiers) = &mut self.identifiers {
            identifiers.change(session, id);
        }
    }

    /// Closes the session without a start if the guest has run in it, and now begins to start.
    fn close_living(&mut self, event: &Event, guest: GuestId) {
        let Some(next) = self.live(guest).next else { return };
        let Session { lives, prepared, .. } = *self.session(next);
        if lives && (!prepared || event.sign.is_preparation()) {
            self.close(next);
            self.live(guest).next = None;
        }
    }

    /// For a failed start, the session of the stop that has cleaned up after it: libvirt may write
    /// the stop first.
    fn cleaned_up(&mut self, store: &Store, event: &Event, guest: GuestId) -> Option<SessionId> {
        let next = self.live(guest).next;
        let ended = self.just_ended(store, event, guest).filter(|_| !event.success)?;
        let begins = event.sign == Sign::Begins || next.is_some_and(|id| self.session(id).begins);
        let Session { state, start, end, lives, .. } = *self.session(ended);
        let reason = end.map(|end| store.words.get(store.event(end).reason));
        let cleans = state == State::Stopped && start.is_none() && reason == Some(b"failed");
        (cleans && !lives && !begins).then_some(ended)
    }

    /// The session that ended or failed right before this event.
    fn just_ended(&mut self, store: &Store, event: &Event, guest: GuestId) -> Option<SessionId> {
        let ended = self.live(guest).ended?;
        let Session { start, end, .. } = *self.session(ended);
        let end = store.event(end.or(start)?);
        // Keys stay the same while a clock that was set back has not caught up.
        let at_once = event.key - end.key <= AT_ONCE
            && event.stamp.ms.abs_diff(end.stamp.ms) <= AT_ONCE as u64;
        at_once.then_some(ended)
    }

    fn stops(&mut self, store: &Store, id: EventId, event: &Event, guest: GuestId) {
        let Live { open, next, .. } = *self.live(guest);
        if next.is_none()
            && let Some(ended) = self.just_ended(store, event, guest)
        {
            // It cleans up after a failed start, or a second thread has seen the guest end.
            let failed = self.session(ended).state == State::Failed;
            let cleans = failed && store.words.get(event.reason) == b"failed";
            if open.is_none() || cleans {
                return self.add(ended, id, event);
            }
        }
        self.merge(guest);
        let Live { open, next, down, .. } = *self.live(guest);
        // A stop while the host goes down has more details than the host's shutdown.
        let session = match open.or(next).or(down) {
            Some(session) => session,
            None => self.new_session(id, event, guest),
        };
        self.add(session, id, event);
        let last = self.live(guest).last;
        *self.live(guest) = Live { last, ended: Some(session), ..Live::default() };
        self.end(session, State::Stopped, id);
    }

    /// Adds an event that neither starts nor stops a guest.
    fn other(&mut self, store: &Store, id: EventId, event: &Event, guest: GuestId) {
        if event.sign.is_preparation() {
            self.close_living(event, guest);
            self.close_abandoned(store, event, guest);
        }
        let ended = self.just_ended(store, event, guest);
        let Live { open, next, down, last, .. } = *self.live(guest);
        // While the host goes down, its guests do, too.
        let down = down.filter(|_| open.is_none() && next.is_none());
        let known = match event.sign {
            Sign::Begins | Sign::Prepares => next.or(down),
            Sign::Lives => open.or(ended).or(next).or(down),
            Sign::Any => {
                next.filter(|&id| self.session(id).prepared).or(open).or(next).or(ended).or(down)
            }
            Sign::Before => open.or(next),
            Sign::After => open.or(next).or(last),
        };
        let session = match known {
            Some(session) => session,
            None => self.prepare(id, event, guest),
        };
        let entry = self.session(session);
        entry.seen = Some(id);
        entry.begins |= event.sign == Sign::Begins;
        entry.prepared |= event.sign.is_preparation();
        entry.lives |= event.sign == Sign::Lives;
        self.add(session, id, event);
        let Live { open, next, .. } = *self.live(guest);
        // No denial will be about a guest that is no longer running.
        if let Some(identifiers) = &mut self.identifiers
            && (Some(session) == open || Some(session) == next)
            && matches!(event.kind, EventKind::Virt(Op::Label | Op::Resource | Op::Init))
        {
            identifiers.change(session, id);
        }
    }

    /// Closes the prepared session if its preparation has ended long ago, and a new one begins.
    fn close_abandoned(&mut self, store: &Store, event: &Event, guest: GuestId) {
        let Some(next) = self.live(guest).next else { return };
        let Session { prepared, seen, .. } = *self.session(next);
        let is_old = |id: EventId| event.key - store.events.key(id) > AT_ONCE;
        if event.sign == Sign::Begins && prepared && seen.is_some_and(is_old) {
            self.close(next);
            self.live(guest).next = None;
        }
    }

    /// Closes a session without a start.
    fn close(&mut self, id: SessionId) {
        let session = self.session(id);
        let unstarted = session.prepared && !session.lives;
        session.state = if unstarted { State::Unstarted } else { State::Seen };
        self.release(id);
    }

    /// Ends all sessions of a host.
    fn host_ends(&mut self, id: EventId, event: &Event, boots: bool) {
        for session in self.by_host.remove(&event.host).unwrap_or_default() {
            let guest = self.session(session).guest;
            self.merge(guest);
            let Live { open, next, last, .. } = *self.live(guest);
            let live = self.live(guest);
            live.ended = None;
            if boots {
                live.down = None;
            }
            if Some(session) == open {
                self.add(session, id, event);
                self.end(session, State::Down, id);
            } else if Some(session) == next {
                self.close(session);
                if self.session(session).state == State::Unstarted {
                    // It shows why.
                    self.add(session, id, event);
                }
            } else {
                continue;
            }
            let down = Some(session).filter(|_| !boots);
            *self.live(guest) = Live { down, last, ..Live::default() };
            if !boots {
                // The boot resets `down`.
                self.by_host.entry(event.host).or_default().push(session);
            }
        }
    }

    /// Completes the sessions at the end of the log, and frees the memory that only assigning needs.
    pub(crate) fn finish(&mut self) {
        for guest in (0..self.live.len()).map(GuestId::new) {
            self.merge(guest);
            if let Some(next) = self.live(guest).next {
                self.close(next);
            }
        }
        self.live = Vec::new();
        self.identifiers = None;
    }

    /// Marks the sessions that were open while records are missing.
    pub(crate) fn mark_gaps(&mut self, store: &Store) {
        if store.gaps.is_empty() {
            return;
        }
        // By host, in their order.
        let mut gaps: HashMap<&[u8], BTreeSet<_>> = HashMap::new();
        for gap in &store.gaps {
            gaps.entry(&gap.host).or_default().insert(gap.next);
        }
        for session in &mut self.sessions {
            let order = |id: EventId| store.events.order(id);
            let host = store.words.get(store.guests[session.guest].host);
            let (Some(gaps), Some(start)) = (gaps.get(host), session.start) else { continue };
            let after = Bound::Excluded(order(start));
            let until = session.end.map_or(Bound::Unbounded, |end| Bound::Included(order(end)));
            session.gap = session.state != State::Failed
                && session.end.is_none_or(|end| order(end) > order(start))
                && gaps.range((after, until)).next().is_some();
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
