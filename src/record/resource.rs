//! VIRT_RESOURCE: what of the host a guest gets, changes or gives back.

use super::fields::{FieldSink, Style};
use crate::value::Value;
use std::fmt::{self, Write};

/// The text that stands for a redirected USB device; its space makes it hex in a record.
pub const USB_REDIRDEV: &str = "USB redirdev";

/// A path before and after a change; `None` where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Change<'a> {
    /// The path that is given back.
    pub old: Option<Value<'a>>,
    /// The path that is assigned.
    pub new: Option<Value<'a>>,
}

/// A number before and after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Count {
    /// Before.
    pub old: u32,
    /// After.
    pub new: u32,
}

/// A MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// The device number of a character or block device: `MAJ:MIN` in upper-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rdev {
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

impl Rdev {
    /// The device number of what is at `path` now; `None` for anything but a character or block
    /// device. One `stat`.
    pub fn of(path: &[u8]) -> Option<Self> {
        crate::audit_sys::device_number(path).map(|(major, minor)| Self { major, minor })
    }
}

impl fmt::Display for Rdev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}:{:02X}", self.major, self.minor)
    }
}

/// How a guest gets at a TPM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TpmKind {
    /// The host's TPM device.
    Passthrough,
    /// An emulator that libvirt starts.
    Emulator,
    /// An emulator that somebody else runs.
    External,
}

impl TpmKind {
    /// All kinds, with the name that `resrc=` gives each.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Passthrough, "tpm"),
        (Self::Emulator, "tpm-emulator"),
        (Self::External, "tpm-external"),
    ];

    fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// A device of the host that a guest gets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostDevice<'a> {
    /// A USB device.
    Usb {
        /// Bus number.
        bus: u32,
        /// Device number on the bus.
        device: u32,
    },
    /// A PCI function.
    Pci {
        /// PCI domain (segment).
        domain: u32,
        /// Bus.
        bus: u32,
        /// Slot (device).
        slot: u32,
        /// Function.
        function: u32,
    },
    /// A SCSI logical unit.
    Scsi {
        /// The host adapter's name, such as `scsi_host0`.
        adapter: Value<'a>,
        /// Bus.
        bus: u32,
        /// Target.
        target: u32,
        /// Logical unit.
        unit: u64,
    },
    /// A SCSI host (vhost): its WWPN.
    ScsiHost(Option<Value<'a>>),
    /// A mediated device: its UUID.
    Mdev(Option<Value<'a>>),
    /// A USB device that is redirected from a client.
    Redirected,
}

/// Whom a cgroup's rule lets at which devices.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    Vcpu(Count),
    /// The number of I/O threads.
    IoThread(Count),
    /// A rule of the guest's devices cgroup.
    Cgroup {
        /// The cgroup's path; `None` without a devices controller.
        path: Option<Value<'a>>,
        /// What the rule allows or denies.
        access: Access<'a>,
    },
}

/// A text of bounded length, on the stack.
struct Short {
    bytes: [u8; 64],
    len: usize,
}

impl Short {
    fn new(text: fmt::Arguments<'_>) -> Self {
        let mut short = Self { bytes: [0; 64], len: 0 };
        // Every caller's text has a bounded length below 64, so this can't fail.
        let _ = short.write_fmt(text);
        short
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Resource<'_> {
    /// The name that `resrc=` gives it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Disk(_) => "disk",
            Self::Fs(_) => "fs",
            Self::Net { .. } | Self::NetDevice { .. } => "net",
            Self::Chardev(_) => "chardev",
            Self::Rng(_) => "rng",
            Self::Smartcard(_) => "smartcard",
            Self::Dev(_) => "dev",
            Self::HostdevStorage(_) | Self::HostdevMisc(_) => "hostdev",
            Self::Tpm { kind, .. } => kind.name(),
            Self::Shmem { .. } => "shmem",
            Self::ShmemServer(_) => "ivshmem-socket",
            Self::Evdev(_) => "evdev",
            Self::Memory { .. } => "mem",
            Self::Vcpu(_) => "vcpu",
            Self::IoThread(_) => "iothread",
            Self::Cgroup { .. } => "cgroup",
        }
    }

    /// Whether it is a change of a path with neither an old nor a new one.
    pub(super) fn is_void(&self) -> bool {
        match self {
            Self::Disk(change)
            | Self::Fs(change)
            | Self::Chardev(change)
            | Self::Rng(change)
            | Self::Smartcard(change) => change.old.is_none() && change.new.is_none(),
            _ => false,
        }
    }

    pub(super) fn visit_tail<S: FieldSink>(&self, sink: &mut S) {
        match self {
            Self::Disk(change) => visit_change(sink, "old-disk", "new-disk", change),
            Self::Fs(change) => visit_change(sink, "old-fs", "new-fs", change),
            Self::Chardev(change) => visit_change(sink, "old-chardev", "new-chardev", change),
            Self::Rng(change) => visit_change(sink, "old-rng", "new-rng", change),
            Self::Smartcard(change) => visit_change(sink, "old-smartcard", "new-smartcard", change),
            Self::Net { old, new } => {
                visit_mac(sink, "old-net", old);
                visit_mac(sink, "new-net", new);
            }
            Self::NetDevice { mac, path, rdev } => {
                sink.plain("net", Short::new(format_args!("{mac}")).as_bytes());
                sink.encoded("path", path.as_deref());
                visit_rdev(sink, rdev);
            }
            Self::Dev(device) => visit_host_device(sink, device),
            Self::HostdevStorage(path) => sink.encoded("disk", path.as_deref()),
            Self::HostdevMisc(path) => sink.encoded("chardev", path.as_deref()),
            Self::Tpm { path, .. } => sink.encoded("device", path.as_deref()),
            Self::Shmem { name, size } => {
                sink.number("size", *size);
                sink.field(b"path", Style::Raw, &[b"/dev/shm/", name]);
            }
            Self::ShmemServer(path) | Self::Evdev(path) => {
                sink.raw_or_missing("path", path.as_deref());
            }
            Self::Memory { old, new } => {
                sink.number("old-mem", *old);
                sink.number("new-mem", *new);
            }
            Self::Vcpu(count) => visit_count(sink, "old-vcpu", "new-vcpu", *count),
            Self::IoThread(count) => visit_count(sink, "old-iothread", "new-iothread", *count),
            Self::Cgroup { path, access } => {
                sink.encoded("cgroup", path.as_deref());
                visit_access(sink, access);
            }
        }
    }
}

fn visit_change<S: FieldSink>(sink: &mut S, old: &str, new: &str, change: &Change<'_>) {
    sink.encoded(old, change.old.as_deref());
    sink.encoded(new, change.new.as_deref());
}

fn visit_count<S: FieldSink>(sink: &mut S, old: &str, new: &str, count: Count) {
    sink.number(old, count.old);
    sink.number(new, count.new);
}

fn visit_mac<S: FieldSink>(sink: &mut S, key: &str, mac: &Option<Mac>) {
    let text = mac.map(|mac| Short::new(format_args!("{mac}")));
    sink.encoded(key, text.as_ref().map(Short::as_bytes));
}

fn visit_rdev<S: FieldSink>(sink: &mut S, rdev: &Option<Rdev>) {
    match rdev {
        Some(rdev) => sink.plain("rdev", Short::new(format_args!("{rdev}")).as_bytes()),
        None => sink.plain("rdev", crate::encode::MISSING),
    }
}

fn visit_host_device<S: FieldSink>(sink: &mut S, device: &HostDevice<'_>) {
    let (bus, address) = match device {
        HostDevice::Usb { bus, device } => {
            ("usb", Short::new(format_args!("{bus:03}.{device:03}")))
        }
        HostDevice::Pci { domain, bus, slot, function } => {
            ("pci", Short::new(format_args!("{domain:04x}:{bus:02x}:{slot:02x}.{function}")))
        }
        HostDevice::Scsi { adapter, bus, target, unit } => {
            sink.plain("bus", b"scsi");
            let rest = Short::new(format_args!(":{bus}:{target}:{unit}"));
            sink.field(b"device", Style::Encoded, &[adapter, rest.as_bytes()]);
            return;
        }
        HostDevice::ScsiHost(wwpn) => {
            sink.plain("bus", b"scsi_host");
            sink.encoded("device", wwpn.as_deref());
            return;
        }
        HostDevice::Mdev(uuid) => {
            sink.plain("bus", b"mdev");
            sink.encoded("device", uuid.as_deref());
            return;
        }
        HostDevice::Redirected => ("usb", Short::new(format_args!("{USB_REDIRDEV}"))),
    };
    sink.plain("bus", bus.as_bytes());
    sink.encoded("device", Some(address.as_bytes()));
}

fn visit_access<S: FieldSink>(sink: &mut S, access: &Access<'_>) {
    match access {
        Access::All => sink.plain("class", b"all"),
        Access::Path { path, rdev, acl } => {
            sink.plain("class", b"path");
            sink.encoded("path", path.as_deref());
            visit_rdev(sink, rdev);
            sink.raw("acl", acl);
        }
        Access::Major { category, major, acl } => {
            sink.plain("class", b"major");
            sink.raw("category", category);
            sink.plain("maj", Short::new(format_args!("{major:02X}")).as_bytes());
            sink.raw("acl", acl);
        }
    }
}
