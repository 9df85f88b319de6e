//! A session of a report.

use super::client::Author;
use super::{ClientView, Report, SessionKey};
use crate::events::{Event, EventKind, WordId};
use crate::line::Stamp;
use crate::session::{SessionId, State};
use std::borrow::Cow;
use std::ops::Deref;
use viraudit::Uuid;

/// A session of a report.
#[derive(Clone, Debug)]
pub struct SessionView<'r> {
    pub(super) id: SessionId,
    /// The time in its stable name.
    pub(super) key_time: i64,
    /// The host, if the log has it.
    pub host: Option<Cow<'r, str>>,
    /// The driver.
    pub virt: Cow<'r, str>,
    /// The guest's name.
    pub vm: Cow<'r, str>,
    /// The guest's name at the end, if it was renamed.
    pub renamed: Option<Cow<'r, str>>,
    /// The guest's UUID.
    pub uuid: Uuid,
    /// The user who started the guest; if the start is not in the log, who stopped it. The person if
    /// the record names one, else the daemon's user.
    pub user: Option<&'r str>,
    /// The client that the record names.
    pub client: Option<&'r ClientView>,
    /// Whether the daemon acted for itself: the log names clients, but this record names none, and the
    /// daemon has no login.
    pub by_daemon: bool,
    /// The login user's id, if known.
    pub auid: Option<u32>,
    /// The time of the start; `None` if the start is not in the log.
    pub start: Option<i64>,
    /// The time of the end.
    pub end: Option<i64>,
    /// The state at the end of the log.
    pub state: State,
    /// The reason of the start.
    pub reason: Option<Cow<'r, str>>,
    /// The reason of the end.
    pub stop_reason: Option<Cow<'r, str>>,
    /// The guest's process.
    pub pid: Option<i64>,
    /// The records of the start and the end.
    pub proof: Proof,
    /// Whether records are missing while the session was open: it may have ended there.
    pub gap: bool,
    /// How long the guest ran together with the guests that are selected by [`Filter::with`], in
    /// milliseconds.
    ///
    /// [`Filter::with`]: super::Filter::with
    pub together: Option<i64>,
    /// Whether the session began before the selected time.
    pub begins_before: bool,
    /// Whether the session ended after the selected time.
    pub ends_after: bool,
}

impl SessionView<'_> {
    /// The stable name.
    pub fn key(&self) -> SessionKey<'_> {
        let host = self.host.as_deref().unwrap_or_default();
        SessionKey { host, uuid: self.uuid, start: self.key_time }
    }
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

/// The last decoded words: nearly all sessions have the same ones.
#[derive(Default)]
pub(super) struct WordCaches<'r> {
    virt: WordCache<'r>,
    reason: WordCache<'r>,
    stop_reason: WordCache<'r>,
}

/// The last decoded word.
#[derive(Default)]
struct WordCache<'r> {
    id: WordId,
    text: Option<Cow<'r, str>>,
}

impl<'r> WordCache<'r> {
    /// A word that libvirt doesn't encode.
    #[inline(always)] // mostly a comparison, three times a session
    fn get(&mut self, report: &'r Report, id: WordId) -> Option<Cow<'r, str>> {
        if self.id != id {
            *self = Self { id, text: report.raw_word(id) };
        }
        self.text.clone()
    }
}

impl Report {
    /// A session for the report.
    pub(super) fn view<'r>(&'r self, id: SessionId, words: &mut WordCaches<'r>) -> SessionView<'r> {
        let session = *self.session(id);
        let guest = self.store.guests[session.guest];
        let start = self.event_if(session.start);
        let end = self.event_if(session.end).filter(|_| session.state != State::Running);
        let seen = self.event_if(session.seen);
        // A shutdown or a boot of the host is not by the guest's user.
        let of_guest = |event: &Event| event.guest == Some(session.guest);
        let by = start.or(end.filter(of_guest)).or(seen);
        let Author { user, auid, client, by_daemon } = self.author_of(by.as_ref());
        let (stop_reason, renamed) = match session.state {
            State::Stopped => (
                end.and_then(|event| words.stop_reason.get(self, event.reason)),
                end.filter(|event| event.name != session.name)
                    .map(|event| self.guest_name(event.name)),
            ),
            State::Down if end.is_some_and(|event| event.kind == EventKind::Boot) => {
                (Some("host-crash".into()), None)
            }
            State::Down => (Some("host-shutdown".into()), None),
            _ => (None, None),
        };
        let records = match (start, end) {
            (None, None) => [Some(seen.unwrap_or_else(|| self.event(session.first))), None],
            (start, end) => [start, end],
        };
        let time = |event: Event| event.stamp.ms;
        SessionView {
            id,
            key_time: start.map_or_else(|| self.event(session.first).stamp.ms, time),
            host: self.word(guest.host),
            virt: words.virt.get(self, guest.virt).unwrap_or("?".into()),
            vm: self.guest_name(session.name),
            renamed,
            uuid: guest.uuid,
            user,
            client,
            by_daemon,
            auid,
            start: start.map(time),
            end: end.map(time),
            state: session.state,
            reason: start.and_then(|event| words.reason.get(self, event.reason)),
            stop_reason,
            pid: start.and_then(|event| event.pid()).filter(|&pid| pid > 0),
            proof: Proof::new(records.map(|event| event.map(|event| event.stamp).filter(is_proof))),
            gap: session.gap,
            together: self.together.get(&id).copied(),
            begins_before: self.filter.start.is_some_and(|start| self.span(&session).0 < start),
            ends_after: session.state != State::Running
                && self.filter.end.is_some_and(|end| self.span(&session).1 > end),
        }
    }
}

/// Whether ausearch can find a record by its stamp, which takes a serial number.
pub(super) fn is_proof(stamp: &Stamp) -> bool {
    stamp.serial > 0
}
