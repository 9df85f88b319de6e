//! An event's entry. A long log has millions of them, so what most don't need stands elsewhere.

use super::NOBODY;
use crate::line::{Op, Stamp};

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind {
    Virt(Op),
    /// Something that isn't shown: only that the guest was there.
    Seen,
    Avc,
    Anomaly(u16),
    Down,
    Boot,
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// Where it belongs in the order of events: its time, unless the clock was set back.
    pub(crate) key: i64,
    pub(crate) stamp: Stamp,
    pub(super) pid: i64,
    pub(super) detail: u32,
    pub(crate) host: u32,
    pub(crate) guest: u32,
    /// The guest's name in this record.
    pub(crate) name: u32,
    pub(crate) reason: u32,
    pub(crate) who: u32,
    pub(crate) kind: EventKind,
    pub(crate) success: bool,
}

/// An entry of its own for `pid`, with a flag for none, would take up as much as two more fields.
const NO_PID: i64 = i64::MIN;

const _: () = assert!(size_of::<Event>() <= 64, "an event fills no more than a cache line");

impl Event {
    /// One that only has happened.
    #[inline]
    pub(super) fn new(key: i64, stamp: Stamp, host: u32, who: u32) -> Self {
        let (pid, detail, guest, kind) = (NO_PID, u32::MAX, NOBODY, EventKind::Down);
        let (name, reason, success) = (0, 0, true);
        Self { key, stamp, pid, detail, host, guest, name, reason, who, kind, success }
    }

    /// `vm-pid=`
    pub(crate) fn pid(&self) -> Option<i64> {
        (self.pid != NO_PID).then_some(self.pid)
    }

    pub(super) fn with_pid(self, pid: Option<i64>) -> Self {
        Self { pid: pid.unwrap_or(NO_PID), ..self }
    }
}

/// Where an event stands among all.
pub(super) fn order(event: &Event) -> (i64, u64) {
    (event.key, event.stamp.serial)
}

/// More about an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Detail {
    /// Where its text stands.
    pub(super) at: u64,
    pub(super) len: u32,
    /// `op=`, `resrc=`, or an anomaly's type.
    pub(super) what: u32,
}
