//! Sessions that take the same room when they are shown: nearly all do, so it is enough to look at
//! one of each.

use super::{Report, SessionView};
use crate::events::Event;
use crate::session::State;
use crate::time::duration_len;
use foldhash::HashSet;
use std::ops::Range;

/// What decides how long the texts are that show a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct WidthClass {
    state: State,
    name: usize,
    host: u32,
    start: EventWidth,
    end: Option<(EventWidth, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct EventWidth {
    who: u32,
    reason: u32,
    /// How many digits its serial number has; 0 if there is none.
    digits: u32,
}

impl EventWidth {
    fn new(event: &Event) -> Self {
        let digits = event.stamp.serial.checked_ilog10().map_or(0, |log| log + 1);
        Self { who: event.who, reason: event.reason, digits }
    }
}

/// Of which sessions one has been seen.
#[derive(Clone, Default)]
pub struct WidthSamples(HashSet<WidthClass>);

impl std::fmt::Debug for WidthSamples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} shapes", self.0.len())
    }
}

/// Times with a text of the same length, as a date and in a stamp: 2001-09-09 to 2286-11-20. Before
/// 1973 some zones weren't whole minutes from UTC.
const USUAL: Range<i64> = 1_000_000_000_000..10_000_000_000_000;

impl Report {
    /// Enough of the sessions to know how long the texts of all are that a table shows, in bytes and
    /// in columns: each that is in some way unusual, and of those that take the same room one,
    /// unless `shapes` has seen it before.
    pub fn width_samples(
        &self,
        range: Range<usize>,
        shapes: &mut WidthSamples,
    ) -> impl Iterator<Item = SessionView<'_>> {
        let selected = &self.selected[range];
        self.fetch(selected);
        self.views(selected.iter().copied().filter(move |&id| match self.shape(id) {
            Some(shape) => shapes.0.insert(shape),
            None => true,
        }))
    }

    /// The shape of a session that is as most are.
    fn shape(&self, id: u32) -> Option<WidthClass> {
        let session = self.session(id);
        let start = self.event(session.start)?;
        let end = match session.state {
            State::Running | State::Failed => None,
            State::Stopped | State::Lost => Some(self.event(session.end)?),
            State::Down => return None,
        };
        let usual = |event: &Event| USUAL.contains(&event.stamp.ms) && event.name == session.name;
        // Shown without its quotes, and otherwise as it is.
        let [b'"', name @ .., b'"'] = self.store.words.get(session.name) else { return None };
        let is_plain = |&c: &u8| matches!(c, b' '..=b'~') && c != b'"';
        let marked = self.filter.start.is_some() || self.filter.end.is_some();
        // Without an early end, which nearly no name would have: several bytes at once.
        let plain = name.iter().fold(true, |plain, c| plain & is_plain(c));
        if marked || !plain || !usual(start) || end.is_some_and(|end| !usual(end)) {
            return None;
        }
        let guest = self.store.guests[session.guest as usize];
        Some(WidthClass {
            state: session.state,
            name: name.len(),
            host: guest.host,
            start: EventWidth::new(start),
            end: end.map(|end| (EventWidth::new(end), duration_len(end.stamp.ms - start.stamp.ms))),
        })
    }
}
