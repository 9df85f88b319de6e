//! Borrowing a record again, and owning one: what a definition keeps, every record of it borrows.

use super::address::{Mac, Rdev};
use super::control::{Control, ControlOp};
use super::host_device::HostDevice;
use super::lifecycle::Lifecycle;
use super::machine_id::MachineId;
use super::resource::{Access, Change, Count, Resource, TpmKind};
use super::{Event, Record};
use crate::value::Value;

/// `borrowed` and `into_owned` for types without either.
trait Part {
    type Borrowed<'b>
    where
        Self: 'b;
    type Owned;

    fn borrowed(&self) -> Self::Borrowed<'_>;
    fn into_owned(self) -> Self::Owned;
}

impl Part for Option<Value<'_>> {
    type Borrowed<'b>
        = Option<Value<'b>>
    where
        Self: 'b;
    type Owned = Option<Value<'static>>;

    fn borrowed(&self) -> Option<Value<'_>> {
        self.as_ref().map(Value::borrowed)
    }

    fn into_owned(self) -> Option<Value<'static>> {
        self.map(Value::into_owned)
    }
}

macro_rules! copied {
    ($($type:ty)+) => { $(
        impl Part for $type {
            type Borrowed<'b> = Self;
            type Owned = Self;

            fn borrowed(&self) -> Self {
                *self
            }

            fn into_owned(self) -> Self {
                self
            }
        }
    )+ };
}

copied! { bool u32 u64 i64 Count TpmKind Mac Option<Mac> Option<Rdev> }

/// Both methods of a type, from its fields or from its variants and theirs.
macro_rules! parts {
    ($(struct $type:ident { $($field:ident),+ })+) => { $(
        impl $type<'_> {
            /// The same, borrowed: no allocation.
            pub fn borrowed(&self) -> $type<'_> {
                let Self { $($field),+ } = self;
                $type { $($field: $field.borrowed()),+ }
            }

            /// The same, owning its texts.
            pub fn into_owned(self) -> $type<'static> {
                let Self { $($field),+ } = self;
                $type { $($field: $field.into_owned()),+ }
            }
        }
    )+ };
    ($(enum $type:ident { $(
        $variant:ident $(($part:ident))? $({ $($field:ident),+ })?
    ),+ $(,)? })+) => { $(
        impl $type<'_> {
            /// The same, borrowed: no allocation.
            pub fn borrowed(&self) -> $type<'_> {
                match self { $(
                    Self::$variant $(($part))? $({ $($field),+ })? => $type::$variant
                        $(($part.borrowed()))? $({ $($field: $field.borrowed()),+ })?,
                )+ }
            }

            /// The same, owning its texts.
            pub fn into_owned(self) -> $type<'static> {
                match self { $(
                    Self::$variant $(($part))? $({ $($field),+ })? => $type::$variant
                        $(($part.into_owned()))? $({ $($field: $field.into_owned()),+ })?,
                )+ }
            }
        }
    )+ };
}

parts! {
    struct Record { guest, event, success }
    struct Change { old, new }
    struct MachineId { vm_ctx, img_ctx, model }
    struct Control { op, pid }
}

parts! {
    enum Event {
        Control(control),
        MachineId(labels),
        Resource { reason, resource },
        Lifecycle(event),
    }
    enum ControlOp {
        Start { reason },
        Stop { reason },
        Init { init_pid, pid_ns },
    }
    enum Lifecycle {
        IntegrityCheck { mechanism, action },
        Create { reason, image },
        Destroy { reason, image },
        MigrateIn { reason, peer },
        MigrateOut { reason, peer },
    }
    enum HostDevice {
        Usb { bus, device },
        Pci { domain, bus, slot, function },
        Scsi { adapter, bus, target, unit },
        ScsiHost(wwpn),
        Mdev(uuid),
        Redirected,
    }
    enum Access {
        All,
        Path { path, rdev, acl },
        Major { category, major, acl },
    }
    enum Resource {
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
        Vcpu(count),
        IoThread(count),
        Cgroup { path, access },
    }
}
