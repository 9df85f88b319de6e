//! The selection of sessions and events.

use super::{ClientView, Report};
use crate::events::{Event, EventKind, GuestId, WordId};
use crate::line::fields::decoded;
use crate::session::{Session, SessionId, State};
use std::collections::HashSet;
use viraudit::Uuid;

/// The criteria by which sessions and events are selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Guests that have or once had this name.
    pub vm: Option<Vec<u8>>,
    /// The guest with this UUID.
    pub uuid: Option<Uuid>,
    /// Guests on this host.
    pub host: Option<Vec<u8>>,
    /// Sessions and events that this person caused, by the name that a report shows or any other
    /// name or id of the client.
    pub user: Option<String>,
    /// Failed operations, and the sessions that have any.
    pub failed: bool,
    /// Omit what ended before this time, in milliseconds since 1970.
    pub start: Option<i64>,
    /// Omit what began after this time, in milliseconds since 1970.
    pub end: Option<i64>,
}

impl Filter {
    /// Whether a time is in the selected range.
    pub(super) fn has_time(&self, ms: i64) -> bool {
        self.start.is_none_or(|start| ms >= start) && self.end.is_none_or(|end| ms <= end)
    }

    /// Whether only a range of time is selected.
    pub(super) fn has_range(&self) -> bool {
        self.start.is_some() || self.end.is_some()
    }
}

impl Report {
    /// The guests that have or once had this name.
    pub(super) fn guests_named(&self, name: &[u8]) -> HashSet<GuestId> {
        let is_named = |id: WordId| *decoded(self.store.words.get(id)) == *name;
        let names = self.store.guests.names().filter(|&(_, name)| is_named(name));
        names.map(|(guest, _)| guest).collect()
    }

    /// Whether a session is selected. `guests` are those with the selected name.
    pub(super) fn is_selected(&self, id: SessionId, guests: Option<&HashSet<GuestId>>) -> bool {
        let session = self.session(id);
        let unstarted = session.state == State::Unstarted;
        if session.merged.is_some() || unstarted && !self.store.wants.details {
            return false;
        }
        let guest = &self.store.guests[session.guest];
        let filter = &self.filter;
        if filter.uuid.is_some_and(|uuid| uuid != guest.uuid) {
            return false;
        }
        if filter.host.as_ref().is_some_and(|host| host != self.store.words.get(guest.host)) {
            return false;
        }
        if guests.is_some_and(|guests| !guests.contains(&session.guest)) {
            return false;
        }
        if filter.failed && !session.failed {
            return false;
        }
        if filter.user.is_some() && !self.has_event_by_user(id) {
            return false;
        }
        if filter.has_range() {
            let (from, until) = self.span(session);
            return filter.start.is_none_or(|start| until >= start)
                && filter.end.is_none_or(|end| from <= end);
        }
        true
    }

    /// Whether an event is by the selected user.
    pub(super) fn is_by_user(&self, event: &Event) -> bool {
        let Some(name) = &self.filter.user else { return true };
        let is_called = |client: &ClientView| client.is_called(name);
        self.user_of(event).0 == Some(name) || self.client_of(event).is_some_and(is_called)
    }

    /// Whether any event of a session is by the selected user. Denials are of the guest's own
    /// process.
    fn has_event_by_user(&self, id: SessionId) -> bool {
        let session = self.session(id);
        let ends = [session.start, session.end].into_iter().flatten();
        ends.chain(self.events.of(id).iter().copied()).any(|event| {
            let event = self.event(event);
            matches!(event.kind, EventKind::Virt(_)) && self.is_by_user(&event)
        })
    }

    /// The first and the last moment of a session, as far as the log shows.
    pub(super) fn span(&self, session: &Session) -> (i64, i64) {
        let start = self.event_if(session.start).map(|event| event.stamp.ms);
        let first = start.unwrap_or_else(|| self.event(session.first).stamp.ms);
        // A session without a start began before the log.
        let mut from = start.unwrap_or(i64::MIN);
        let until = match session.state {
            State::Failed => first,
            State::Seen | State::Unstarted => {
                from = first;
                self.event_if(session.seen).map_or(first, |event| event.stamp.ms)
            }
            State::Running => i64::MAX,
            _ => self.event_if(session.end).map_or(i64::MAX, |event| event.stamp.ms),
        };
        (from.min(until), until)
    }
}
