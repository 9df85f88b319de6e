//! All system calls are in this module: the kernel's audit socket, and facts about the process and
//! its host.
//!
//! [`frame`] lays out netlink messages without system calls, [`socket`] sends and receives them, and
//! [`link`] matches the kernel's answers to them.

#[allow(missing_docs, nonstandard_style, dead_code, unreachable_pub, clippy::all)]
mod bindings;
pub mod confinement;
pub(crate) mod descriptor;
pub mod frame;
pub mod host;
pub mod inherited;
pub mod link;
pub(crate) mod lock;
pub mod multicast;
pub(crate) mod peer;
pub(crate) mod process;
pub mod rules;
pub mod socket;
pub mod status;
mod unread;
#[cfg(feature = "xml")]
pub(crate) mod usb;

pub(crate) use host::device_number;

/// The request for the kernel's audit status.
pub(crate) const AUDIT_GET: u16 = bindings::AUDIT_GET as u16;

/// The request for the kernel's rules.
const AUDIT_LIST_RULES: u16 = bindings::AUDIT_LIST_RULES as u16;

/// The kernel defines only the range. The audit project assigns the numbers (libaudit.h).
macro_rules! virt_types {
    ($($name:ident = $number:literal, $what:literal;)*) => { $(
        #[doc = $what]
        pub(crate) const $name: u16 = $number;
        const _: () = assert!(
            $number >= bindings::AUDIT_FIRST_USER_MSG2 && $number <= bindings::AUDIT_LAST_USER_MSG2
        );
    )*
        /// Each type's number and name.
        const VIRT_TYPES: [(u16, &str); 8] =
            [$(($name, stringify!($name).split_at("AUDIT_".len()).1)),*];
    };
}

virt_types! {
    AUDIT_VIRT_CONTROL = 2500, "A guest starts or stops.";
    AUDIT_VIRT_RESOURCE = 2501, "A resource is assigned.";
    AUDIT_VIRT_MACHINE_ID = 2502, "A label is bound to a guest.";
    AUDIT_VIRT_INTEGRITY_CHECK = 2503, "A guest's integrity is checked.";
    AUDIT_VIRT_CREATE = 2504, "An image is created.";
    AUDIT_VIRT_DESTROY = 2505, "An image is destroyed.";
    AUDIT_VIRT_MIGRATE_IN = 2506, "A guest arrives.";
    AUDIT_VIRT_MIGRATE_OUT = 2507, "A guest leaves.";
}

/// The longest text that the kernel keeps of a record, in bytes without the NUL.
pub(crate) const MESSAGE_TEXT_MAX: usize = bindings::AUDIT_MESSAGE_TEXT_MAX as usize;
