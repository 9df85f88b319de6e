//! Events put to their sessions, in time that only grows with their number: sorting doesn't, and
//! looks back and forth in all of them.

/// The events of each session, in their order.
#[derive(Debug, Default)]
pub(super) struct GroupedEvents {
    /// Where each session's events begin, and where the last one's end.
    starts: Vec<u32>,
    events: Vec<u32>,
}

impl GroupedEvents {
    /// Takes pairs of a session and an event, in the order of events; they are gone through twice.
    /// What is said more than once counts once.
    pub(super) fn new<I: Iterator<Item = (u32, u32)>>(
        sessions: usize,
        pairs: impl Fn() -> I,
    ) -> Self {
        if pairs().next().is_none() {
            return Self::default();
        }
        // How many each session has, one place further on; then where they begin.
        let mut starts = vec![0; sessions + 1];
        for (session, _) in pairs() {
            starts[session as usize + 1] += 1;
        }
        let mut all = 0;
        for start in &mut starts {
            all += *start;
            *start = all;
        }
        let mut ends = starts.clone();
        let mut events = vec![u32::MAX; all as usize];
        for (session, event) in pairs() {
            let end = &mut ends[session as usize];
            let from = starts[session as usize] as usize;
            if events[from..*end as usize].last() != Some(&event) {
                events[*end as usize] = event;
                *end += 1;
            }
        }
        Self { starts, events }
    }

    /// How many places there are for events.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// A session's events.
    pub(super) fn of(&self, session: u32) -> &[u32] {
        let at = session as usize;
        let Some(&[from, until]) = self.starts.get(at..at + 2) else { return &[] };
        let events = &self.events[from as usize..until as usize];
        // What was said more than once has left its place free, at the end.
        let len = events.partition_point(|&event| event != u32::MAX);
        &events[..len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn like_sorting(mut pairs in prop::collection::vec((0u32..5, 0u32..20), 0..40)) {
            pairs.sort_by_key(|&(_, event)| event);
            let grouped_events = GroupedEvents::new(5, || pairs.iter().copied());
            let mut expected = pairs.clone();
            expected.sort();
            expected.dedup();
            let found = (0..5).flat_map(|at| grouped_events.of(at).iter().map(move |&event| (at, event)));
            prop_assert_eq!(found.collect::<Vec<_>>(), expected);
            prop_assert!(grouped_events.of(5).is_empty());
        }
    }
}
