//! When guests ran, as far as the log shows.

use super::{Filter, Report};
use crate::events::{EventId, WordId};
use crate::session::{Session, SessionId, State};
use std::collections::{HashMap, HashSet};

/// The first and the last moment of a host in the log.
pub(super) type Spans = HashMap<WordId, (i64, i64)>;

/// The time of a session, as far as the log shows. Either end may be open: a session whose start is not
/// in the log began before, and a guest that wasn't stopped still runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// The first moment in the log.
    pub(super) from: i64,
    /// The last moment; `None` if the guest still runs.
    pub(super) until: Option<i64>,
    /// Whether the session began before `from`.
    pub(super) began_before: bool,
    /// Whether the guest ran: not in a start that failed or was never completed, and in a session that
    /// is only seen if a record shows it.
    pub(super) ran: bool,
}

impl Extent {
    /// The first and the last moment, with these in the place of open ends.
    pub(super) fn within(self, first: i64, last: i64) -> (i64, i64) {
        let from = if self.began_before { first } else { self.from };
        (from, self.until.unwrap_or(last).max(from))
    }
}

impl Report {
    /// The time of a session.
    pub(super) fn extent_of(&self, session: &Session) -> Extent {
        let time = |id: EventId| self.event(id).stamp.ms;
        let from = time(session.start.unwrap_or(session.first));
        let (until, began_before, ran) = match session.state {
            State::Failed => (Some(from), false, false),
            State::Unstarted => (Some(session.seen.map_or(from, time)), false, false),
            State::Seen => (Some(session.seen.map_or(from, time)), false, session.lives()),
            State::Running => (None, session.start.is_none(), true),
            State::Stopped | State::Lost | State::Down => {
                (session.end.map(time), session.start.is_none(), true)
            }
        };
        Extent { from, until: until.map(|until| until.max(from)), began_before, ran }
    }

    /// The first and the last moment of each host in the log.
    pub(super) fn host_spans(&self) -> &Spans {
        self.host_spans.get_or_init(|| {
            // Records of all types, but only those with serial numbers.
            let mut spans = self.store.host_spans.clone();
            for id in (0..self.store.events.len()).map(EventId::new) {
                let event = self.event(id);
                let ms = event.stamp.ms;
                let span = spans.entry(event.host).or_insert((ms, ms));
                *span = (span.0.min(ms), span.1.max(ms));
            }
            spans
        })
    }

    /// The first and the last moment in the log, if all of the selected time is before or after them.
    pub fn missed_range(&self) -> Option<(i64, i64)> {
        let spans = self.host_spans().values();
        let first = spans.clone().map(|span| span.0).min()?;
        let last = spans.map(|span| span.1).max()?;
        let Filter { at, start, end, .. } = self.filter;
        let is_early = [at, end].into_iter().flatten().any(|time| time < first);
        let is_late = [at, start].into_iter().flatten().any(|time| time > last);
        (is_early || is_late).then_some((first, last))
    }

    /// When a guest ran in a session, with the first and the last moment of its host in the place of
    /// open ends; `None` if it didn't run, or if nothing shows that it did.
    pub(super) fn ran(&self, id: SessionId) -> Option<(i64, i64)> {
        let session = self.session(id);
        let extent = Some(self.extent_of(session)).filter(|extent| extent.ran)?;
        if !extent.began_before && extent.until.is_some() {
            return Some(extent.within(extent.from, extent.from));
        }
        let host = self.store.guests[session.guest].host;
        let (first, last) = *self.host_spans().get(&host)?;
        Some(extent.within(first, last))
    }

    /// When a guest ran in a session, as far as it is in the selected range of time.
    pub(super) fn ran_in_range(&self, id: SessionId) -> Option<(i64, i64)> {
        let (from, until) = self.ran(id)?;
        let from = self.filter.start.map_or(from, |start| from.max(start));
        let until = self.filter.end.map_or(until, |end| until.min(end));
        (from <= until).then_some((from, until))
    }

    /// How long guests ran on the same host as the selected ones, in milliseconds, by their sessions.
    pub(super) fn together(&self) -> HashMap<SessionId, i64> {
        let Some(with) = &self.filter.with else { return HashMap::new() };
        let mut guests = self.guests_named(std::slice::from_ref(with));
        let all = || (0..self.correlator.sessions.len()).map(SessionId::new);
        let ids = all().map(|id| self.session(id).guest).collect::<HashSet<_>>();
        guests.extend(
            ids.into_iter().filter(|&guest| with.matches(&self.store.guests[guest].uuid.text())),
        );
        let mut theirs: HashMap<WordId, Vec<(i64, i64)>> = HashMap::new();
        let kept = || all().filter(|&id| self.session(id).merged.is_none());
        for id in kept().filter(|&id| guests.contains(&self.session(id).guest)) {
            let host = self.store.guests[self.session(id).guest].host;
            theirs.entry(host).or_default().extend(self.ran_in_range(id));
        }
        theirs.values_mut().for_each(union);
        let mut together = HashMap::new();
        for id in kept().filter(|&id| !guests.contains(&self.session(id).guest)) {
            let host = self.store.guests[self.session(id).guest].host;
            let Some(theirs) = theirs.get(&host) else { continue };
            let Some((from, until)) = self.ran(id) else { continue };
            let first = theirs.partition_point(|span| span.1 < from);
            let shared = theirs[first..].iter().take_while(|span| span.0 <= until);
            let shared: Vec<i64> =
                shared.map(|span| span.1.min(until) - span.0.max(from)).collect();
            if !shared.is_empty() {
                together.insert(id, shared.iter().sum());
            }
        }
        together
    }
}

/// Sorts spans, and merges those that overlap.
pub(super) fn union(spans: &mut Vec<(i64, i64)>) {
    spans.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
    for &(from, until) in spans.iter() {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    *spans = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_spans_count_once() {
        let mut spans = vec![(5, 9), (1, 3), (2, 4), (9, 10), (20, 21)];
        union(&mut spans);
        assert_eq!(spans, [(1, 4), (5, 10), (20, 21)]);
    }
}
