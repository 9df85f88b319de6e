//! Where guests ran, and when: how many at once, moves between hosts, and guests on two hosts at a
//! time.

use super::presence::Extent;
use super::{Report, SessionView};
use crate::events::{EventId, EventKind, WordId};
use crate::session::{Session, SessionId, State};
use std::collections::HashSet;
use viraudit::Uuid;

/// A guest that was moved: the last session on one host, and the next one on another. Sessions are
/// given by their position in [`Report::sessions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// The session that it left.
    pub from: usize,
    /// The session that followed.
    pub to: usize,
}

/// A guest that ran on two hosts at a time. A live migration is none: the guest is started on the
/// destination before it is stopped on the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The sessions, by their position in [`Report::sessions`]. The first one began first.
    pub sessions: [usize; 2],
    /// The time from which both ran, in milliseconds since 1970.
    pub from: i64,
    /// The time until which both ran; `None` if they still do.
    pub until: Option<i64>,
}

/// The number of guests that run, over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Each change: its time in milliseconds since 1970, and the number from then on.
    pub steps: Vec<(i64, u32)>,
}

impl Running {
    /// The highest number, and when it was first reached.
    pub fn peak(&self) -> Option<(i64, u32)> {
        let mut peak: Option<(i64, u32)> = None;
        for &(ms, count) in &self.steps {
            if peak.is_none_or(|(_, highest)| count > highest) {
                peak = Some((ms, count));
            }
        }
        peak
    }

    /// The highest number in each of `parts` equal parts of a range of time. Numbers are counted
    /// exactly: a guest that ran for a millisecond counts in its part.
    pub fn peaks(&self, from: i64, until: i64, parts: usize) -> Vec<u32> {
        let mut peaks = vec![0; parts];
        let (mut at, mut count) = (0, 0);
        let length = (until - from).max(1) as i128;
        let end_of = |part: usize| from + (length * (part as i128 + 1) / parts as i128) as i64;
        for (part, peak) in peaks.iter_mut().enumerate() {
            // What runs when the part begins.
            let start = if part == 0 { from } else { end_of(part - 1) };
            while let Some(&(_, next)) = self.steps.get(at).filter(|(ms, _)| *ms <= start) {
                (at, count) = (at + 1, next);
            }
            *peak = count;
            let last = part + 1 == parts;
            while let Some(&(_, next)) =
                self.steps.get(at).filter(|(ms, _)| *ms < end_of(part) || last && *ms <= until)
            {
                (at, count) = (at + 1, next);
                *peak = (*peak).max(count);
            }
        }
        peaks
    }
}

/// A session in which a guest ran.
#[derive(Clone, Copy, Debug)]
struct Stay {
    /// Its position in the report.
    at: usize,
    uuid: Uuid,
    host: WordId,
    /// The first and the last moment for which the log shows that the guest ran.
    from: i64,
    until: Option<i64>,
    /// Whether it began or ended with a migration.
    arrived: bool,
    left: bool,
    /// Whether it was the destination of a migration that failed.
    refused: bool,
}

impl Report {
    /// The first and the last moment of a session that the log shows, in milliseconds since 1970.
    /// `None` for the end of a guest that still runs.
    pub fn extent(&self, session: &SessionView<'_>) -> (i64, Option<i64>) {
        let Extent { from, until, .. } = self.extent_of(self.session(session.id));
        (from, until)
    }

    /// Guests on two hosts at a time, in the order of the second session. Of a guest whose stop is not
    /// in the log, only the time until its last event counts.
    pub fn overlaps(&self) -> Vec<Overlap> {
        let stays = self.stays();
        let explained: HashSet<(usize, usize)> =
            migrations(&stays).into_iter().map(|Move { from, to }| (from, to)).collect();
        let mut overlaps = Vec::new();
        for stays in stays.chunk_by(|one, other| one.uuid == other.uuid) {
            // The earlier ones that haven't ended.
            let mut open: Vec<&Stay> = Vec::new();
            for stay in stays.iter().filter(|stay| !stay.refused) {
                open.retain(|earlier| earlier.until.is_none_or(|until| until > stay.from));
                for earlier in open.iter().filter(|earlier| earlier.host != stay.host) {
                    let until = match (earlier.until, stay.until) {
                        (Some(one), Some(other)) => Some(one.min(other)),
                        (one, other) => one.or(other),
                    };
                    let real = until.is_none_or(|until| until > stay.from);
                    if real && !explained.contains(&(earlier.at, stay.at)) {
                        let sessions = [earlier.at, stay.at];
                        overlaps.push(Overlap { sessions, from: stay.from, until });
                    }
                }
                open.push(stay);
            }
        }
        overlaps.sort_by_key(|overlap| (overlap.sessions[1], overlap.sessions[0]));
        overlaps
    }

    /// Guests that moved to another host, in the order of the sessions that they left.
    pub fn moves(&self) -> Vec<Move> {
        let stays = self.stays();
        let mut moves = migrations(&stays);
        let arrived: HashSet<usize> = moves.iter().map(|moved| moved.to).collect();
        for stays in stays.chunk_by(|one, other| one.uuid == other.uuid) {
            let stays: Vec<&Stay> = stays.iter().filter(|stay| !stay.refused).collect();
            for pair in stays.windows(2) {
                let ended = pair[0].until.is_some_and(|until| until <= pair[1].from);
                if ended && pair[0].host != pair[1].host && !arrived.contains(&pair[1].at) {
                    moves.push(Move { from: pair[0].at, to: pair[1].at });
                }
            }
        }
        moves.sort_unstable();
        moves
    }

    /// The number of guests that run, over time. A guest that is migrated counts once. If nothing of a
    /// guest is in the log before it ends, it counts from `first` on.
    pub fn running(&self, first: i64) -> Running {
        let mut spans: Vec<(Uuid, i64, Option<i64>)> = Vec::with_capacity(self.selected.len());
        let mut known = HashSet::new();
        for &id in &self.selected {
            let session = self.session(id);
            let uuid = self.store.guests[session.guest].uuid;
            let is_first = known.insert(uuid);
            if let Some(Extent { from, until, began_before, .. }) = self.run_of(session) {
                let from = if began_before && is_first { first.min(from) } else { from };
                spans.push((uuid, from, until));
            }
        }
        spans.sort_unstable_by_key(|&(uuid, from, _)| (uuid, from));
        let mut changes: Vec<(i64, i64)> = Vec::with_capacity(2 * spans.len());
        let mut spans = spans.into_iter().peekable();
        while let Some((uuid, from, mut until)) = spans.next() {
            // What overlaps is one span.
            while let Some(&(_, _, end)) =
                spans.peek().filter(|next| next.0 == uuid && until.is_none_or(|end| next.1 <= end))
            {
                until = until.zip(end).map(|(one, other)| one.max(other));
                spans.next();
            }
            changes.push((from, 1));
            changes.extend(until.map(|until| (until, -1)));
        }
        changes.sort_unstable();
        let mut count = 0;
        let mut steps: Vec<(i64, u32)> = Vec::new();
        for same in changes.chunk_by(|one, other| one.0 == other.0) {
            count += same.iter().map(|(_, change)| change).sum::<i64>();
            let now = u32::try_from(count).unwrap_or_default();
            if steps.last().map_or(0, |step| step.1) != now {
                steps.push((same[0].0, now));
            }
        }
        Running { steps }
    }

    /// The time of a session that was started or ended: of others, only moments are known.
    fn run_of(&self, session: &Session) -> Option<Extent> {
        let extent = Some(self.extent_of(session)).filter(|extent| extent.ran);
        extent.filter(|_| session.state != State::Seen)
    }

    /// The sessions in which guests ran, by guest and by time.
    fn stays(&self) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        for (at, &id) in self.selected.iter().enumerate() {
            stays.extend(self.stay(at, id));
        }
        stays.sort_by_key(|stay| (stay.uuid, stay.from, stay.at));
        stays
    }

    fn stay(&self, at: usize, id: SessionId) -> Option<Stay> {
        let session = self.session(id);
        let Extent { from, mut until, .. } = self.run_of(session)?;
        let end = self.event_if(session.end);
        let crashed = end.as_ref().is_some_and(|event| event.kind == EventKind::Boot);
        if session.gap || session.state == State::Lost || crashed {
            // It ended somewhere before.
            let seen = self.event_if(session.seen).map_or(from, |event| event.stamp.ms);
            until = Some(until.map_or(seen, |until| until.min(seen)).max(from));
        }
        let why = |id: Option<EventId>, reason: &[u8]| {
            self.event_if(id).is_some_and(|event| self.store.words.get(event.reason) == reason)
        };
        let stopped = session.state == State::Stopped;
        let arrived = why(session.start, b"migrated");
        let guest = &self.store.guests[session.guest];
        Some(Stay {
            at,
            uuid: guest.uuid,
            host: guest.host,
            from,
            until,
            arrived,
            left: stopped && why(session.end, b"migrated"),
            refused: arrived && stopped && why(session.end, b"failed"),
        })
    }
}

/// The source and the destination of each live migration: a stop `migrated`, and the last start
/// `migrated` before it on another host.
fn migrations(stays: &[Stay]) -> Vec<Move> {
    let mut found = Vec::new();
    let mut taken = HashSet::new();
    for stays in stays.chunk_by(|one, other| one.uuid == other.uuid) {
        for (place, source) in stays.iter().enumerate() {
            let Some(until) = source.until.filter(|_| source.left) else { continue };
            let later = &stays[place + 1..];
            let started = &later[..later.partition_point(|stay| stay.from <= until)];
            let arrived = |stay: &&Stay| {
                stay.arrived
                    && !stay.refused
                    && stay.host != source.host
                    && !taken.contains(&stay.at)
            };
            if let Some(destination) = started.iter().rev().find(arrived) {
                taken.insert(destination.at);
                found.push(Move { from: source.at, to: destination.at });
            }
        }
    }
    found
}
