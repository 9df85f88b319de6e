//! A session, as it is shown.

use super::Report;
use crate::events::{Event, EventKind};
use crate::line::Stamp;
use crate::session::State;
use std::borrow::Cow;
use std::ops::Deref;
use viraudit::Uuid;

/// A session, as it is shown.
#[derive(Clone, Debug)]
pub struct SessionView<'r> {
    pub(super) id: u32,
    /// The host, where the log says so.
    pub host: Option<Cow<'r, str>>,
    /// The driver.
    pub virt: Cow<'r, str>,
    /// The guest's name.
    pub vm: Cow<'r, str>,
    /// The name that the guest had at its end, when that is another one.
    pub renamed: Option<Cow<'r, str>>,
    /// The guest's UUID.
    pub uuid: Uuid,
    /// Who started it, or stopped it when the start isn't in the log: the person where known.
    pub user: Option<&'r str>,
    /// The person's login id, where known.
    pub auid: Option<u32>,
    /// When it started; `None` when that isn't in the log.
    pub start: Option<i64>,
    /// When it ended.
    pub end: Option<i64>,
    /// How it stands.
    pub state: State,
    /// Why it was started.
    pub reason: Option<Cow<'r, str>>,
    /// Why it ended.
    pub stop_reason: Option<Cow<'r, str>>,
    /// The guest's process.
    pub pid: Option<i64>,
    /// The records that say so.
    pub proof: Proof,
    /// It began before the time that was asked for.
    pub begins_before: bool,
    /// It ended after the time that was asked for.
    pub ends_after: bool,
}

/// Up to two records, in their order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Proof {
    stamps: [Stamp; 2],
    len: usize,
}

impl Proof {
    fn new(stamps: [Option<Stamp>; 2]) -> Self {
        let mut proof = Self::default();
        for stamp in stamps.into_iter().flatten() {
            proof.stamps[proof.len] = stamp;
            proof.len += 1;
        }
        proof
    }
}

impl Deref for Proof {
    type Target = [Stamp];

    fn deref(&self) -> &[Stamp] {
        &self.stamps[..self.len]
    }
}

/// Words that the sessions before had too, as nearly all do: they are decoded once.
#[derive(Default)]
pub(super) struct RecentWords<'r> {
    virt: RecentWord<'r>,
    reason: RecentWord<'r>,
    stop_reason: RecentWord<'r>,
}

#[derive(Default)]
struct RecentWord<'r> {
    id: u32,
    text: Option<Cow<'r, str>>,
}

impl<'r> RecentWord<'r> {
    /// A word that libvirt leaves raw.
    fn get(&mut self, report: &'r Report, id: u32) -> Option<Cow<'r, str>> {
        if self.id != id {
            *self = Self { id, text: report.raw_word(id) };
        }
        self.text.clone()
    }
}

impl Report {
    /// What is shown of a session.
    pub(super) fn view<'r>(&'r self, id: u32, words: &mut RecentWords<'r>) -> SessionView<'r> {
        let session = *self.session(id);
        let guest = self.store.guests[session.guest as usize];
        let start = self.event(session.start);
        let end = self.event(session.end).filter(|_| session.state != State::Running);
        let seen = self.event(session.seen);
        let teller = start.or(end.filter(|event| event.guest == session.guest)).or(seen);
        let (user, auid) = teller.map_or((None, None), |event| self.who(event));
        let (stop_reason, renamed) = match session.state {
            State::Stopped => (
                end.and_then(|event| words.stop_reason.get(self, event.reason)),
                end.filter(|event| event.name != session.name).map(|event| self.name(event.name)),
            ),
            State::Down if end.is_some_and(|event| event.kind == EventKind::Boot) => {
                (Some("host-crash".into()), None)
            }
            State::Down => (Some("host-shutdown".into()), None),
            _ => (None, None),
        };
        let told = match (start, end) {
            (None, None) => [seen.or(self.event(session.first)), None],
            both => [both.0, both.1],
        };
        let time = |event: &Event| event.stamp.ms;
        SessionView {
            id,
            host: self.word(guest.host),
            virt: words.virt.get(self, guest.virt).unwrap_or("?".into()),
            vm: self.name(session.name),
            renamed,
            uuid: guest.uuid,
            user,
            auid,
            start: start.map(time),
            end: end.map(time),
            state: session.state,
            reason: start.and_then(|event| words.reason.get(self, event.reason)),
            stop_reason,
            pid: start.and_then(|event| event.pid()).filter(|&pid| pid > 0),
            proof: Proof::new(told.map(|event| event.map(|event| event.stamp).filter(is_proof))),
            begins_before: self.filter.start.is_some_and(|start| self.span(&session).0 < start),
            ends_after: session.state != State::Running
                && self.filter.end.is_some_and(|end| self.span(&session).1 > end),
        }
    }
}

/// A record without a serial number can't be named to ausearch.
pub(super) fn is_proof(stamp: &Stamp) -> bool {
    stamp.serial > 0
}
