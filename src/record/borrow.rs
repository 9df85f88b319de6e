//! Borrowing a resource or a label again: what a definition keeps, every record of it borrows.

use super::machine_id::MachineId;
use super::resource::{Access, Change, HostDevice, Resource};
use crate::value::Value;

fn borrow<'b>(value: &'b Option<Value<'_>>) -> Option<Value<'b>> {
    value.as_ref().map(Value::borrowed)
}

impl Change<'_> {
    /// The same change, borrowed: no allocation.
    pub fn borrowed(&self) -> Change<'_> {
        Change { old: borrow(&self.old), new: borrow(&self.new) }
    }
}

impl MachineId<'_> {
    /// The same labels, borrowed: no allocation.
    pub fn borrowed(&self) -> MachineId<'_> {
        MachineId {
            vm_ctx: borrow(&self.vm_ctx),
            img_ctx: borrow(&self.img_ctx),
            model: borrow(&self.model),
        }
    }
}

impl HostDevice<'_> {
    /// The same device, borrowed: no allocation.
    pub fn borrowed(&self) -> HostDevice<'_> {
        match self {
            Self::Usb { bus, device } => HostDevice::Usb { bus: *bus, device: *device },
            Self::Pci { domain, bus, slot, function } => {
                HostDevice::Pci { domain: *domain, bus: *bus, slot: *slot, function: *function }
            }
            Self::Scsi { adapter, bus, target, unit } => HostDevice::Scsi {
                adapter: adapter.borrowed(),
                bus: *bus,
                target: *target,
                unit: *unit,
            },
            Self::ScsiHost(wwpn) => HostDevice::ScsiHost(borrow(wwpn)),
            Self::Mdev(uuid) => HostDevice::Mdev(borrow(uuid)),
            Self::Redirected => HostDevice::Redirected,
        }
    }
}

impl Access<'_> {
    /// The same rule, borrowed: no allocation.
    pub fn borrowed(&self) -> Access<'_> {
        match self {
            Self::All => Access::All,
            Self::Path { path, rdev, acl } => {
                Access::Path { path: borrow(path), rdev: *rdev, acl: acl.borrowed() }
            }
            Self::Major { category, major, acl } => {
                Access::Major { category: category.borrowed(), major: *major, acl: acl.borrowed() }
            }
        }
    }
}

impl Resource<'_> {
    /// The same resource, borrowed: no allocation.
    pub fn borrowed(&self) -> Resource<'_> {
        match self {
            Self::Disk(change) => Resource::Disk(change.borrowed()),
            Self::Fs(change) => Resource::Fs(change.borrowed()),
            Self::Net { old, new } => Resource::Net { old: *old, new: *new },
            Self::NetDevice { mac, path, rdev } => {
                Resource::NetDevice { mac: *mac, path: borrow(path), rdev: *rdev }
            }
            Self::Chardev(change) => Resource::Chardev(change.borrowed()),
            Self::Rng(change) => Resource::Rng(change.borrowed()),
            Self::Smartcard(change) => Resource::Smartcard(change.borrowed()),
            Self::Dev(device) => Resource::Dev(device.borrowed()),
            Self::HostdevStorage(path) => Resource::HostdevStorage(borrow(path)),
            Self::HostdevMisc(path) => Resource::HostdevMisc(borrow(path)),
            Self::Tpm { kind, path } => Resource::Tpm { kind: *kind, path: borrow(path) },
            Self::Shmem { name, size } => Resource::Shmem { name: name.borrowed(), size: *size },
            Self::ShmemServer(path) => Resource::ShmemServer(borrow(path)),
            Self::Evdev(path) => Resource::Evdev(borrow(path)),
            Self::Memory { old, new } => Resource::Memory { old: *old, new: *new },
            Self::Vcpu(count) => Resource::Vcpu(*count),
            Self::IoThread(count) => Resource::IoThread(*count),
            Self::Cgroup { path, access } => {
                Resource::Cgroup { path: borrow(path), access: access.borrowed() }
            }
        }
    }
}
