//! One method for each event of a guest: C's virAuditDomain functions, in Rust.

use super::{Auditor, Batch};
use crate::client::{self, ClientIdentity};
use crate::log::Caller;
use crate::record::{
    Access, Change, Control, ControlOp, HostDevice, Lifecycle, Mac, MachineId, Rdev, TpmKind,
};
use crate::{Event, Failure, Guest, Record, Resource, Value};
use std::cell::RefCell;

/// Sends records about one guest, or adds them to a batch: [`Auditor::guest`], [`Batch::guest`].
///
/// Each method is one record. Its result is that of [`Auditor::emit`]; in a batch there is none,
/// because [`Batch::send`] has it.
///
/// `reason` is `start` while the guest starts, `attach` and `detach` for devices that are plugged
/// while it runs, and `update` for changes. `success` is whether the operation succeeded: failures
/// are recorded too. A path is the host's; `None` is no path.
///
/// ```
/// use viraudit::{Auditor, Guest, MockBackend, Options};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::new())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
///
/// let mut batch = auditor.batch();
/// let starting = batch.guest(&guest);
/// starting.disk(None, Some("/images/web1.qcow2".into()), "start", true);
/// starting.memory(0, 2 * 1024 * 1024, "start", true); // KiB
/// starting.start("booted", 4711, true);
/// batch.send()?;
///
/// let running = auditor.guest(&guest);
/// running.disk(None, Some("/images/data.qcow2".into()), "attach", true)?;
/// running.stop("shutdown", 0)?;
/// assert_eq!(mock.records().len(), 5);
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct GuestAuditor<'a, D = &'a Auditor> {
    destination: D,
    guest: &'a Guest<'a>,
    client: Option<&'a ClientIdentity<'a>>,
}

/// Where a [`GuestAuditor`] passes its records: an auditor or a batch.
pub trait Destination: sealed::Sealed {
    /// The result for one record: `Result<(), Failure>` of an auditor, `()` of a batch.
    type Outcome;

    /// The result for an event that has no record.
    #[doc(hidden)]
    const NO_RECORD: Self::Outcome;

    #[doc(hidden)]
    fn take(
        &self,
        record: &Record<'_>,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'static>,
    ) -> Self::Outcome;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &super::Auditor {}
    impl Sealed for super::InBatch<'_> {}
}

/// A batch that a [`GuestAuditor`] adds to.
#[derive(Debug)]
pub struct InBatch<'b>(RefCell<&'b mut Batch>);

impl Destination for &Auditor {
    type Outcome = Result<(), Failure>;

    const NO_RECORD: Self::Outcome = Ok(());

    fn take(
        &self,
        record: &Record<'_>,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'static>,
    ) -> Self::Outcome {
        self.emit_of(record, client, caller)
    }
}

impl Destination for InBatch<'_> {
    type Outcome = ();

    const NO_RECORD: Self::Outcome = ();

    fn take(
        &self,
        record: &Record<'_>,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'static>,
    ) {
        self.0.borrow_mut().push_of(record, client, caller);
    }
}

impl Auditor {
    /// Sends records about one guest.
    pub fn guest<'a>(&'a self, guest: &'a Guest<'a>) -> GuestAuditor<'a> {
        GuestAuditor { destination: self, guest, client: None }
    }
}

impl Batch {
    /// Adds records about one guest.
    pub fn guest<'a>(&'a mut self, guest: &'a Guest<'a>) -> GuestAuditor<'a, InBatch<'a>> {
        GuestAuditor { destination: InBatch(RefCell::new(self)), guest, client: None }
    }
}

/// Methods for resources: arguments, and the resource that they make.
macro_rules! resources {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) = $resource:expr;)*) => { $(
        $(#[$doc])*
        #[track_caller]
        pub fn $name<'v>(
            &self,
            $($arg: $kind,)*
            reason: impl Into<Value<'v>>,
            success: bool,
        ) -> D::Outcome
        where
            'a: 'v,
        {
            let event: Event<'v> = Event::Resource { reason: reason.into(), resource: $resource };
            let guest = self.guest.borrowed();
            self.take(&Record { guest, event, success }, Caller::here())
        }
    )* };
}

impl<D: Destination> GuestAuditor<'_, D> {
    #[track_caller]
    fn send(&self, event: Event<'_>, success: bool) -> D::Outcome {
        let record = Record { guest: self.guest.borrowed(), event, success };
        self.take(&record, Caller::here())
    }

    /// Passes a record on, with the client of this value or of this thread.
    fn take(&self, record: &Record<'_>, caller: Caller<'static>) -> D::Outcome {
        match self.client {
            Some(client) => self.destination.take(record, Some(client), caller),
            None => self.destination.take(record, client::current().as_deref(), caller),
        }
    }

    /// The guest starts. Sent after the records of its resources, also when the start failed.
    /// `pid` is the guest's process on the host.
    ///
    /// With a `DomainDef`, send its `start_records` instead.
    #[track_caller]
    pub fn start(&self, reason: &str, pid: i64, success: bool) -> D::Outcome {
        let op = ControlOp::Start { reason: reason.into() };
        self.send(Event::Control(Control { op, pid }), success)
    }

    /// The guest has stopped. libvirt's `pid` is 0 or -1 then.
    #[track_caller]
    pub fn stop(&self, reason: &str, pid: i64) -> D::Outcome {
        let op = ControlOp::Stop { reason: reason.into() };
        self.send(Event::Control(Control { op, pid }), true)
    }

    /// A container's init starts. `init_pid` is its process on the host, `pid_ns` the inode of its
    /// pid namespace.
    #[track_caller]
    pub fn init(&self, pid: i64, init_pid: i64, pid_ns: u64) -> D::Outcome {
        let op = ControlOp::Init { init_pid, pid_ns };
        self.send(Event::Control(Control { op, pid }), true)
    }

    /// A security label is bound to the guest. Sent first at a start, once for each label.
    #[track_caller]
    pub fn security_label(&self, labels: MachineId<'_>, success: bool) -> D::Outcome {
        self.send(Event::MachineId(labels), success)
    }

    /// One of the records that libvirt never emits: an integrity check, an image created or
    /// destroyed, a guest that arrives or leaves.
    #[track_caller]
    pub fn lifecycle(&self, event: Lifecycle<'_>, success: bool) -> D::Outcome {
        self.send(Event::Lifecycle(event), success)
    }

    /// A device is opened for a network interface, such as /dev/net/tun. The reason is `open`. The
    /// device's number is looked up now.
    #[track_caller]
    pub fn net_device(&self, mac: Mac, device: Option<Value<'_>>, success: bool) -> D::Outcome {
        let rdev = device.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
        let resource = Resource::NetDevice { mac, path: device, rdev };
        self.send(Event::Resource { reason: "open".into(), resource }, success)
    }

    /// A rule of the guest's devices cgroup for one device. `rc` is the result of applying it:
    /// below 0 a failure, 0 a success; above 0 there was nothing to do, and there is no record.
    #[track_caller]
    pub fn cgroup_path(
        &self,
        cgroup: Option<Value<'_>>,
        reason: &str,
        path: Option<Value<'_>>,
        acl: &str,
        rc: i32,
    ) -> D::Outcome {
        if rc > 0 {
            return D::NO_RECORD;
        }
        let rdev = path.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
        let access = Access::Path { path, rdev, acl: acl.into() };
        let resource = Resource::Cgroup { path: cgroup, access };
        self.send(Event::Resource { reason: reason.into(), resource }, rc == 0)
    }
}

impl<'a, D: Destination> GuestAuditor<'a, D> {
    /// Names `client` in each record, instead of this thread's client
    /// ([`ClientIdentity::scope`]). A [`ClientIdentity::new`] names none.
    pub fn for_client(self, client: &'a ClientIdentity<'a>) -> Self {
        Self { client: Some(client), ..self }
    }

    resources! {
        /// A disk's image or device. No record if neither side has a path.
        disk(old: Option<Value<'v>>, new: Option<Value<'v>>) = Resource::Disk(Change { old, new });
        /// A directory that is shared with the guest. No record if neither side has a path.
        fs(old: Option<Value<'v>>, new: Option<Value<'v>>) = Resource::Fs(Change { old, new });
        /// A serial, parallel, channel or console port. No record if neither side has a path.
        chardev(old: Option<Value<'v>>, new: Option<Value<'v>>)
            = Resource::Chardev(Change { old, new });
        /// A source of randomness. No record if neither side has a path.
        rng(old: Option<Value<'v>>, new: Option<Value<'v>>) = Resource::Rng(Change { old, new });
        /// A smartcard: a certificate, a database or a port's path.
        smartcard(new: Option<Value<'v>>) = Resource::Smartcard(Change { old: None, new });
        /// A network interface. No record if neither side has an address.
        net(old: Option<Mac>, new: Option<Mac>) = Resource::Net { old, new };
        /// A device of the host.
        host_device(device: HostDevice<'v>) = Resource::Dev(device);
        /// A USB device that is redirected from a client.
        redirdev() = Resource::Dev(HostDevice::Redirected);
        /// A block device of a container.
        hostdev_storage(block: Option<Value<'v>>) = Resource::HostdevStorage(block);
        /// A character device of a container.
        hostdev_misc(chardev: Option<Value<'v>>) = Resource::HostdevMisc(chardev);
        /// A TPM: its device, or its emulator's socket.
        tpm(kind: TpmKind, path: Option<Value<'v>>) = Resource::Tpm { kind, path };
        /// Shared memory without a server: its name below /dev/shm, its size in bytes.
        shmem(name: Value<'v>, size: u64) = Resource::Shmem { name, size };
        /// Shared memory with a server: the server's socket.
        shmem_server(path: Option<Value<'v>>) = Resource::ShmemServer(path);
        /// An input device of the host: passthrough or evdev.
        input(path: Option<Value<'v>>) = Resource::Evdev(path);
        /// Memory, in KiB.
        memory(old: u64, new: u64) = Resource::Memory { old, new };
        /// The number of virtual CPUs.
        vcpu(old: u32, new: u32) = Resource::Vcpu { old, new };
        /// The number of I/O threads.
        iothread(old: u32, new: u32) = Resource::IoThread { old, new };
        /// A rule of the guest's devices cgroup; `reason` is `allow` or `deny`.
        cgroup(path: Option<Value<'v>>, access: Access<'v>) = Resource::Cgroup { path, access };
    }
}
