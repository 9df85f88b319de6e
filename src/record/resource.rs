//! VIRT_RESOURCE: a resource of the host is assigned to a guest, changed or taken back.

use super::borrow::{copied, parts};
use super::{HostDevice, Mac, Rdev};
use crate::value::Value;

/// A path before and after a change; `None` where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Change<'a> {
    /// The path that is given back.
    pub old: Option<Value<'a>>,
    /// The path that is assigned.
    pub new: Option<Value<'a>>,
}

/// How a guest gets at a TPM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum TpmKind {
    /// The host's TPM device.
    Passthrough,
    /// An emulator that libvirt starts.
    Emulator,
    /// An emulator that libvirt doesn't start.
    External,
}

/// The devices that a cgroup rule covers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Access<'a> {
    /// `class=all`: every device.
    All,
    /// `class=path`: one device.
    Path {
        /// The device's path.
        path: Option<Value<'a>>,
        /// Its number; `None` when it is no device.
        rdev: Option<Rdev>,
        /// The permissions, out of r, w and m.
        acl: Value<'a>,
    },
    /// `class=major`: a class of devices.
    Major {
        /// The class's name: pty, sound, ...
        category: Value<'a>,
        /// Its major number.
        major: u32,
        /// The permissions, out of r, w and m.
        acl: Value<'a>,
    },
}

/// A resource and its change: everything after the UUID.
///
/// A later release may add kinds, so a `match` outside this crate needs a wildcard arm.
/// [`Resource::every_kind`] has an example of each.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Resource<'a> {
    /// A disk's source.
    Disk(Change<'a>),
    /// A filesystem's source.
    Fs(Change<'a>),
    /// A network interface.
    Net {
        /// The MAC address that goes.
        old: Option<Mac>,
        /// The MAC address that comes.
        new: Option<Mac>,
    },
    /// A device opened for a network interface, such as /dev/net/tun; the reason is `open`.
    NetDevice {
        /// The interface's MAC address.
        mac: Mac,
        /// The device's path.
        path: Option<Value<'a>>,
        /// Its number; `None` when it is no device.
        rdev: Option<Rdev>,
    },
    /// A serial, parallel, channel or console port.
    Chardev(Change<'a>),
    /// A source of randomness.
    Rng(Change<'a>),
    /// A smartcard; libvirt gives no old side.
    Smartcard(Change<'a>),
    /// A host device, or a redirected one.
    Dev(HostDevice<'a>),
    /// A container's storage capability: a block device.
    HostdevStorage(Option<Value<'a>>),
    /// A container's misc capability: a character device.
    HostdevMisc(Option<Value<'a>>),
    /// A TPM.
    Tpm {
        /// How the guest gets at it.
        kind: TpmKind,
        /// The device, or the emulator's socket.
        path: Option<Value<'a>>,
    },
    /// Shared memory without a server.
    Shmem {
        /// Its name below /dev/shm.
        name: Value<'a>,
        /// Its size in bytes.
        size: u64,
    },
    /// Shared memory with a server: the server's socket.
    ShmemServer(Option<Value<'a>>),
    /// An input device of the host: passthrough or evdev.
    Evdev(Option<Value<'a>>),
    /// Memory in KiB.
    Memory {
        /// Before.
        old: u64,
        /// After.
        new: u64,
    },
    /// The number of virtual CPUs.
    Vcpu {
        /// Before.
        old: u32,
        /// After.
        new: u32,
    },
    /// The number of I/O threads.
    IoThread {
        /// Before.
        old: u32,
        /// After.
        new: u32,
    },
    /// A rule of the guest's devices cgroup.
    Cgroup {
        /// The cgroup's path; `None` without a devices controller.
        path: Option<Value<'a>>,
        /// The devices that the rule covers.
        access: Access<'a>,
    },
}

copied! { TpmKind }

parts! {
    pub(crate) struct Change { old, new }
}

parts! {
    pub(crate) enum Access {
        All,
        Path { path, rdev, acl },
        Major { category, major, acl },
    }
    pub enum Resource {
        Disk(change),
        Fs(change),
        Net { old, new },
        NetDevice { mac, path, rdev },
        Chardev(change),
        Rng(change),
        Smartcard(change),
        Dev(device),
        HostdevStorage(path),
        HostdevMisc(path),
        Tpm { kind, path },
        Shmem { name, size },
        ShmemServer(path),
        Evdev(path),
        Memory { old, new },
        Vcpu { old, new },
        IoThread { old, new },
        Cgroup { path, access },
    }
}
