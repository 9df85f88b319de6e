//! One row for each guest.

use super::presence::union;
use super::{ClientView, Proof, Report, SessionView};
use crate::events::{EventId, EventKind};
use crate::session::{SessionId, State};
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use viraudit::Uuid;

/// A guest, by its UUID, with what the selected sessions show about it on all hosts.
#[derive(Clone, Debug)]
pub struct GuestRow<'r> {
    /// The guest's UUID.
    pub uuid: Uuid,
    /// The driver.
    pub virt: Cow<'r, str>,
    /// The guest's last name.
    pub vm: Cow<'r, str>,
    /// The hosts that it was on, in their order. Empty if the log doesn't have them.
    pub hosts: Vec<Cow<'r, str>>,
    /// The time of the first record about it, in milliseconds since 1970.
    pub first: i64,
    /// The time of the last record about it.
    pub last: i64,
    /// The state of its last session; `running` if it runs on any host.
    pub state: State,
    /// How often it ran: sessions other than failed starts.
    pub runs: u64,
    /// How long it ran, in milliseconds. While it ran on two hosts, the time counts once.
    pub running_time: i64,
    /// The time of the last successful start.
    pub last_start: Option<i64>,
    /// The reason of that start.
    pub last_start_reason: Option<Cow<'r, str>>,
    /// The time of the last end.
    pub last_stop: Option<i64>,
    /// The reason of that end.
    pub last_stop_reason: Option<Cow<'r, str>>,
    /// The time since which it doesn't run; `None` while it runs, and if that isn't known.
    pub idle_since: Option<i64>,
    /// The user of the last record whose client is known, else of the last record.
    pub user: Option<&'r str>,
    /// The client of that record.
    pub client: Option<&'r ClientView>,
    /// Whether the user is only the daemon's own, in a log that names clients.
    pub by_daemon: bool,
    /// How many starts failed.
    pub failed_starts: u64,
    /// How many denials are about the guest.
    pub denials: u64,
    /// The records of its last session.
    pub proof: Proof,
}

/// The guests of the selected sessions, by name.
#[derive(Debug)]
pub struct Guests<'r> {
    report: &'r Report,
    /// The sessions of each.
    sessions: Vec<Vec<SessionId>>,
}

impl<'r> Guests<'r> {
    /// The number of guests.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Some of the guests.
    pub fn range(&self, range: Range<usize>) -> impl Iterator<Item = GuestRow<'r>> {
        let report = self.report;
        self.sessions[range].iter().map(move |ids| {
            let views: Vec<_> = report.views(ids.iter().copied()).collect();
            report.guest_row(&views)
        })
    }

    /// All guests.
    pub fn iter(&self) -> impl Iterator<Item = GuestRow<'r>> {
        self.range(0..self.len())
    }
}

impl Report {
    /// The guests of the selected sessions, by name. Only a report that reads all events has them.
    pub fn guests(&self) -> Guests<'_> {
        let mut by_uuid: HashMap<Uuid, Vec<SessionId>> = HashMap::new();
        for &id in &self.selected {
            let session = self.session(id);
            if session.state != State::Unstarted {
                by_uuid.entry(self.store.guests[session.guest].uuid).or_default().push(id);
            }
        }
        let mut guests: Vec<_> = by_uuid.into_iter().collect();
        let name = |ids: &[SessionId]| {
            let last = ids.last().map(|&id| self.guest_name(self.session(id).name).into_owned());
            last.unwrap_or_default()
        };
        guests.sort_by_cached_key(|(uuid, ids)| (name(ids), *uuid));
        let sessions = guests.into_iter().map(|(_, ids)| ids).collect();
        Guests { report: self, sessions }
    }

    /// The row of a guest with these sessions, of which there is at least one.
    fn guest_row<'r>(&'r self, sessions: &[SessionView<'r>]) -> GuestRow<'r> {
        // The one that goes on longest counts as the last: behind a migration, that on the new host.
        let order = |view: &&SessionView<'r>| {
            let end =
                if view.state == State::Running { i64::MAX } else { view.end.unwrap_or(i64::MIN) };
            (end, view.key_time)
        };
        let last = sessions.iter().max_by_key(order).expect("a guest has a session");
        let ran = sessions.iter().filter(|view| view.state != State::Failed);
        let mut spans: Vec<_> = ran.clone().filter_map(|view| self.ran_in_range(view.id)).collect();
        union(&mut spans);
        let start = ran.clone().filter(|view| view.start.is_some()).max_by_key(|view| view.start);
        let ends = |view: &&SessionView<'_>| matches!(view.state, State::Stopped | State::Down);
        let stop = ran.clone().filter(ends).max_by_key(|view| view.end);
        let mut hosts: Vec<Cow<'r, str>> = Vec::new();
        for host in sessions.iter().filter_map(|view| view.host.clone()) {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        let records = self.records_of(sessions);
        let author = self.author_of(self.event_if(records.by).as_ref());
        GuestRow {
            uuid: last.uuid,
            virt: last.virt.clone(),
            vm: last.renamed.clone().unwrap_or_else(|| last.vm.clone()),
            hosts,
            first: records.first,
            last: records.last,
            state: last.state,
            runs: ran.count() as u64,
            running_time: spans.iter().map(|(from, until)| until - from).sum(),
            last_start: start.and_then(|view| view.start),
            last_start_reason: start.and_then(|view| view.reason.clone()),
            last_stop: stop.and_then(|view| view.end),
            last_stop_reason: stop.and_then(|view| view.stop_reason.clone()),
            idle_since: last.end.filter(|_| matches!(last.state, State::Stopped | State::Down)),
            user: author.user,
            client: author.client,
            by_daemon: author.by_daemon,
            failed_starts: sessions.iter().filter(|view| view.state == State::Failed).count()
                as u64,
            denials: records.denials,
            proof: last.proof,
        }
    }

    /// The records of some sessions.
    fn records_of(&self, sessions: &[SessionView<'_>]) -> Records {
        let mut records = Records { first: i64::MAX, last: i64::MIN, by: None, denials: 0 };
        let mut named = false;
        let mut newest = i64::MIN;
        for view in sessions {
            let session = self.session(view.id);
            let ends = [Some(session.first), session.start, session.end, session.seen];
            let mut see = |id: EventId| {
                let event = self.event(id);
                let ms = event.stamp.ms;
                if matches!(event.kind, EventKind::Down | EventKind::Boot) {
                    return;
                }
                records.first = records.first.min(ms);
                records.last = records.last.max(ms);
                match event.kind {
                    EventKind::Virt(_) | EventKind::Seen => {
                        let has_client = self.client_of(&event).is_some();
                        if (has_client, ms) >= (named, newest) {
                            (named, newest, records.by) = (has_client, ms, Some(id));
                        }
                    }
                    _ if self.is_denial(&event) => {
                        let fits = self.filter.has_time(ms) && self.fits(session, id, &event);
                        records.denials += u64::from(fits);
                    }
                    _ => {}
                }
            };
            let events = self.events.of(view.id);
            if events.is_empty() {
                ends.into_iter().flatten().for_each(see);
            } else {
                events.iter().copied().for_each(&mut see);
            }
        }
        records
    }
}

/// The first, the last and the counted records of a guest.
struct Records {
    first: i64,
    last: i64,
    /// The last one by a known client, else the last one.
    by: Option<EventId>,
    denials: u64,
}
