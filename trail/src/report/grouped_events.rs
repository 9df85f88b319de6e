//! Events grouped by session, in linear time: sorting would take longer, and access all events at
//! random.

use crate::events::EventId;
use crate::session::SessionId;
use std::ops::Range;

/// The events of each session, in their order.
#[derive(Debug, Default)]
pub(super) struct GroupedEvents {
    /// By session, its range in `events`.
    ranges: Vec<Range<u32>>,
    events: Vec<EventId>,
}

impl GroupedEvents {
    /// Groups pairs of a session and an event, which must be in the order of events. They are
    /// iterated twice. Duplicates are removed.
    pub(super) fn new<I: Iterator<Item = (SessionId, EventId)>>(
        sessions: usize,
        pairs: impl Fn() -> I,
    ) -> Self {
        let Some((_, first)) = pairs().next() else { return Self::default() };
        let mut counts = vec![0u32; sessions];
        for (session, _) in pairs() {
            counts[session.index()] += 1;
        }
        let mut all = 0;
        let mut ranges: Vec<Range<u32>> = Vec::with_capacity(sessions);
        for count in counts {
            ranges.push(all..all);
            all += count;
        }
        // Every id is overwritten, or is left unused after the range of a session with duplicates.
        let mut events = vec![first; all as usize];
        for (session, event) in pairs() {
            let range = &mut ranges[session.index()];
            if events[range.start as usize..range.end as usize].last() != Some(&event) {
                events[range.end as usize] = event;
                range.end += 1;
            }
        }
        Self { ranges, events }
    }

    /// The number of events, duplicates included.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// The events of all sessions, and some of them twice.
    pub(super) fn all(&self) -> &[EventId] {
        &self.events
    }

    /// The events of a session.
    pub(super) fn of(&self, session: SessionId) -> &[EventId] {
        let Some(range) = self.ranges.get(session.index()) else { return &[] };
        &self.events[range.start as usize..range.end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn like_sorting(mut pairs in prop::collection::vec((0usize..5, 0usize..20), 0..40)) {
            pairs.sort_by_key(|&(_, event)| event);
            let ids = || pairs.iter().map(|&(at, id)| (SessionId::new(at), EventId::new(id)));
            let grouped_events = GroupedEvents::new(5, ids);
            let mut expected = pairs.clone();
            expected.sort();
            expected.dedup();
            let found = (0..5).flat_map(|at| {
                grouped_events.of(SessionId::new(at)).iter().map(move |event| (at, event.index()))
            });
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
            prop_assert!(grouped_events.of(SessionId::new(5)).is_empty());
        }
    }
}
