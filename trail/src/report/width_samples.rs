//! Sessions whose rows have equal widths in a table. Nearly all sessions are in a few such classes,
//! so measuring one of each is enough.

use super::{Report, SessionView};
use crate::events::{Event, UserId, WordId};
use crate::session::{SessionId, State};
use crate::time::duration_len;
use foldhash::HashSet;
use std::ops::Range;

/// The properties of a session that determine the widths of its row.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct WidthClass {
    state: State,
    name_len: usize,
    host: WordId,
    start: EventWidth,
    /// The end, and the length of the duration.
    end: Option<(EventWidth, usize)>,
}

/// The properties of an event that determine the widths of its texts.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct EventWidth {
    user: UserId,
    reason: WordId,
    /// The number of digits of the serial number; 0 if there is none.
    digits: u32,
}

impl EventWidth {
    fn new(event: &Event) -> Self {
        let digits = event.stamp.serial.checked_ilog10().map_or(0, |log| log + 1);
        Self { user: event.user, reason: event.reason, digits }
    }
}

/// The classes that have been sampled.
#[derive(Clone, Default)]
pub struct WidthSamples(HashSet<WidthClass>);

impl std::fmt::Debug for WidthSamples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} classes", self.0.len())
    }
}

/// Times with texts of equal lengths, as a date and in a stamp: 2001-09-09 to 2286-11-20. Before 1973
/// the offsets of some zones had seconds.
const USUAL: Range<i64> = 1_000_000_000_000..10_000_000_000_000;

impl Report {
    /// Sessions that are enough to determine the column widths of all sessions in `range`, in bytes
    /// and in terminal columns: all unusual ones, and one of each class that is not in `samples`.
    pub fn width_samples(
        &self,
        range: Range<usize>,
        samples: &mut WidthSamples,
    ) -> impl Iterator<Item = SessionView<'_>> {
        let selected = &self.selected[range];
        self.prefetch(selected);
        self.views(selected.iter().copied().filter(move |&id| match self.width_class(id) {
            Some(class) => samples.0.insert(class),
            None => true,
        }))
    }

    /// The class of a session; `None` if the session is unusual.
    fn width_class(&self, id: SessionId) -> Option<WidthClass> {
        let session = self.session(id);
        let start = self.event_if(session.start)?;
        let end = match session.state {
            State::Running | State::Failed => None,
            State::Stopped | State::Lost => Some(self.event_if(session.end)?),
            State::Down | State::Seen | State::Unstarted => return None,
        };
        let usual = |event: &Event| USUAL.contains(&event.stamp.ms) && event.name == session.name;
        // Printed without its quotes and otherwise unchanged.
        let [b'"', name @ .., b'"'] = self.store.words.get(session.name) else { return None };
        let is_plain = |&c: &u8| matches!(c, b' '..=b'~') && c != b'"';
        // Without an early exit, so that several bytes are compared at once.
        let plain = name.iter().fold(true, |plain, c| plain & is_plain(c));
        // A selected range adds marks.
        let marked = self.filter.has_range() || self.filter.with.is_some();
        if marked || !plain || !usual(&start) || end.is_some_and(|end| !usual(&end)) {
            return None;
        }
        Some(WidthClass {
            state: session.state,
            name_len: name.len(),
            host: self.store.guests[session.guest].host,
            start: EventWidth::new(&start),
            end: end
                .map(|end| (EventWidth::new(&end), duration_len(end.stamp.ms - start.stamp.ms))),
        })
    }
}
