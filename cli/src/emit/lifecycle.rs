//! The arguments of VIRT_CONTROL, VIRT_MACHINE_ID and the record types that libvirt never emits.

use super::value::{need, value, word};
use crate::console::reason;
use crate::failure::Failure;
use clap::Args;
use std::ffi::OsString;
use std::fs;
use viraudit::Event;
use viraudit::record::{Control, ControlOp, Lifecycle, MachineId};

type EventResult = Result<Event<'static>, Failure>;

/// A start.
#[derive(Args, Debug)]
pub(crate) struct Start {
    /// Process ID of the guest on the host.
    #[arg(long, value_name = "PID", default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) pid: i64,
    /// Reason; libvirt's are booted, restored, migrated, from-snapshot and reboot.
    #[arg(long, value_name = "REASON", default_value = "booted", value_parser = word())]
    pub(crate) reason: OsString,
}

impl Start {
    /// One VIRT_CONTROL record.
    pub(crate) fn event(self) -> EventResult {
        let op = ControlOp::Start { reason: value(self.reason) };
        Ok(Event::Control(Control { op, pid: self.pid }))
    }
}

/// A stop.
#[derive(Args, Debug)]
pub(crate) struct Stop {
    /// Process ID of the guest on the host; 0 or -1 if it has ended.
    #[arg(long, value_name = "PID", default_value_t = 0, allow_negative_numbers = true)]
    pid: i64,
    /// Reason; libvirt's are shutdown, destroyed, crashed, saved, migrated, failed, from-snapshot
    /// and reboot.
    #[arg(long, value_name = "REASON", default_value = "shutdown", value_parser = word())]
    reason: OsString,
}

impl Stop {
    /// One VIRT_CONTROL record.
    pub(crate) fn event(self) -> EventResult {
        let op = ControlOp::Stop { reason: value(self.reason) };
        Ok(Event::Control(Control { op, pid: self.pid }))
    }
}

/// The start of a container's init.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Process ID of the container's controller (libvirt_lxc) on the host.
    #[arg(long, value_name = "PID", default_value_t = 0, allow_negative_numbers = true)]
    pid: i64,
    /// Process ID of the container's init on the host.
    #[arg(long, value_name = "PID", allow_negative_numbers = true)]
    init_pid: i64,
    /// Inode number of init's PID namespace [default: that of process --init-pid].
    #[arg(long, value_name = "INODE")]
    pidns: Option<u64>,
    /// Accepted for scripts and ignored: an init record has no reason.
    #[arg(long, value_name = "REASON")]
    reason: Option<OsString>,
}

impl Init {
    /// One VIRT_CONTROL record.
    pub(crate) fn event(self) -> EventResult {
        let init_pid = self.init_pid;
        let pid_ns = self.pidns.map_or_else(|| pid_namespace(init_pid), Ok)?;
        let op = ControlOp::Init { init_pid, pid_ns };
        Ok(Event::Control(Control { op, pid: self.pid }))
    }
}

/// The inode number of a process's PID namespace, from its link `pid:[INODE]`.
fn pid_namespace(pid: i64) -> Result<u64, Failure> {
    let link = format!("/proc/{pid}/ns/pid");
    let target = fs::read_link(&link).map_err(|error| {
        Failure::not_done(format!("can't read {link}: {}; give --pidns", reason(&error)))
    })?;
    let inode = target.to_str().and_then(|text| text.strip_prefix("pid:[")?.strip_suffix(']'));
    inode
        .and_then(|inode| inode.parse().ok())
        .ok_or_else(|| Failure::not_done(format!("{link} is malformed: {}", target.display())))
}

/// A security label.
#[derive(Args, Debug)]
pub(crate) struct Label {
    /// Label of the guest's process.
    #[arg(long, value_name = "LABEL")]
    vm_ctx: Option<OsString>,
    /// Label of the guest's images.
    #[arg(long, value_name = "LABEL")]
    img_ctx: Option<OsString>,
    /// Security model: selinux, apparmor, dac or none.
    #[arg(long, value_name = "NAME")]
    model: Option<OsString>,
}

impl Label {
    /// One VIRT_MACHINE_ID record.
    pub(crate) fn event(self) -> EventResult {
        let Self { vm_ctx, img_ctx, model } = self;
        let any = vm_ctx.is_some() || img_ctx.is_some() || model.is_some();
        need(any, "machine-id", "at least one of --vm-ctx, --img-ctx and --model")?;
        let [vm_ctx, img_ctx, model] = [vm_ctx, img_ctx, model].map(|text| text.map(value));
        Ok(Event::MachineId(MachineId { vm_ctx, img_ctx, model }))
    }
}

/// The result of an integrity check.
#[derive(Args, Debug)]
pub(crate) struct IntegrityCheck {
    /// Mechanism of the check, such as measured-boot, signature or none.
    #[arg(long, value_name = "MECHANISM")]
    mechanism: OsString,
    /// Action after the check, such as start or refuse.
    #[arg(long, value_name = "ACTION")]
    action: OsString,
}

impl IntegrityCheck {
    /// One VIRT_INTEGRITY_CHECK record.
    pub(crate) fn event(self) -> EventResult {
        let Self { mechanism, action } = self;
        let (mechanism, action) = (value(mechanism), value(action));
        Ok(Event::Lifecycle(Lifecycle::IntegrityCheck { mechanism, action }))
    }
}

/// The creation of an image.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// Path of the image.
    #[arg(long, value_name = "PATH")]
    image: Option<OsString>,
    /// Reason, such as define, clone or import.
    #[arg(long, value_name = "REASON", default_value = "define", value_parser = word())]
    reason: OsString,
}

impl Create {
    /// One VIRT_CREATE record.
    pub(crate) fn event(self) -> EventResult {
        let (reason, image) = (value(self.reason), self.image.map(value));
        Ok(Event::Lifecycle(Lifecycle::Create { reason, image }))
    }
}

/// The destruction of an image.
#[derive(Args, Debug)]
pub(crate) struct Destroy {
    /// Path of the image.
    #[arg(long, value_name = "PATH")]
    image: Option<OsString>,
    /// Reason, such as undefine or delete.
    #[arg(long, value_name = "REASON", default_value = "undefine", value_parser = word())]
    reason: OsString,
}

impl Destroy {
    /// One VIRT_DESTROY record.
    pub(crate) fn event(self) -> EventResult {
        let (reason, image) = (value(self.reason), self.image.map(value));
        Ok(Event::Lifecycle(Lifecycle::Destroy { reason, image }))
    }
}

/// The arrival of a guest.
#[derive(Args, Debug)]
pub(crate) struct MigrateIn {
    /// Host that the guest comes from.
    #[arg(long, value_name = "HOST")]
    source_host: Option<OsString>,
    /// Reason, such as live or offline.
    #[arg(long, value_name = "REASON", default_value = "live", value_parser = word())]
    reason: OsString,
}

impl MigrateIn {
    /// One VIRT_MIGRATE_IN record.
    pub(crate) fn event(self) -> EventResult {
        let (reason, peer) = (value(self.reason), self.source_host.map(value));
        Ok(Event::Lifecycle(Lifecycle::MigrateIn { reason, peer }))
    }
}

/// The departure of a guest.
#[derive(Args, Debug)]
pub(crate) struct MigrateOut {
    /// Host that the guest goes to.
    #[arg(long, value_name = "HOST")]
    destination_host: Option<OsString>,
    /// Reason, such as live or offline.
    #[arg(long, value_name = "REASON", default_value = "live", value_parser = word())]
    reason: OsString,
}

impl MigrateOut {
    /// One VIRT_MIGRATE_OUT record.
    pub(crate) fn event(self) -> EventResult {
        let (reason, peer) = (value(self.reason), self.destination_host.map(value));
        Ok(Event::Lifecycle(Lifecycle::MigrateOut { reason, peer }))
    }
}
