//! Consecutive events of a host, and the bounds within which their order is normal.

use crate::line::{LineKind, Stamp};

/// A longer distance in time between an event and both its neighbours is a finding.
pub(super) const MAX_MS: i64 = 365 * 24 * 3600 * 1000;

/// The tolerance for serial numbers out of order.
pub(super) const MAX_DROP: u64 = 1000;

/// Events of one host with consecutive serial numbers.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    /// The line of the first event.
    pub(crate) line: u64,
    pub(super) first: Stamp,
    pub(super) last: Stamp,
    /// The kind of the first record.
    pub(super) kind: LineKind,
    /// Whether there are records that have nothing to do with guests or their hosts' life.
    pub(super) mixed: bool,
    /// Whether the host goes down.
    pub(super) down: bool,
    /// The longest time between two events.
    pub(super) pause: i64,
    /// The number of events.
    pub(super) events: u64,
    /// Whether the lines are in auditd's format.
    pub(super) native: bool,
}

impl Stretch {
    pub(crate) fn new(line: u64, stamp: Stamp, kind: LineKind, native: bool) -> Self {
        let (mixed, down) = (kind.is_unrelated(), kind == LineKind::Shutdown);
        let (first, last) = (stamp, stamp);
        Self { line, first, last, kind, mixed, down, pause: 0, events: 1, native }
    }

    /// The times of the first and the last event.
    pub(super) fn span(&self) -> (i64, i64) {
        (self.first.ms, self.last.ms)
    }

    /// Adds a stretch that follows directly.
    pub(super) fn join(&mut self, next: &Self) {
        self.pause = self.pause.max(next.first.ms - self.last.ms).max(next.pause);
        self.events += next.events - u64::from(next.first == self.last);
        self.last = next.last;
        self.mixed |= next.mixed;
        self.down |= next.down;
    }

    /// Whether a record is of the last event, or of the next one.
    #[inline(always)] // every line takes this way
    pub(super) fn continues_with(&self, stamp: Stamp, kind: LineKind, native: bool) -> bool {
        let step = stamp.serial.wrapping_sub(self.last.serial);
        // A time before the last one's is a large number.
        let pause = stamp.ms.wrapping_sub(self.last.ms) as u64;
        let limit = if step == 0 { 1 } else { MAX_MS as u64 };
        step <= 1 && pause < limit && native == self.native && !breaks(self.kind) && !breaks(kind)
    }

    /// Adds a record of the last event, or of the next one; false if it is neither.
    #[inline(always)] // as above
    pub(crate) fn extend(&mut self, stamp: Stamp, kind: LineKind, native: bool) -> bool {
        let extends = self.continues_with(stamp, kind, native);
        if extends {
            self.pause = self.pause.max(stamp.ms - self.last.ms);
            self.events += stamp.serial - self.last.serial;
            self.last = stamp;
            self.mixed |= kind.is_unrelated();
            self.down |= kind == LineKind::Shutdown;
        }
        extends
    }
}

/// Whether serial numbers before and after this record are unrelated.
pub(super) fn breaks(kind: LineKind) -> bool {
    matches!(kind, LineKind::Daemon(_) | LineKind::Boot)
}
