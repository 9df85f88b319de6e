//! Consecutive events of a host, and the bounds within which their order is normal.

use crate::line::{LineKind, Stamp};

/// A longer distance in time between an event and both its neighbours is a finding.
pub(super) const MAX_MS: i64 = 365 * 24 * 3600 * 1000;

/// The tolerance for serial numbers out of order.
pub(super) const MAX_DROP: u64 = 1000;

/// Events of one host with consecutive serial numbers.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    /// The line of the first event.
    pub(super) line: u64,
    pub(super) first: Stamp,
    pub(super) last: Stamp,
    /// The kind of the first record.
    pub(super) kind: LineKind,
    /// Whether there are other records than those about guests.
    pub(super) mixed: bool,
    /// Whether the lines are in auditd's format.
    pub(super) native: bool,
    /// The host, if it differs from the one of the stretch before.
    pub(super) node: Option<Vec<u8>>,
}

impl Stretch {
    pub(super) fn new(
        line: u64,
        stamp: Stamp,
        kind: LineKind,
        native: bool,
        node: Option<Vec<u8>>,
    ) -> Self {
        let mixed = !is_virt(kind);
        Self { line, first: stamp, last: stamp, kind, mixed, native, node }
    }

    /// Adds a record of the last event, or of the next one; false if it is neither.
    #[inline]
    pub(super) fn extend(&mut self, stamp: Stamp, kind: LineKind, native: bool) -> bool {
        let same = stamp == self.last;
        let next = stamp.serial == self.last.serial + 1
            && stamp.ms.checked_sub(self.last.ms).is_some_and(|ms| (0..MAX_MS).contains(&ms));
        let extends =
            (same || next) && native == self.native && !breaks(self.kind) && !breaks(kind);
        if extends {
            self.last = stamp;
            self.mixed |= !is_virt(kind);
        }
        extends
    }
}

fn is_virt(kind: LineKind) -> bool {
    matches!(kind, LineKind::Virt(_) | LineKind::UnknownVirt)
}

/// Whether serial numbers before and after this record are unrelated.
pub(super) fn breaks(kind: LineKind) -> bool {
    matches!(kind, LineKind::Daemon(_) | LineKind::Boot)
}
