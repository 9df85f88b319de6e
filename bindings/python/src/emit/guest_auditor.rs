//! One method for each event of a guest.

use super::failed;
use crate::text::Text;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::Arc;
use viraudit::auditor::GuestAuditor as Sender;
use viraudit::record::{Access, HostDevice, Lifecycle, Mac, MachineId, TpmKind};
use viraudit::{Failure, Guest, Value};

/// Sends records about one guest.
#[pyclass(module = "viraudit", frozen)]
pub(crate) struct GuestAuditor {
    auditor: Arc<viraudit::Auditor>,
    guest: Guest<'static>,
}

fn value<'v>(text: Option<Text>) -> Option<Value<'v>> {
    text.map(Value::from)
}

/// An argument that is parsed.
fn parsed<T>(text: &str, parse: impl Fn(&[u8]) -> Option<T>, what: &str) -> PyResult<T> {
    parse(text.as_bytes()).ok_or_else(|| PyValueError::new_err(format!("'{text}' is not {what}")))
}

fn mac(text: &str) -> PyResult<Mac> {
    parsed(text, Mac::parse, "a MAC address")
}

impl GuestAuditor {
    pub(super) fn new(auditor: Arc<viraudit::Auditor>, guest: Guest<'static>) -> Self {
        Self { auditor, guest }
    }

    /// Sends without the GIL.
    fn send(
        &self,
        py: Python<'_>,
        send: impl FnOnce(Sender<'_>) -> Result<(), Failure> + Send,
    ) -> PyResult<()> {
        py.detach(|| send(self.auditor.guest(&self.guest))).map_err(failed)
    }
}

/// Methods for a path before and after a change.
macro_rules! changes {
    ($($(#[$doc:meta])* $name:ident)*) => {
        #[pymethods]
        impl GuestAuditor { $(
            $(#[$doc])*
            #[pyo3(signature = (old, new, reason, success=true))]
            fn $name(
                &self,
                py: Python<'_>,
                old: Option<Text>,
                new: Option<Text>,
                reason: Text,
                success: bool,
            ) -> PyResult<()> {
                self.send(py, |guest| guest.$name(value(old), value(new), reason, success))
            }
        )* }
    };
}

changes! {
    /// A disk's image or device.
    disk
    /// A directory that is shared with the guest.
    fs
    /// A serial, parallel, channel or console port.
    chardev
    /// A source of randomness.
    rng
}

/// Methods for one path.
macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident)*) => {
        #[pymethods]
        impl GuestAuditor { $(
            $(#[$doc])*
            #[pyo3(signature = (path, reason, success=true))]
            fn $name(
                &self,
                py: Python<'_>,
                path: Option<Text>,
                reason: Text,
                success: bool,
            ) -> PyResult<()> {
                self.send(py, |guest| guest.$name(value(path), reason, success))
            }
        )* }
    };
}

paths! {
    /// A smartcard: a certificate, a database or a port's path.
    smartcard
    /// A block device of a container.
    hostdev_storage
    /// A character device of a container.
    hostdev_misc
    /// Shared memory with a server: the server's socket.
    shmem_server
    /// An input device of the host.
    input
}

/// Methods for numbers before and after a change.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident $kind:ty)*) => {
        #[pymethods]
        impl GuestAuditor { $(
            $(#[$doc])*
            #[pyo3(signature = (old, new, reason, success=true))]
            fn $name(
                &self,
                py: Python<'_>,
                old: $kind,
                new: $kind,
                reason: Text,
                success: bool,
            ) -> PyResult<()> {
                self.send(py, |guest| guest.$name(old, new, reason, success))
            }
        )* }
    };
}

numbers! {
    /// Memory, in KiB.
    memory u64
    /// The number of virtual CPUs.
    vcpu u32
    /// The number of I/O threads.
    iothread u32
}

#[pymethods]
impl GuestAuditor {
    /// The guest starts. `pid` is its process on the host.
    #[pyo3(signature = (reason, pid, success=true))]
    fn start(&self, py: Python<'_>, reason: Text, pid: i64, success: bool) -> PyResult<()> {
        let reason = reason.into_utf8()?;
        self.send(py, |guest| guest.start(&reason, pid, success))
    }

    /// The guest has stopped.
    #[pyo3(signature = (reason, pid=0))]
    fn stop(&self, py: Python<'_>, reason: Text, pid: i64) -> PyResult<()> {
        let reason = reason.into_utf8()?;
        self.send(py, |guest| guest.stop(&reason, pid))
    }

    /// A container's init starts. `pid_ns` is the inode of its PID namespace.
    fn init(&self, py: Python<'_>, pid: i64, init_pid: i64, pid_ns: u64) -> PyResult<()> {
        self.send(py, |guest| guest.init(pid, init_pid, pid_ns))
    }

    /// A security label is bound to the guest.
    #[pyo3(signature = (vm_ctx=None, img_ctx=None, model=None, success=true))]
    fn security_label(
        &self,
        py: Python<'_>,
        vm_ctx: Option<Text>,
        img_ctx: Option<Text>,
        model: Option<Text>,
        success: bool,
    ) -> PyResult<()> {
        let labels =
            MachineId { vm_ctx: value(vm_ctx), img_ctx: value(img_ctx), model: value(model) };
        self.send(py, |guest| guest.security_label(labels, success))
    }

    /// A network interface, by its MAC address before and after the change.
    #[pyo3(signature = (old, new, reason, success=true))]
    fn net(
        &self,
        py: Python<'_>,
        old: Option<&str>,
        new: Option<&str>,
        reason: Text,
        success: bool,
    ) -> PyResult<()> {
        let (old, new) = (old.map(mac).transpose()?, new.map(mac).transpose()?);
        self.send(py, |guest| guest.net(old, new, reason, success))
    }

    /// A device is opened for a network interface, such as /dev/net/tun.
    #[pyo3(signature = (mac, device, success=true))]
    fn net_device(
        &self,
        py: Python<'_>,
        mac: &str,
        device: Option<Text>,
        success: bool,
    ) -> PyResult<()> {
        let mac = self::mac(mac)?;
        self.send(py, |guest| guest.net_device(mac, value(device), success))
    }

    /// A device of the host, by its bus (usb, pci, scsi, scsi_host, mdev) and address.
    #[pyo3(signature = (bus, address, reason, success=true))]
    fn host_device(
        &self,
        py: Python<'_>,
        bus: &str,
        address: &str,
        reason: Text,
        success: bool,
    ) -> PyResult<()> {
        let device = HostDevice::parse_address(bus, address.as_bytes())
            .map_err(|why| PyValueError::new_err(format!("'{address}': {why}")))?;
        self.send(py, |guest| guest.host_device(device, reason, success))
    }

    /// A USB device that is redirected from a client.
    #[pyo3(signature = (reason, success=true))]
    fn redirdev(&self, py: Python<'_>, reason: Text, success: bool) -> PyResult<()> {
        self.send(py, |guest| guest.redirdev(reason, success))
    }

    /// A TPM. `kind` is passthrough, emulator or external.
    #[pyo3(signature = (kind, path, reason, success=true))]
    fn tpm(
        &self,
        py: Python<'_>,
        kind: &str,
        path: Option<Text>,
        reason: Text,
        success: bool,
    ) -> PyResult<()> {
        let by_name = |name: &[u8]| match name {
            b"passthrough" => Some(TpmKind::Passthrough),
            b"emulator" => Some(TpmKind::Emulator),
            b"external" => Some(TpmKind::External),
            _ => None,
        };
        let kind = parsed(kind, by_name, "passthrough, emulator or external")?;
        self.send(py, |guest| guest.tpm(kind, value(path), reason, success))
    }

    /// Shared memory without a server: its name below /dev/shm, its size in bytes.
    #[pyo3(signature = (name, size, reason, success=true))]
    fn shmem(
        &self,
        py: Python<'_>,
        name: Text,
        size: u64,
        reason: Text,
        success: bool,
    ) -> PyResult<()> {
        self.send(py, |guest| guest.shmem(name.into(), size, reason, success))
    }

    /// A rule of the devices cgroup for all devices.
    #[pyo3(signature = (cgroup, reason, success=true))]
    fn cgroup(
        &self,
        py: Python<'_>,
        cgroup: Option<Text>,
        reason: Text,
        success: bool,
    ) -> PyResult<()> {
        self.send(py, |guest| guest.cgroup(value(cgroup), Access::All, reason, success))
    }

    /// A rule of the devices cgroup for a class of devices.
    #[pyo3(signature = (cgroup, reason, major, category, acl, success=true))]
    #[allow(clippy::too_many_arguments)]
    fn cgroup_major(
        &self,
        py: Python<'_>,
        cgroup: Option<Text>,
        reason: Text,
        major: u32,
        category: Text,
        acl: Text,
        success: bool,
    ) -> PyResult<()> {
        let access = Access::Major { category: category.into(), major, acl: acl.into() };
        self.send(py, |guest| guest.cgroup(value(cgroup), access, reason, success))
    }

    /// A rule of the devices cgroup for one device. `rc` is the result of applying it: below 0 a
    /// failure; above 0 there is no record.
    fn cgroup_path(
        &self,
        py: Python<'_>,
        cgroup: Option<Text>,
        reason: Text,
        path: Option<Text>,
        acl: Text,
        rc: i32,
    ) -> PyResult<()> {
        let (reason, acl) = (reason.into_utf8()?, acl.into_utf8()?);
        self.send(py, |guest| guest.cgroup_path(value(cgroup), &reason, value(path), &acl, rc))
    }

    /// One of the events that libvirt never records: integrity_check (its mechanism, its action),
    /// create or destroy (reason, image), migrate_in or migrate_out (reason, the other host).
    #[pyo3(signature = (event, what, detail, success=true))]
    fn lifecycle(
        &self,
        py: Python<'_>,
        event: &str,
        what: Text,
        detail: Option<Text>,
        success: bool,
    ) -> PyResult<()> {
        let (reason, other) = (Value::from(what), value(detail));
        let event = match event {
            "integrity_check" => Lifecycle::IntegrityCheck {
                mechanism: reason,
                action: other.unwrap_or_else(|| "?".into()),
            },
            "create" => Lifecycle::Create { reason, image: other },
            "destroy" => Lifecycle::Destroy { reason, image: other },
            "migrate_in" => Lifecycle::MigrateIn { reason, peer: other },
            "migrate_out" => Lifecycle::MigrateOut { reason, peer: other },
            _ => return Err(PyValueError::new_err(format!("'{event}' is not an event"))),
        };
        self.send(py, |guest| guest.lifecycle(event, success))
    }
}
