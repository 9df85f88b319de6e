//! The selection of sessions.

use super::{ClientView, DeviceAddress, MacAddress, NamePattern, PathPattern, Report};
use crate::events::{Event, EventId, GuestId, WordId};
use crate::line::fields::decoded;
use crate::session::{Session, SessionId, State};
use std::collections::{HashMap, HashSet};
use viraudit::Uuid;

/// Which failures are selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// All failed operations.
    Any,
    /// Failed starts.
    Starts,
    /// All failed operations but starts.
    Operations,
}

/// The criteria by which sessions and events are selected. In a list, one entry must fit.
///
/// Some criteria are about sessions: `vms`, `uuid`, `hosts`, `states`, `at`, `with`, `start` and `end`. The
/// others are about events: an event must fulfil all of them to be shown, and a session must have such an
/// event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Guests that have or once had one of these names.
    pub vms: Vec<NamePattern>,
    /// The guest with this UUID.
    pub uuid: Option<Uuid>,
    /// Guests on one of these hosts.
    pub hosts: Vec<NamePattern>,
    /// Sessions in one of these states.
    pub states: Vec<State>,
    /// Sessions in which the guest ran at this time, in milliseconds since 1970. The events of a session
    /// are then the resources that the guest held at that time.
    pub at: Option<i64>,
    /// Sessions of guests that ran at the same time and on the same host as the guests with this name
    /// or UUID.
    pub with: Option<NamePattern>,
    /// Events that this person caused, by the name that a report shows or any other name or id of the
    /// client.
    pub user: Option<String>,
    /// Failed operations.
    pub failed: Option<Failed>,
    /// Events of these kinds, or about resources of these kinds.
    pub kinds: Vec<String>,
    /// Events with one of these reasons.
    pub reasons: Vec<String>,
    /// Events that have one of these paths: that of a resource, or the target of a denial.
    pub paths: Vec<PathPattern>,
    /// Events about a network interface with one of these addresses.
    pub macs: Vec<MacAddress>,
    /// Events about one of these devices of the host.
    pub devices: Vec<DeviceAddress>,
    /// Events that change a running guest.
    pub changes: bool,
    /// Omit what ended before this time, in milliseconds since 1970.
    pub start: Option<i64>,
    /// Omit what began after this time, in milliseconds since 1970.
    pub end: Option<i64>,
}

impl Filter {
    /// Whether all events of the log are needed to select sessions.
    pub fn needs_details(&self) -> bool {
        let states = [State::Failed, State::Unstarted];
        self.has_event_criteria()
            || self.failed == Some(Failed::Starts)
            || self.states.iter().any(|state| states.contains(state))
    }

    /// Whether there is a criterion about events other than the time and failures.
    fn has_event_criteria(&self) -> bool {
        self.user.is_some() || self.changes || !self.reasons.is_empty() || self.has_thing()
    }

    /// Whether there is a criterion about what an event is about.
    fn has_thing(&self) -> bool {
        self.has_subject() || !self.kinds.is_empty()
    }

    /// Whether a time is in the selected range.
    pub(super) fn has_time(&self, ms: i64) -> bool {
        self.start.is_none_or(|start| ms >= start) && self.end.is_none_or(|end| ms <= end)
    }

    /// Whether only a range of time is selected.
    pub(super) fn has_range(&self) -> bool {
        self.start.is_some() || self.end.is_some()
    }

    /// Whether a path, a MAC address or a device is selected.
    pub(super) fn has_subject(&self) -> bool {
        !(self.paths.is_empty() && self.macs.is_empty() && self.devices.is_empty())
    }

    /// Whether there is any criterion about events other than the time.
    pub(super) fn has_criteria(&self) -> bool {
        matches!(self.failed, Some(Failed::Any | Failed::Operations)) || self.has_event_criteria()
    }
}

/// What is looked up once for all sessions.
#[derive(Debug)]
pub(super) struct Selection {
    /// The guests with a selected name.
    guests: Option<HashSet<GuestId>>,
    /// How long guests ran with the selected ones.
    pub(super) together: HashMap<SessionId, i64>,
}

impl Report {
    /// The guests that have or once had one of these names.
    pub(super) fn guests_named(&self, names: &[NamePattern]) -> HashSet<GuestId> {
        let mut known: HashMap<WordId, bool> = HashMap::new();
        let mut is_named = |id: WordId| {
            *known.entry(id).or_insert_with(|| {
                let name = decoded(self.store.words.get(id));
                names.iter().any(|pattern| pattern.matches(&name))
            })
        };
        let named = self.store.guests.names().filter(|&(_, name)| is_named(name));
        named.map(|(guest, _)| guest).collect()
    }

    /// What is looked up once for all sessions.
    pub(super) fn selection(&self) -> Selection {
        let names = Some(&self.filter.vms).filter(|names| !names.is_empty());
        Selection { guests: names.map(|names| self.guests_named(names)), together: self.together() }
    }

    /// Whether a session is selected.
    pub(super) fn is_selected(&self, id: SessionId, selection: &Selection) -> bool {
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
        let host = || self.store.words.get(guest.host);
        if !filter.hosts.is_empty() && !filter.hosts.iter().any(|name| name.matches(host())) {
            return false;
        }
        if selection.guests.as_ref().is_some_and(|guests| !guests.contains(&session.guest)) {
            return false;
        }
        if !filter.states.is_empty() && !filter.states.contains(&session.state) {
            return false;
        }
        if filter.with.is_some() && !selection.together.contains_key(&id) {
            return false;
        }
        if filter.has_range() {
            let (from, until) = self.span(session);
            let overlaps = filter.start.is_none_or(|start| until >= start)
                && filter.end.is_none_or(|end| from <= end);
            if !overlaps {
                return false;
            }
        }
        match filter.failed {
            Some(Failed::Any) if !session.failed => return false,
            Some(Failed::Starts) if session.state != State::Failed => return false,
            _ => {}
        }
        if let Some(at) = filter.at {
            return self.runs_at(id, at)
                && (!filter.has_thing() || self.any_held(id, at))
                && (!self.has_criteria
                    || self.any(id, |event, id| self.is_deed(session, id, event)));
        }
        let any_fits = || match filter.has_subject() {
            true => self.had_in_range(id),
            false => self.any_fits(id),
        };
        // The session itself knows whether anything failed.
        let is_done = filter.failed != Some(Failed::Operations) && !filter.has_event_criteria();
        is_done || any_fits()
    }

    /// Whether a guest ran at a time.
    fn runs_at(&self, id: SessionId, at: i64) -> bool {
        let runs_on = self.session(id).state == State::Running;
        self.ran(id).is_some_and(|(from, until)| from <= at && (runs_on || at <= until))
    }

    /// Whether a guest held a selected resource at a time.
    fn any_held(&self, id: SessionId, at: i64) -> bool {
        self.held_at(id, at).into_iter().any(|id| self.is_thing(&self.event(id)))
    }

    /// Whether a guest had a selected path, MAC address or device in the selected range of time.
    fn had_in_range(&self, id: SessionId) -> bool {
        if !self.any_fits(id) {
            return false;
        }
        if !self.filter.has_range() {
            return true;
        }
        let session = self.session(id);
        let fits = |id: EventId| self.fits(session, id, &self.event(id));
        let time = |id: EventId| self.event(id).stamp.ms;
        let in_range = |&id: &EventId| self.filter.has_time(time(id)) && fits(id);
        self.events.of(id).iter().any(in_range)
            || self.holdings(id).iter().any(|held| {
                let Filter { start, end, .. } = self.filter;
                fits(held.event)
                    && held.from.is_none_or(|from| end.is_none_or(|end| time(from) <= end))
                    && held.until.is_none_or(|id| start.is_none_or(|start| time(id) >= start))
            })
    }

    /// Whether an event is by the selected user.
    pub(super) fn is_by_user(&self, event: &Event) -> bool {
        let Some(name) = &self.filter.user else { return true };
        let is_called = |client: &ClientView| client.is_called(name);
        self.user_of(event).0 == Some(name) || self.client_of(event).is_some_and(is_called)
    }

    /// The first and the last moment of a session. An end that the log doesn't show is as far as can be.
    pub(super) fn span(&self, session: &Session) -> (i64, i64) {
        self.extent_of(session).within(i64::MIN, i64::MAX)
    }
}
