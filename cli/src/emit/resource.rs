//! The arguments of VIRT_RESOURCE records, one struct for each shape.

use super::value::{acl, need, number, rdev_of, value, word};
use crate::failure::Failure;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use viraudit::record::{Access, Count, HostDevice, Mac, Rdev, TpmKind};
use viraudit::{Change, Event, Resource, Value};

/// Something that makes a resource's event out of arguments.
type Made = Result<Event<'static>, Failure>;

fn event(reason: OsString, resource: Resource<'static>) -> Made {
    Ok(Event::Resource { reason: value(reason), resource })
}

/// Why the resource changed.
#[derive(Args, Debug)]
pub(crate) struct Reason {
    /// Why; libvirt's reasons: start attach detach update mirror snapshot.
    #[arg(long, default_value = "attach", value_parser = word())]
    reason: OsString,
}

/// A path and what it was.
#[derive(Args, Debug)]
pub(crate) struct PathChange {
    /// What is taken away.
    #[arg(long, value_name = "PATH")]
    old: Option<OsString>,
    /// What is assigned.
    #[arg(long, value_name = "PATH")]
    new: Option<OsString>,
    #[command(flatten)]
    reason: Reason,
}

impl PathChange {
    /// libvirt writes no record where neither side has a path; here that's a mistake.
    pub(crate) fn event(self, make: fn(Change<'static>) -> Resource<'static>) -> Made {
        let any = self.old.is_some() || self.new.is_some();
        let resource = make(Change { old: self.old.map(value), new: self.new.map(value) });
        need(any, resource.kind(), "--old, --new or both")?;
        event(self.reason.reason, resource)
    }
}

/// A network interface.
#[derive(Args, Debug)]
pub(crate) struct Net {
    /// The interface that is taken away.
    #[arg(long, value_name = "MAC")]
    old: Option<Mac>,
    /// The interface that is assigned.
    #[arg(long, value_name = "MAC")]
    new: Option<Mac>,
    /// The interface whose device is opened; with --device.
    #[arg(long, value_name = "MAC", requires = "device",
        conflicts_with_all = ["old", "new"])]
    mac: Option<Mac>,
    /// The device that is opened, such as /dev/net/tun; with --mac.
    #[arg(long, value_name = "PATH", requires = "mac")]
    device: Option<OsString>,
    /// The device's number, hex; by default that of what is at --device now.
    #[arg(long, value_name = "MAJ:MIN", requires = "device")]
    rdev: Option<Rdev>,
    /// Why [default: attach; open with --mac].
    #[arg(long, value_parser = word())]
    reason: Option<OsString>,
}

impl Net {
    /// A change of an interface, or a device that is opened for one.
    pub(crate) fn event(self) -> Made {
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

/// The buses, by the names that records give them.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bus {
    /// BUS.DEV, decimal, as in lsusb: 3.7
    Usb,
    /// [DOMAIN:]BUS:SLOT.FUNCTION, hex, as in lspci: 0000:03:00.0
    Pci,
    /// ADAPTER:BUS:TARGET:UNIT: scsi_host0:0:2:0
    Scsi,
    /// The vhost WWPN: naa.5001405df3e54061
    #[value(name = "scsi_host", alias = "scsi-host")]
    ScsiHost,
    /// The mediated device's UUID
    Mdev,
}

/// A device of the host.
#[derive(Args, Debug)]
pub(crate) struct Dev {
    /// The bus it is on, which says how its address is written.
    #[arg(long, value_enum)]
    bus: Bus,
    /// Its address on the bus.
    #[arg(long, value_name = "ADDRESS")]
    device: OsString,
    #[command(flatten)]
    reason: Reason,
}

impl Dev {
    /// A host device, its address checked.
    pub(crate) fn event(self) -> Made {
        let bus = self.bus.to_possible_value().unwrap_or_default();
        let device = self.device.as_bytes();
        let device = HostDevice::parse_address(bus.get_name(), device).map_err(|form| {
            let address = self.device.display();
            Failure::bad_input(format!("emit dev: --device {address} is wrong: it must be {form}"))
        })?;
        event(self.reason.reason, Resource::Dev(device))
    }
}

/// A redirected USB device: it has no address on this host.
#[derive(Args, Debug)]
pub(crate) struct Redirdev {
    #[command(flatten)]
    reason: Reason,
}

impl Redirdev {
    /// libvirt's record of any redirected device.
    pub(crate) fn event(self) -> Made {
        event(self.reason.reason, Resource::Dev(HostDevice::Redirected))
    }
}

/// A device that a container gets.
#[derive(Args, Debug)]
#[group(id = "capability", required = true, multiple = false)]
pub(crate) struct Hostdev {
    /// A block device.
    #[arg(long, value_name = "PATH", group = "capability")]
    disk: Option<OsString>,
    /// A character device.
    #[arg(long, value_name = "PATH", group = "capability")]
    chardev: Option<OsString>,
    #[command(flatten)]
    reason: Reason,
}

impl Hostdev {
    /// A storage or a misc capability.
    pub(crate) fn event(self) -> Made {
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
    /// The TPM's device, or the emulator's socket.
    #[arg(long, value_name = "PATH")]
    device: OsString,
    #[command(flatten)]
    reason: Reason,
}

impl Tpm {
    /// A TPM of any kind.
    pub(crate) fn event(self, kind: TpmKind) -> Made {
        event(self.reason.reason, Resource::Tpm { kind, path: Some(value(self.device)) })
    }
}

/// Shared memory.
#[derive(Args, Debug)]
pub(crate) struct Shmem {
    /// Its name below /dev/shm.
    #[arg(long, value_name = "NAME", value_parser = word())]
    shmem: OsString,
    /// Its size in bytes.
    #[arg(long, value_name = "BYTES")]
    size: u64,
    #[command(flatten)]
    reason: Reason,
}

impl Shmem {
    /// Shared memory without a server.
    pub(crate) fn event(self) -> Made {
        let resource = Resource::Shmem { name: value(self.shmem), size: self.size };
        event(self.reason.reason, resource)
    }
}

/// A path that may be missing.
#[derive(Args, Debug)]
pub(crate) struct PathOnly {
    /// The path; `?` in the record without it.
    #[arg(long)]
    path: Option<OsString>,
    #[command(flatten)]
    reason: Reason,
}

impl PathOnly {
    /// An input device, or a server of shared memory.
    pub(crate) fn event(self, make: fn(Option<Value<'static>>) -> Resource<'static>) -> Made {
        event(self.reason.reason, make(self.path.map(value)))
    }
}

/// Memory.
#[derive(Args, Debug)]
pub(crate) struct Memory {
    /// Before, in KiB.
    #[arg(long, value_name = "KIB", default_value_t = 0)]
    old: u64,
    /// After, in KiB.
    #[arg(long, value_name = "KIB")]
    new: u64,
    /// Why; libvirt's reasons: start update.
    #[arg(long, default_value = "update", value_parser = word())]
    reason: OsString,
}

impl Memory {
    /// The guest's memory.
    pub(crate) fn event(self) -> Made {
        event(self.reason, Resource::Memory { old: self.old, new: self.new })
    }
}

/// A number of something.
#[derive(Args, Debug)]
pub(crate) struct Number {
    /// Before.
    #[arg(long, value_name = "N", default_value_t = 0)]
    old: u32,
    /// After.
    #[arg(long, value_name = "N")]
    new: u32,
    /// Why; libvirt's reasons: start update.
    #[arg(long, default_value = "update", value_parser = word())]
    reason: OsString,
}

impl Number {
    /// CPUs or I/O threads.
    pub(crate) fn event(self, make: fn(Count) -> Resource<'static>) -> Made {
        event(self.reason, make(Count { old: self.old, new: self.new }))
    }
}

/// What a rule of the devices cgroup is about.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Class {
    /// Every device
    All,
    /// One device: with --path and --acl
    Path,
    /// All devices of a major number: with --category, --major and --acl
    Major,
}

/// A rule of the devices cgroup.
#[derive(Args, Debug)]
pub(crate) struct Cgroup {
    /// The guest's cgroup; `?` in the record without it (no devices controller).
    #[arg(long, value_name = "PATH")]
    cgroup: Option<OsString>,
    /// What the rule is about.
    #[arg(long, value_enum, default_value = "all")]
    class: Class,
    /// The device (--class path).
    #[arg(long, value_name = "PATH", required_if_eq("class", "path"))]
    path: Option<OsString>,
    /// The device's number, hex; by default that of what is at --path now.
    #[arg(long, value_name = "MAJ:MIN", requires = "path")]
    rdev: Option<Rdev>,
    /// What the devices are called, such as pty (--class major).
    #[arg(long, value_name = "NAME", value_parser = word(), required_if_eq("class", "major"))]
    category: Option<OsString>,
    /// The major number, decimal, or hex with 0x (--class major).
    #[arg(long, value_name = "N", value_parser = number, required_if_eq("class", "major"))]
    major: Option<u32>,
    /// The permissions, out of r, w and m.
    #[arg(long, value_name = "PERMS", value_parser = acl,
        required_if_eq_any([("class", "path"), ("class", "major")]))]
    acl: Option<String>,
    /// Why: allow or deny [default: deny for --class all, else allow].
    #[arg(long, value_parser = word())]
    reason: Option<OsString>,
}

impl Cgroup {
    /// A rule that was set.
    pub(crate) fn event(self) -> Made {
        let Self { cgroup, class, path, rdev, category, major, acl, reason } = self;
        let strange = |option| {
            Err(Failure::bad_input(format!("emit cgroup: {option} doesn't go with this --class")))
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
