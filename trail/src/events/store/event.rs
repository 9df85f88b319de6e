//! An event, as it is worked with. [`Events`](super::events::Events) keeps them packed.

use super::texts::TextId;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// The time by which events are sorted: the event's, unless the clock was set back.
    pub(crate) key: i64,
    pub(crate) stamp: Stamp,
    pub(super) pid: Option<i64>,
    pub(super) text: Option<TextId>,
    pub(crate) host: WordId,
    /// `None` if the event is about a host, a denial or an anomaly.
    pub(crate) guest: Option<GuestId>,
    /// The guest's name in this record.
    pub(crate) name: WordId,
    pub(crate) reason: WordId,
    /// `op=`, `resrc=`, or the type of an anomaly.
    pub(crate) what: WordId,
    pub(crate) user: UserId,
    pub(crate) kind: EventKind,
    pub(crate) success: bool,
    /// What it shows about its guest. That of a start includes the records right before it that are
    /// not shown.
    pub(crate) sign: Sign,
}

impl Event {
    /// An event that only has a time and a sender.
    #[inline]
    pub(super) fn new(key: i64, stamp: Stamp, host: WordId, user: UserId) -> Self {
        let (pid, text, guest, kind) = (None, None, None, EventKind::Down);
        let [name, reason, what] = [WordId::EMPTY; 3];
        let (success, sign) = (true, Sign::Any);
        Self { key, stamp, pid, text, host, guest, name, reason, what, user, kind, success, sign }
    }

    /// `vm-pid=`
    pub(crate) fn pid(&self) -> Option<i64> {
        self.pid
    }

    /// The sort key among all events.
    pub(crate) fn order(&self) -> (i64, u64) {
        (self.key, self.stamp.serial)
    }
}
