//! The records: a typed value for each kind of event of a guest.
//!
//! A [`Record`] borrows its texts, so making and formatting one allocates nothing; reading one
//! allocates only to decode hex. What a record's bytes are is defined once, by its
//! [`Fields`]: formatting, measuring and shortening all walk the same list, and
//! [`Record::parse`] reads it back.

mod address;
mod borrow;
mod control;
pub(crate) mod examples;
pub(crate) mod fields;
mod host_device;
pub(crate) mod kinds;
mod lifecycle;
mod machine_id;
mod number;
pub(crate) mod parse;
mod resource;
pub(crate) mod table;
mod tail;
pub(crate) mod wanted;

pub use address::{Mac, Rdev};
pub use control::{Control, ControlOp};
pub(crate) use fields::{FieldSink, Fields, Style, Writer, shown_len, to_vec};
pub use host_device::HostDevice;
pub use lifecycle::Lifecycle;
pub use machine_id::MachineId;
pub(crate) use parse::FieldReader;
pub use parse::ParseError;
pub use resource::{Access, Change, Resource, TpmKind};
pub(crate) use table::Kind;

use crate::guest::Guest;
use crate::value::Value;
use std::fmt;
use std::str::FromStr;

/// The type of a record: a netlink message type of the range 2500 to 2599.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "SCREAMING_SNAKE_CASE"))]
#[repr(u16)]
#[non_exhaustive]
pub enum RecordType {
    /// A guest starts, stops, or its init starts.
    VirtControl = crate::audit_sys::AUDIT_VIRT_CONTROL,
    /// A host resource is assigned, changed or taken away.
    VirtResource = crate::audit_sys::AUDIT_VIRT_RESOURCE,
    /// A security label is bound to the guest.
    VirtMachineId = crate::audit_sys::AUDIT_VIRT_MACHINE_ID,
    /// The result of a guest's integrity check.
    VirtIntegrityCheck = crate::audit_sys::AUDIT_VIRT_INTEGRITY_CHECK,
    /// A guest image is created.
    VirtCreate = crate::audit_sys::AUDIT_VIRT_CREATE,
    /// A guest image is destroyed.
    VirtDestroy = crate::audit_sys::AUDIT_VIRT_DESTROY,
    /// A guest arrives from another host.
    VirtMigrateIn = crate::audit_sys::AUDIT_VIRT_MIGRATE_IN,
    /// A guest leaves for another host.
    VirtMigrateOut = crate::audit_sys::AUDIT_VIRT_MIGRATE_OUT,
}

impl RecordType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::VirtControl,
        Self::VirtResource,
        Self::VirtMachineId,
        Self::VirtIntegrityCheck,
        Self::VirtCreate,
        Self::VirtDestroy,
        Self::VirtMigrateIn,
        Self::VirtMigrateOut,
    ];

    /// The number of the netlink message type.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The type with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The name that audit.log gives it, such as `VIRT_RESOURCE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VirtControl => "VIRT_CONTROL",
            Self::VirtResource => "VIRT_RESOURCE",
            Self::VirtMachineId => "VIRT_MACHINE_ID",
            Self::VirtIntegrityCheck => "VIRT_INTEGRITY_CHECK",
            Self::VirtCreate => "VIRT_CREATE",
            Self::VirtDestroy => "VIRT_DESTROY",
            Self::VirtMigrateIn => "VIRT_MIGRATE_IN",
            Self::VirtMigrateOut => "VIRT_MIGRATE_OUT",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for RecordType {
    type Err = crate::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(crate::Error::Invalid("no VIRT_* record type"))
    }
}

/// The event that a record reports: all of it but the guest and the result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event<'a> {
    /// VIRT_CONTROL.
    Control(Control<'a>),
    /// VIRT_MACHINE_ID.
    MachineId(MachineId<'a>),
    /// VIRT_RESOURCE.
    Resource {
        /// start, attach, detach, update, mirror, snapshot, open, allow, deny, or another word.
        reason: Value<'a>,
        /// The resource and its change.
        resource: Resource<'a>,
    },
    /// The types that libvirt never emits.
    Lifecycle(Lifecycle<'a>),
}

/// One audit record about a guest.
///
/// With the feature `serde` it serializes as its fields: `guest`, `event` (tagged by its name in
/// snake case, as `{"resource": {"reason": ..., "resource": {"disk": {"old": ..., "new": ...}}}}`)
/// and `success`. UUIDs, MAC addresses and device numbers are text.
///
/// ```
/// use viraudit::{Change, Guest, Record, Resource};
///
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// let disk = Resource::Disk(Change { old: None, new: Some("/images/my data".into()) });
/// let record = Record::resource(guest, "attach", disk, true);
/// assert_eq!(
///     String::from_utf8(record.body()).unwrap(),
///     "virt=kvm resrc=disk reason=attach vm=\"web1\" \
///      uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab \
///      old-disk=\"?\" new-disk=2F696D616765732F6D792064617461"
/// );
/// assert_eq!(
///     record.to_string(),
///     "VIRT_RESOURCE virt=kvm resrc=disk reason=attach vm=\"web1\" \
///      uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab \
///      old-disk=\"?\" new-disk=2F696D616765732F6D792064617461 res=success"
/// );
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Record<'a> {
    /// The guest.
    pub guest: Guest<'a>,
    /// The event.
    pub event: Event<'a>,
    /// `res=success` or `res=failed`.
    pub success: bool,
}

impl<'a> Record<'a> {
    /// A VIRT_RESOURCE record.
    pub fn resource(
        guest: impl Into<Guest<'a>>,
        reason: impl Into<Value<'a>>,
        resource: Resource<'a>,
        success: bool,
    ) -> Self {
        let guest = guest.into();
        Self { guest, event: Event::Resource { reason: reason.into(), resource }, success }
    }

    /// A VIRT_CONTROL record of a start.
    pub fn start(
        guest: impl Into<Guest<'a>>,
        reason: impl Into<Value<'a>>,
        pid: i64,
        success: bool,
    ) -> Self {
        let op = ControlOp::Start { reason: reason.into() };
        Self { guest: guest.into(), event: Event::Control(Control { op, pid }), success }
    }

    /// A VIRT_CONTROL record of a stop; libvirt's pid is 0 or -1 once the process is gone.
    pub fn stop(guest: impl Into<Guest<'a>>, reason: impl Into<Value<'a>>, pid: i64) -> Self {
        let op = ControlOp::Stop { reason: reason.into() };
        Self { guest: guest.into(), event: Event::Control(Control { op, pid }), success: true }
    }

    /// The record's type.
    pub fn record_type(&self) -> RecordType {
        match &self.event {
            Event::Control(_) => RecordType::VirtControl,
            Event::MachineId(_) => RecordType::VirtMachineId,
            Event::Resource { .. } => RecordType::VirtResource,
            Event::Lifecycle(event) => event.record_type(),
        }
    }

    /// Whether there is anything to record. libvirt writes no record for a change of a path or of a
    /// MAC address with neither an old nor a new one.
    pub fn is_worth_sending(&self) -> bool {
        !matches!(&self.event, Event::Resource { resource, .. } if resource.is_void())
    }

    /// The record's BODY, as libvirt logs it: without the origin suffix. For tests and for people;
    /// sending formats into a fixed buffer instead.
    pub fn body(&self) -> Vec<u8> {
        fields::to_vec(self)
    }
}

/// Prints the type, BODY and `res=` on one line of printable ASCII, without the origin suffix: only
/// sending adds that.
impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        let result = if self.success { "success" } else { "failed" };
        write!(f, "{} {} res={result}", self.record_type(), String::from_utf8_lossy(&body))
    }
}

impl Fields for Record<'_> {
    fn visit<S: FieldSink>(&self, sink: &mut S) {
        let guest = &self.guest;
        sink.raw("virt", &guest.virt);
        match &self.event {
            Event::Control(control) => {
                control.visit_head(sink);
                visit_subject(guest, sink);
                control.visit_tail(sink);
            }
            Event::MachineId(labels) => {
                visit_subject(guest, sink);
                labels.visit_tail(sink);
            }
            Event::Resource { reason, resource } => {
                sink.plain("resrc", resource.kind().as_bytes());
                sink.raw("reason", reason);
                visit_subject(guest, sink);
                resource.visit_tail(sink);
            }
            Event::Lifecycle(event) => {
                event.visit_head(sink);
                visit_subject(guest, sink);
                event.visit_tail(sink);
            }
        }
    }
}

fn visit_subject<S: FieldSink>(guest: &Guest<'_>, sink: &mut S) {
    sink.encoded("vm", Some(&guest.name));
    sink.plain("uuid", &guest.uuid.text());
}

borrow::parts! {
    pub struct Record { guest, event, success }
}

borrow::parts! {
    pub(crate) enum Event {
        Control(control),
        MachineId(labels),
        Resource { reason, resource },
        Lifecycle(event),
    }
}
