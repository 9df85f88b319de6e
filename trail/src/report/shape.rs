//! Sessions that take the same room when they are shown: nearly all do, so it is enough to look at
//! one of each.

use super::{Report, SessionView};
use crate::session::State;
use crate::store::Event;
use crate::time::duration_len;
use foldhash::HashSet;
use std::ops::Range;

/// What decides how long the texts are that show a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Shape {
    name: usize,
    guest: (u32, u32),
    start: EventShape,
    end: Option<(EventShape, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct EventShape {
    who: u32,
    reason: u32,
    serial: u32,
}

impl EventShape {
    fn new(event: &Event) -> Self {
        let serial = event.stamp.serial.checked_ilog10().unwrap_or(u32::MAX);
        Self { who: event.who, reason: event.reason, serial }
    }
}

/// Of which sessions one has been seen.
#[derive(Clone, Default)]
pub struct Shapes(HashSet<Shape>);

impl std::fmt::Debug for Shapes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} shapes", self.0.len())
    }
}

/// Times with a date of the usual length, in every zone: 1970-01-02 to 9999-12-30.
const USUAL: Range<i64> = 86_400_000..253_402_128_000_000;

impl Report {
    /// Some of the sessions: at least one of those whose every text is as long, in bytes and in
    /// columns, but for those that `shapes` has seen.
    pub fn unlike(
        &self,
        range: Range<usize>,
        shapes: &mut Shapes,
    ) -> impl Iterator<Item = SessionView<'_>> {
        let selected = &self.selected[range];
        self.fetch(selected);
        let is_new = |&&id: &&u32| self.shape(id).is_none_or(|shape| shapes.0.insert(shape));
        let unlike: Vec<u32> = selected.iter().filter(is_new).copied().collect();
        let mut words = super::RecentWords::default();
        unlike.into_iter().map(move |id| self.view(id, &mut words))
    }

    /// The shape of a session that is as most are.
    fn shape(&self, id: u32) -> Option<Shape> {
        let session = self.session(id);
        let start = self.event(session.start)?;
        let end = match session.state {
            State::Running => None,
            State::Stopped => Some(self.event(session.end)?),
            _ => return None,
        };
        let usual = |event: &Event| USUAL.contains(&event.stamp.ms) && event.name == session.name;
        let name = self.store.words.get(session.name);
        let quoted = name.first() == Some(&b'"');
        // What has no other length when it is shown.
        let plain = quoted && name.iter().fold(true, |all, c| all & matches!(c, b' '..=b'~'));
        let marked = self.filter.start.is_some() || self.filter.end.is_some();
        if marked || !plain || !usual(start) || end.is_some_and(|end| !usual(end)) {
            return None;
        }
        let guest = self.store.guests[session.guest as usize];
        Some(Shape {
            name: name.len(),
            guest: (guest.host, guest.virt),
            start: EventShape::new(start),
            end: end.map(|end| {
                (EventShape::new(end), duration_len(end.stamp.ms - start.stamp.ms))
            }),
        })
    }
}
