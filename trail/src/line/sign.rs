//! What a record shows about its guest's life. libvirt writes some records only before a start, and
//! others only while the guest runs.

use super::{Op, VirtLine};
use viraudit::RecordType;

/// What a record shows about its guest's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Sign {
    /// A start begins to be prepared: a label, or all devices denied at once.
    Begins,
    /// A start is prepared: its resources.
    Prepares,
    /// The guest runs, or has just stopped.
    Lives,
    /// A record that comes before a start: the guest's image is created, the guest arrives.
    Before,
    /// A record that comes after a stop: the guest's image is destroyed, the guest leaves.
    After,
    /// Any of the first three.
    #[default]
    Any,
}

impl Sign {
    /// The sign of a record.
    #[inline]
    pub(crate) fn of(virt: &VirtLine<'_>) -> Self {
        match virt.op {
            Op::Resource => Self::of_resource(virt.reason, virt.tail),
            Op::Label => Self::Begins,
            Op::Init | Op::OtherControl => Self::Lives,
            Op::Stop if !virt.success => Self::Lives,
            Op::Start | Op::Stop => Self::Any,
            Op::Lifecycle(RecordType::VirtDestroy | RecordType::VirtMigrateOut) => Self::After,
            Op::Lifecycle(_) => Self::Before,
        }
    }

    /// The sign of a record about a resource. `tail` is the end of its BODY.
    #[inline]
    pub(crate) fn of_resource(reason: &[u8], tail: &[u8]) -> Self {
        match reason {
            b"start" => Self::Prepares,
            // libvirt denies all devices once, before it allows any.
            b"deny" if tail.ends_with(b"class=all") => Self::Begins,
            b"deny" | b"allow" | b"open" => Self::Any,
            _ => Self::Lives,
        }
    }

    /// Whether the record belongs to a start that is prepared.
    pub(crate) fn is_preparation(self) -> bool {
        matches!(self, Self::Begins | Self::Prepares)
    }

    /// Whether a run of records that began with this one goes on with one of the sign `next`.
    #[inline]
    pub(crate) fn continues_with(self, next: Self) -> bool {
        self == next
            || next == Self::Any && self.is_preparation()
            || self == Self::Begins && next == Self::Prepares
    }
}
