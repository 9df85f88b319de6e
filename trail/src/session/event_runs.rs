//! Events with their sessions. Those of a session mostly follow each other, and a long log has
//! millions.

use super::SessionId;
use crate::events::EventId;

/// Events of a session that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventRun {
    pub(super) session: SessionId,
    first: EventId,
    len: u32,
}

const _: () = assert!(size_of::<EventRun>() == 12, "a long log has millions");

impl EventRun {
    pub(super) fn new(session: SessionId, event: EventId) -> Self {
        Self { session, first: event, len: 1 }
    }

    /// Adds an event, if it is the session's and the next one. Returns whether it was added.
    #[inline]
    pub(super) fn extend(&mut self, session: SessionId, event: EventId) -> bool {
        let is_next =
            self.session == session && self.first.index() + self.len as usize == event.index();
        self.len += u32::from(is_next);
        is_next
    }

    /// The events.
    pub(super) fn events(self) -> impl Iterator<Item = EventId> {
        let first = self.first.index();
        (first..first + self.len as usize).map(EventId::new)
    }
}

/// Pairs of a session and an event.
#[derive(Debug, Default)]
pub(crate) struct EventRuns(Vec<EventRun>);

impl EventRuns {
    /// Adds a pair.
    #[inline]
    pub(super) fn push(&mut self, session: SessionId, event: EventId) {
        if !self.0.last_mut().is_some_and(|last| last.extend(session, event)) {
            self.0.push(EventRun::new(session, event));
        }
    }

    /// All pairs, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SessionId, EventId)> {
        self.0.iter().flat_map(|run| run.events().map(|event| (run.session, event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pairs_are_kept(pairs in prop::collection::vec((0usize..3, 0usize..4), 0..40)) {
            let pairs: Vec<_> = pairs
                .into_iter()
                .map(|(session, event)| (SessionId::new(session), EventId::new(event)))
                .collect();
            let mut runs = EventRuns::default();
            pairs.iter().for_each(|&(session, event)| runs.push(session, event));
            prop_assert_eq!(runs.iter().collect::<Vec<_>>(), pairs);
        }
    }

    #[test]
    fn events_that_follow_each_other_are_one_entry() {
        let mut runs = EventRuns::default();
        for event in 0..100 {
            runs.push(SessionId::new(event / 50), EventId::new(event));
        }
        assert_eq!(runs.0.len(), 2);
    }
}
