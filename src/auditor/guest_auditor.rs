//! A method for each thing that can be said about a guest: C's virAuditDomain functions, in Rust.

use super::Auditor;
use crate::log::Caller;
use crate::record::{
    Access, Change, Control, ControlOp, Count, HostDevice, Lifecycle, Mac, MachineId, Rdev, TpmKind,
};
use crate::{Event, Failure, Guest, Record, Resource, Value};

/// What became of one record: see [`Auditor::emit`] for the errors.
type Sent = Result<(), Failure>;

/// An auditor with a guest: [`Auditor::guest`].
///
/// Each method sends one record. `reason` is why: `start` while the guest starts, `attach` and
/// `detach` for what is plugged while it runs, `update` for what changes; `success` whether that
/// worked: failures are recorded too. Paths are what the host knows them by; `None` is none.
///
/// ```
/// use viraudit::{Auditor, Guest, MockBackend, Options};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::default())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// let web1 = auditor.guest(&guest);
///
/// web1.memory(0, 2 * 1024 * 1024, "start", true)?; // KiB
/// web1.start("booted", 4711, true)?;
/// web1.disk(None, Some("/images/data.qcow2".into()), "attach", true)?;
/// web1.stop("shutdown", 0)?;
/// assert_eq!(mock.records().len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GuestAuditor<'a> {
    auditor: &'a Auditor,
    guest: &'a Guest<'a>,
}

impl Auditor {
    /// Records about one guest.
    pub fn guest<'a>(&'a self, guest: &'a Guest<'a>) -> GuestAuditor<'a> {
        GuestAuditor { auditor: self, guest }
    }
}

/// Methods for resources: the record's kind, and what makes its tail.
macro_rules! resources {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $kind:ty),*) = $resource:expr;)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        ///
        /// Why the record wasn't delivered: see [`Auditor::emit`].
        #[track_caller]
        pub fn $name<'v>(
            &self,
            $($arg: $kind,)*
            reason: impl Into<Value<'v>>,
            success: bool,
        ) -> Sent
        where
            'a: 'v,
        {
            let guest = self.guest.borrowed();
            let record: Record<'v> = Record::resource(guest, reason, $resource, success);
            self.auditor.emit_for(&record, Caller::here())
        }
    )* };
}

impl<'a> GuestAuditor<'a> {
    #[track_caller]
    fn send(&self, event: Event<'_>, success: bool) -> Sent {
        let record = Record { guest: self.guest.borrowed(), event, success };
        self.auditor.emit_for(&record, Caller::here())
    }

    /// The guest starts: sent last, after the records of all that it gets, and also when the start
    /// failed. `pid` is its process on the host. (With a [`DomainDef`](crate::DomainDef), send its
    /// `start_records` instead.)
    ///
    /// # Errors
    ///
    /// Why the record wasn't delivered: see [`Auditor::emit`].
    #[track_caller]
    pub fn start(&self, reason: &str, pid: i64, success: bool) -> Sent {
        self.send(
            Event::Control(Control { op: ControlOp::Start { reason: reason.into() }, pid }),
            success,
        )
    }

    /// The guest has stopped. libvirt's `pid` is 0 or -1 then.
    ///
    /// # Errors
    ///
    /// Why the record wasn't delivered: see [`Auditor::emit`].
    #[track_caller]
    pub fn stop(&self, reason: &str, pid: i64) -> Sent {
        self.send(
            Event::Control(Control { op: ControlOp::Stop { reason: reason.into() }, pid }),
            true,
        )
    }

    /// A container's init starts: its process on the host, and its pid namespace's inode.
    ///
    /// # Errors
    ///
    /// Why the record wasn't delivered: see [`Auditor::emit`].
    #[track_caller]
    pub fn init(&self, pid: i64, init_pid: i64, pid_ns: u64) -> Sent {
        self.send(Event::Control(Control { op: ControlOp::Init { init_pid, pid_ns }, pid }), true)
    }

    /// A security label is bound to the guest: sent before anything else of a start, once for each
    /// label.
    ///
    /// # Errors
    ///
    /// Why the record wasn't delivered: see [`Auditor::emit`].
    #[track_caller]
    pub fn security_label(&self, labels: MachineId<'_>, success: bool) -> Sent {
        self.send(Event::MachineId(labels), success)
    }

    /// One of the records that libvirt never emits: an integrity check, an image created or
    /// destroyed, a guest that arrives or leaves.
    ///
    /// # Errors
    ///
    /// Why the record wasn't delivered: see [`Auditor::emit`].
    #[track_caller]
    pub fn lifecycle(&self, event: Lifecycle<'_>, success: bool) -> Sent {
        self.send(Event::Lifecycle(event), success)
    }

    resources! {
        /// A disk's image or device. No record where neither side has a path.
        disk(old: Option<Value<'v>>, new: Option<Value<'v>>) = Resource::Disk(Change { old, new });
        /// A directory that is shared with the guest. No record where neither side has a path.
        fs(old: Option<Value<'v>>, new: Option<Value<'v>>) = Resource::Fs(Change { old, new });
        /// A serial, parallel, channel or console port. No record where neither side has a path.
        chardev(old: Option<Value<'v>>, new: Option<Value<'v>>)
            = Resource::Chardev(Change { old, new });
        /// A source of randomness. No record where neither side has a path.
        rng(old: Option<Value<'v>>, new: Option<Value<'v>>) = Resource::Rng(Change { old, new });
        /// A smartcard: a certificate, a database or a port's path.
        smartcard(new: Option<Value<'v>>) = Resource::Smartcard(Change { old: None, new });
        /// A network interface.
        net(old: Option<Mac>, new: Option<Mac>) = Resource::Net { old, new };
        /// A device of the host.
        host_device(device: HostDevice<'v>) = Resource::Dev(device);
        /// A USB device that is redirected from a client.
        redirdev() = Resource::Dev(HostDevice::Redirected);
        /// A block device that a container gets.
        hostdev_storage(block: Option<Value<'v>>) = Resource::HostdevStorage(block);
        /// A character device that a container gets.
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
        vcpu(old: u32, new: u32) = Resource::Vcpu(Count { old, new });
        /// The number of I/O threads.
        iothread(old: u32, new: u32) = Resource::IoThread(Count { old, new });
        /// A rule of the guest's devices cgroup; `reason` is `allow` or `deny`.
        cgroup(path: Option<Value<'v>>, access: Access<'v>) = Resource::Cgroup { path, access };
    }

    /// A device is opened for a network interface, such as /dev/net/tun; the reason is `open`, and
    /// the device's number is looked up now.
    ///
    /// # Errors
    ///
    /// Why the record wasn't delivered: see [`Auditor::emit`].
    #[track_caller]
    pub fn net_device(&self, mac: Mac, device: Option<Value<'_>>, success: bool) -> Sent {
        let rdev = device.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
        let resource = Resource::NetDevice { mac, path: device, rdev };
        self.send(Event::Resource { reason: "open".into(), resource }, success)
    }

    /// A rule of the guest's devices cgroup about one device, after it was tried: `rc` below 0 is
    /// a failure, 0 a success, and above 0 nothing was to be done, which is no record.
    ///
    /// # Errors
    ///
    /// Why the record wasn't delivered: see [`Auditor::emit`].
    #[track_caller]
    pub fn cgroup_path(
        &self,
        cgroup: Option<Value<'_>>,
        reason: &str,
        path: Option<Value<'_>>,
        acl: &str,
        rc: i32,
    ) -> Sent {
        if rc > 0 {
            return Ok(());
        }
        let rdev = path.as_ref().and_then(|path| Rdev::of_path(path.as_path()));
        let access = Access::Path { path, rdev, acl: acl.into() };
        let resource = Resource::Cgroup { path: cgroup, access };
        self.send(Event::Resource { reason: reason.into(), resource }, rc == 0)
    }
}
