//! The arguments of VIRT_RESOURCE records, one struct for each shape.

use super::value::{acl, need, number, rdev_of, value, word};
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use viraudit::record::{Access, HostDevice, Mac, Rdev, TpmKind};
use viraudit::{Change, Event, Resource, Value};

/// An event from arguments.
type EventResult = Result<Event<'static>, Failure>;

fn event(reason: OsString, resource: Resource<'static>) -> EventResult {
    Ok(Event::Resource { reason: value(reason), resource })
}

/// The reason of a change.
#[derive(Args, Debug)]
pub(crate) struct Reason {
    /// Reason; libvirt's are start, attach, detach, update, mirror and snapshot.
    #[arg(long, value_name = "REASON", default_value = "attach", value_parser = word())]
    reason: OsString,
}

/// An old and a new path.
#[derive(Args, Debug)]
pub(crate) struct PathChange {
    /// Path that the guest had before.
    #[arg(long, value_name = "PATH")]
    old: Option<OsString>,
    /// Path that the guest gets.
    #[arg(long, value_name = "PATH")]
    new: Option<OsString>,
    #[command(flatten)]
    reason: Reason,
}

impl PathChange {
    /// Unlike libvirt, which then emits no record, this fails if both paths are missing.
    pub(crate) fn event(self, make: fn(Change<'static>) -> Resource<'static>) -> EventResult {
        let any = self.old.is_some() || self.new.is_some();
        let resource = make(Change { old: self.old.map(value), new: self.new.map(value) });
        need(any, resource.kind(), "--old, --new or both")?;
        event(self.reason.reason, resource)
    }
}

/// A network interface.
#[derive(Args, Debug)]
pub(crate) struct Net {
    /// MAC address of the interface that the guest had before.
    #[arg(long, value_name = "MAC")]
    old: Option<Mac>,
    /// MAC address of the interface that the guest gets.
    #[arg(long, value_name = "MAC")]
    new: Option<Mac>,
    /// MAC address of the interface that --device is opened for.
    #[arg(long, value_name = "MAC", requires = "device",
        conflicts_with_all = ["old", "new"])]
    mac: Option<Mac>,
    /// Device that is opened for --mac, such as /dev/net/tun.
    #[arg(long, value_name = "PATH", requires = "mac")]
    device: Option<OsString>,
    /// Device number in hex [default: that of the file at --device].
    #[arg(long, value_name = "MAJ:MIN", requires = "device")]
    rdev: Option<Rdev>,
    /// Reason [default: open with --mac, else attach].
    #[arg(long, value_name = "REASON", value_parser = word())]
    reason: Option<OsString>,
}

impl Net {
    /// A change of an interface, or a device opened for it.
    pub(crate) fn event(self) -> EventResult {
        let Self { old, new, mac, device, rdev, reason } = self;
        if let (Some(mac), Some(device)) = (mac, device) {
            let path = value(device);
            let rdev = rdev_of(rdev, &path);
            let opened = Resource::NetDevice { mac, path: Some(path), rdev };
            return event(reason.unwrap_or("open".into()), opened);
        }
        need(
            old.is_some() || new.is_some(),
            "net",
            "--old, --new or both (or --mac and --device)",
        )?;
        event(reason.unwrap_or("attach".into()), Resource::Net { old, new })
    }
}

/// The buses, by their names in records.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bus {
    /// `BUS.DEVICE`, decimal.
    Usb,
    /// `[DOMAIN:]BUS:SLOT.FUNCTION`, hex.
    Pci,
    /// `ADAPTER:BUS:TARGET:UNIT`.
    Scsi,
    /// A vhost WWPN.
    #[value(name = "scsi_host", alias = "scsi-host")]
    ScsiHost,
    /// The UUID of a mediated device.
    Mdev,
}

/// A device of the host.
#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// Bus of the device: usb, pci, scsi, scsi_host or mdev.
    #[arg(long, value_name = "BUS", value_enum, hide_possible_values = true)]
    bus: Bus,
    /// Address of the device on its bus.
    #[arg(long, value_name = "ADDRESS")]
    device: OsString,
    #[command(flatten)]
    reason: Reason,
}

impl Dev {
    /// A host device with a valid address.
    pub(crate) fn event(self) -> EventResult {
        let bus = self.bus.to_possible_value().unwrap_or_default();
        let device = self.device.as_bytes();
        let device = HostDevice::parse_address(bus.get_name(), device).map_err(|form| {
            let address = self.device.display();
            Failure::bad_input(format!(
                "emit dev: --device {address} is malformed: expected {form}"
            ))
        })?;
        event(self.reason.reason, Resource::Dev(device))
    }
}

/// A redirected USB device, which has no address on this host.
#[derive(Args, Debug)]
pub(crate) struct Redirdev {
    #[command(flatten)]
    reason: Reason,
}

impl Redirdev {
    /// The record that libvirt emits for any redirected device.
    pub(crate) fn event(self) -> EventResult {
        event(self.reason.reason, Resource::Dev(HostDevice::Redirected))
    }
}

/// A host device of a container.
#[derive(Args, Debug)]
#[group(id = "capability", required = true, multiple = false)]
pub(crate) struct Hostdev {
    /// Path of a block device.
    #[arg(long, value_name = "PATH", group = "capability")]
    disk: Option<OsString>,
    /// Path of a character device.
    #[arg(long, value_name = "PATH", group = "capability")]
    chardev: Option<OsString>,
    #[command(flatten)]
    reason: Reason,
}

impl Hostdev {
    /// A storage or misc capability.
    pub(crate) fn event(self) -> EventResult {
        let resource = match self.disk {
            Some(disk) => Resource::HostdevStorage(Some(value(disk))),
            None => Resource::HostdevMisc(self.chardev.map(value)),
        };
        event(self.reason.reason, resource)
    }
}

/// A TPM.
#[derive(Args, Debug)]
pub(crate) struct Tpm {
    /// Path of the TPM's device, or of the emulator's socket.
    #[arg(long, value_name = "PATH")]
    device: OsString,
    #[command(flatten)]
    reason: Reason,
}

impl Tpm {
    /// A TPM of any kind.
    pub(crate) fn event(self, kind: TpmKind) -> EventResult {
        event(self.reason.reason, Resource::Tpm { kind, path: Some(value(self.device)) })
    }
}

/// Shared memory.
#[derive(Args, Debug)]
pub(crate) struct Shmem {
    /// Name of the shared memory in /dev/shm.
    #[arg(long, value_name = "NAME", value_parser = word())]
    shmem: OsString,
    /// Size of the shared memory.
    #[arg(long, value_name = "BYTES")]
    size: u64,
    #[command(flatten)]
    reason: Reason,
}

impl Shmem {
    /// Shared memory without a server.
    pub(crate) fn event(self) -> EventResult {
        let resource = Resource::Shmem { name: value(self.shmem), size: self.size };
        event(self.reason.reason, resource)
    }
}

/// An optional path.
#[derive(Args, Debug)]
pub(crate) struct PathOnly {
    /// Path of the device or socket [default: recorded as ?].
    #[arg(long, value_name = "PATH")]
    path: Option<OsString>,
    #[command(flatten)]
    reason: Reason,
}

impl PathOnly {
    /// An input device, or the server of shared memory.
    pub(crate) fn event(
        self,
        make: fn(Option<Value<'static>>) -> Resource<'static>,
    ) -> EventResult {
        event(self.reason.reason, make(self.path.map(value)))
    }
}

/// Memory.
#[derive(Args, Debug)]
pub(crate) struct Memory {
    /// Memory before the change, in KiB.
    #[arg(long, value_name = "KIB", default_value_t = 0)]
    old: u64,
    /// Memory after the change, in KiB.
    #[arg(long, value_name = "KIB")]
    new: u64,
    /// Reason; libvirt's are start and update.
    #[arg(long, value_name = "REASON", default_value = "update", value_parser = word())]
    reason: OsString,
}

impl Memory {
    /// The guest's memory.
    pub(crate) fn event(self) -> EventResult {
        event(self.reason, Resource::Memory { old: self.old, new: self.new })
    }
}

/// An old and a new number.
#[derive(Args, Debug)]
pub(crate) struct Number {
    /// Number before the change.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    old: u32,
    /// Number after the change.
    #[arg(long, value_name = "NUMBER")]
    new: u32,
    /// Reason; libvirt's are start and update.
    #[arg(long, value_name = "REASON", default_value = "update", value_parser = word())]
    reason: OsString,
}

impl Number {
    /// The number of virtual CPUs or I/O threads.
    pub(crate) fn event(self, make: fn(u32, u32) -> Resource<'static>) -> EventResult {
        event(self.reason, make(self.old, self.new))
    }
}

/// The devices that a cgroup rule covers.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Class {
    /// Every device.
    All,
    /// One device, by its path.
    Path,
    /// All devices with a major number.
    Major,
}

/// A rule of the devices cgroup.
#[derive(Args, Debug)]
pub(crate) struct Cgroup {
    /// Path of the guest's cgroup [default: recorded as ?].
    #[arg(long, value_name = "PATH")]
    cgroup: Option<OsString>,
    /// Devices of the rule: all devices, one path, or one major number.
    #[arg(
        long,
        value_name = "all|path|major",
        value_enum,
        default_value = "all",
        hide_possible_values = true
    )]
    class: Class,
    /// Path of the device (with --class path).
    #[arg(long, value_name = "PATH", required_if_eq("class", "path"))]
    path: Option<OsString>,
    /// Device number in hex [default: that of the file at --path].
    #[arg(long, value_name = "MAJ:MIN", requires = "path")]
    rdev: Option<Rdev>,
    /// Name of the devices, such as pty (with --class major).
    #[arg(long, value_name = "NAME", value_parser = word(), required_if_eq("class", "major"))]
    category: Option<OsString>,
    /// Major number, decimal or hex with 0x (with --class major).
    #[arg(long, value_name = "NUMBER", value_parser = number, required_if_eq("class", "major"))]
    major: Option<u32>,
    /// Permissions, one or more of r, w and m (with --class path and --class major).
    #[arg(long, value_name = "PERMS", value_parser = acl,
        required_if_eq_any([("class", "path"), ("class", "major")]))]
    acl: Option<String>,
    /// Reason: allow or deny [default: deny with --class all, else allow].
    #[arg(long, value_name = "REASON", value_parser = word())]
    reason: Option<OsString>,
}

impl Cgroup {
    /// A cgroup rule.
    pub(crate) fn event(self) -> EventResult {
        let Self { cgroup, class, path, rdev, category, major, acl, reason } = self;
        let strange = |option| {
            let class = class.to_possible_value().unwrap_or_default();
            let class = class.get_name();
            Err(Failure::bad_input(format!(
                "emit cgroup: {option} can't be used with --class {class}"
            )))
        };
        let (default, access) = match (class, path, category, major, acl) {
            (Class::All, None, None, None, None) => ("deny", Access::All),
            (Class::Path, Some(path), None, None, Some(acl)) => {
                let path = value(path);
                let rdev = rdev_of(rdev, &path);
                ("allow", Access::Path { path: Some(path), rdev, acl: acl.into() })
            }
            (Class::Major, None, Some(category), Some(major), Some(acl)) => {
                ("allow", Access::Major { category: value(category), major, acl: acl.into() })
            }
            (Class::All | Class::Major, Some(_), ..) => return strange("--path"),
            (Class::All | Class::Path, _, Some(_), ..) => return strange("--category"),
            (Class::All | Class::Path, _, _, Some(_), _) => return strange("--major"),
            _ => return strange("--acl"),
        };
        let reason = reason.unwrap_or(default.into());
        event(reason, Resource::Cgroup { path: cgroup.map(value), access })
    }
}
