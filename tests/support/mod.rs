//! Random records, for the properties that every record must have.

pub(crate) mod forms;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use viraudit::record::{
    Access, Change, Control, ControlOp, Count, Event, HostDevice, Lifecycle, Mac, MachineId, Rdev,
    Resource, TpmKind,
};
use viraudit::{Guest, Record, Uuid, Value};

/// What somebody might try.
const HOSTILE: &[&[u8]] = &[
    b"a res=failed",
    b"x\ntype=VIRT_CONTROL msg=audit(1.1:1): ",
    b"it's",
    b"' exe=\"/bin/sh\" res=success'",
    b"\x1dUID=\"root\"",
    b"4142",
    b"(null)",
    b" exe=",
    b" truncated=vm",
];

/// Bytes as callers give them: mostly harmless, often hostile, sometimes anything.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-z0-9/._-]{1,40}".prop_map(String::into_bytes),
        2 => "[ -~]{0,30}".prop_map(String::into_bytes),
        1 => "\\PC{0,20}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..40),
        1 => prop::sample::select(HOSTILE).prop_map(<[u8]>::to_vec),
    ]
}

/// An encoded value. `?` is left out: it is what a missing one looks like.
fn value() -> BoxedStrategy<Value<'static>> {
    bytes().prop_filter("a missing value", |bytes| bytes != b"?").prop_map(Value::from).boxed()
}

/// A raw value. Harmless text that looks like the hex of harmful bytes is left out: a reader
/// can't know, and takes it for that.
fn raw() -> BoxedStrategy<Value<'static>> {
    value()
        .prop_filter("looks like hex", |value| *viraudit::encode::decode_raw(value) == **value)
        .boxed()
}

/// A change that is worth a record, or isn't.
fn change() -> impl Strategy<Value = Change<'static>> {
    (option::of(value()), option::of(value())).prop_map(|(old, new)| Change { old, new })
}

fn mac() -> impl Strategy<Value = Mac> {
    any::<[u8; 6]>().prop_map(Mac)
}

fn rdev() -> impl Strategy<Value = Option<Rdev>> {
    option::of((any::<u32>(), any::<u32>()).prop_map(|(major, minor)| Rdev { major, minor }))
}

fn count() -> impl Strategy<Value = Count> {
    (any::<u32>(), any::<u32>()).prop_map(|(old, new)| Count { old, new })
}

fn host_device() -> BoxedStrategy<HostDevice<'static>> {
    prop_oneof![
        any::<(u32, u32)>().prop_map(|(bus, device)| HostDevice::Usb { bus, device }),
        any::<(u32, u32, u32, u32)>().prop_map(|(domain, bus, slot, function)| HostDevice::Pci {
            domain,
            bus,
            slot,
            function
        }),
        (value(), any::<(u32, u32, u64)>()).prop_map(|(adapter, (bus, target, unit))| {
            HostDevice::Scsi { adapter, bus, target, unit }
        }),
        option::of(value()).prop_map(HostDevice::ScsiHost),
        option::of(value()).prop_map(HostDevice::Mdev),
        Just(HostDevice::Redirected),
    ]
    .boxed()
}

fn access() -> BoxedStrategy<Access<'static>> {
    prop_oneof![
        Just(Access::All),
        (option::of(value()), rdev(), raw()).prop_map(|(path, rdev, acl)| Access::Path {
            path,
            rdev,
            acl
        }),
        (raw(), any::<u32>(), raw()).prop_map(|(category, major, acl)| Access::Major {
            category,
            major,
            acl
        }),
    ]
    .boxed()
}

fn resource() -> BoxedStrategy<Resource<'static>> {
    let kinds = [TpmKind::Passthrough, TpmKind::Emulator, TpmKind::External];
    let kind = prop::sample::select(kinds.to_vec());
    prop_oneof![
        change().prop_map(Resource::Disk),
        change().prop_map(Resource::Fs),
        change().prop_map(Resource::Chardev),
        change().prop_map(Resource::Rng),
        change().prop_map(Resource::Smartcard),
        (option::of(mac()), option::of(mac())).prop_map(|(old, new)| Resource::Net { old, new }),
        (mac(), option::of(value()), rdev()).prop_map(|(mac, path, rdev)| Resource::NetDevice {
            mac,
            path,
            rdev
        }),
        host_device().prop_map(Resource::Dev),
        option::of(value()).prop_map(Resource::HostdevStorage),
        option::of(value()).prop_map(Resource::HostdevMisc),
        (kind, option::of(value())).prop_map(|(kind, path)| Resource::Tpm { kind, path }),
        (raw(), any::<u64>()).prop_map(|(name, size)| Resource::Shmem { name, size }),
        option::of(raw()).prop_map(Resource::ShmemServer),
        option::of(raw()).prop_map(Resource::Evdev),
        any::<(u64, u64)>().prop_map(|(old, new)| Resource::Memory { old, new }),
        count().prop_map(Resource::Vcpu),
        count().prop_map(Resource::IoThread),
        (option::of(value()), access())
            .prop_map(|(path, access)| Resource::Cgroup { path, access }),
    ]
    .boxed()
}

fn control() -> BoxedStrategy<Control<'static>> {
    let op = prop_oneof![
        raw().prop_map(|reason| ControlOp::Start { reason }),
        raw().prop_map(|reason| ControlOp::Stop { reason }),
        any::<(i64, u64)>().prop_map(|(init_pid, pid_ns)| ControlOp::Init { init_pid, pid_ns }),
    ];
    (op, any::<i64>()).prop_map(|(op, pid)| Control { op, pid }).boxed()
}

fn lifecycle() -> BoxedStrategy<Lifecycle<'static>> {
    prop_oneof![
        (value(), value())
            .prop_map(|(mechanism, action)| Lifecycle::IntegrityCheck { mechanism, action }),
        (raw(), option::of(value()))
            .prop_map(|(reason, image)| Lifecycle::Create { reason, image }),
        (raw(), option::of(value()))
            .prop_map(|(reason, image)| Lifecycle::Destroy { reason, image }),
        (raw(), option::of(value()))
            .prop_map(|(reason, peer)| Lifecycle::MigrateIn { reason, peer }),
        (raw(), option::of(value()))
            .prop_map(|(reason, peer)| Lifecycle::MigrateOut { reason, peer }),
    ]
    .boxed()
}

fn event() -> BoxedStrategy<Event<'static>> {
    let labels = (option::of(raw()), option::of(raw()), option::of(raw()));
    prop_oneof![
        1 => control().prop_map(Event::Control),
        1 => labels.prop_map(|(vm_ctx, img_ctx, model)| {
            Event::MachineId(MachineId { vm_ctx, img_ctx, model })
        }),
        6 => (raw(), resource())
            .prop_map(|(reason, resource)| Event::Resource { reason, resource }),
        1 => lifecycle().prop_map(Event::Lifecycle),
    ]
    .boxed()
}

/// Any record.
pub(crate) fn record() -> impl Strategy<Value = Record<'static>> {
    (raw(), value(), any::<[u8; 16]>(), event(), any::<bool>()).prop_map(
        |(virt, name, uuid, event, success)| Record {
            guest: Guest::new(virt, name, Uuid(uuid)),
            event,
            success,
        },
    )
}
