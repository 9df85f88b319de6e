//! The entry of an event. A long log has millions, so fields that few events have are kept apart.

use super::details::DetailId;
use crate::events::{GuestId, UserId, WordId};
use crate::line::{Op, Sign, Stamp};

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EventKind {
    Virt(Op),
    /// A record that is not shown. It only shows that the guest is present.
    Seen,
    Avc,
    Anomaly(u16),
    Down,
    Boot,
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// The time by which events are sorted: the event's, unless the clock was set back.
    pub(crate) key: i64,
    pub(crate) stamp: Stamp,
    pub(super) pid: i64,
    pub(super) detail: Option<DetailId>,
    pub(crate) host: WordId,
    /// `None` if the event is about a host, a denial or an anomaly.
    pub(crate) guest: Option<GuestId>,
    /// The guest's name in this record.
    pub(crate) name: WordId,
    pub(crate) reason: WordId,
    pub(crate) user: UserId,
    pub(crate) kind: EventKind,
    pub(crate) success: bool,
    /// What it shows about its guest. That of a start includes the records right before it that are
    /// not shown.
    pub(crate) sign: Sign,
}

/// The `pid` of events without one: an `Option` would make the entry larger than a cache line.
const NO_PID: i64 = i64::MIN;

const _: () = assert!(size_of::<Event>() <= 64, "an event must fit in a cache line");

impl Event {
    /// An event without any details.
    #[inline]
    pub(super) fn new(key: i64, stamp: Stamp, host: WordId, user: UserId) -> Self {
        let (pid, detail, guest, kind) = (NO_PID, None, None, EventKind::Down);
        let (name, reason, success, sign) = (WordId::EMPTY, WordId::EMPTY, true, Sign::Any);
        Self { key, stamp, pid, detail, host, guest, name, reason, user, kind, success, sign }
    }

    /// `vm-pid=`
    pub(crate) fn pid(&self) -> Option<i64> {
        (self.pid != NO_PID).then_some(self.pid)
    }

    pub(super) fn with_pid(self, pid: Option<i64>) -> Self {
        Self { pid: pid.unwrap_or(NO_PID), ..self }
    }

    /// The sort key among all events.
    pub(crate) fn order(&self) -> (i64, u64) {
        (self.key, self.stamp.serial)
    }
}
