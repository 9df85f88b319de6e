//! The arguments of VIRT_CONTROL and VIRT_MACHINE_ID, and of the types that libvirt never emits.

use super::value::{need, value, word};
use crate::console::reason;
use crate::failure::Failure;
use clap::Args;
use std::ffi::OsString;
use std::fs;
use viraudit::Event;
use viraudit::record::{Control, ControlOp, Lifecycle, MachineId};

type Made = Result<Event<'static>, Failure>;

/// A start.
#[derive(Args, Debug)]
pub(crate) struct Start {
    /// The guest's process on the host.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) pid: i64,
    /// Why; libvirt's reasons: booted restored migrated from-snapshot reboot.
    #[arg(long, default_value = "booted", value_parser = word())]
    pub(crate) reason: OsString,
}

impl Start {
    /// One VIRT_CONTROL record.
    pub(crate) fn event(self) -> Made {
        let op = ControlOp::Start { reason: value(self.reason) };
        Ok(Event::Control(Control { op, pid: self.pid }))
    }
}

/// A stop.
#[derive(Args, Debug)]
pub(crate) struct Stop {
    /// The guest's process on the host; 0 or -1 once it is gone.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pid: i64,
    /// Why; libvirt's reasons: shutdown destroyed crashed saved migrated failed from-snapshot
    /// reboot.
    #[arg(long, default_value = "shutdown", value_parser = word())]
    reason: OsString,
}

impl Stop {
    /// One VIRT_CONTROL record.
    pub(crate) fn event(self) -> Made {
        let op = ControlOp::Stop { reason: value(self.reason) };
        Ok(Event::Control(Control { op, pid: self.pid }))
    }
}

/// The start of a container's init.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The container's process on the host.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pid: i64,
    /// The host's process id of the container's init.
    #[arg(long, value_name = "PID", allow_negative_numbers = true)]
    init_pid: i64,
    /// The inode of init's pid namespace; by default /proc/INIT_PID/ns/pid is asked.
    #[arg(long, value_name = "INODE")]
    pidns: Option<u64>,
    /// Taken for the sake of scripts, and left out: an init record has no reason.
    #[arg(long)]
    reason: Option<OsString>,
}

impl Init {
    /// One VIRT_CONTROL record.
    pub(crate) fn event(self) -> Made {
        let init_pid = self.init_pid;
        let pid_ns = self.pidns.map_or_else(|| pid_namespace(init_pid), Ok)?;
        let op = ControlOp::Init { init_pid, pid_ns };
        Ok(Event::Control(Control { op, pid: self.pid }))
    }
}

/// The inode number of a process's pid namespace; its link reads `pid:[INODE]`.
fn pid_namespace(pid: i64) -> Result<u64, Failure> {
    let link = format!("/proc/{pid}/ns/pid");
    let target = fs::read_link(&link).map_err(|error| {
        Failure::not_done(format!("can't read {link}: {}; give --pidns", reason(&error)))
    })?;
    let inode = target.to_str().and_then(|text| text.strip_prefix("pid:[")?.strip_suffix(']'));
    inode.and_then(|inode| inode.parse().ok()).ok_or_else(|| {
        Failure::not_done(format!("can't make sense of {link}: {}", target.display()))
    })
}

/// A security label.
#[derive(Args, Debug)]
pub(crate) struct Label {
    /// The label of the guest's process.
    #[arg(long, value_name = "LABEL")]
    vm_ctx: Option<OsString>,
    /// The label of the guest's images.
    #[arg(long, value_name = "LABEL")]
    img_ctx: Option<OsString>,
    /// The security model: selinux, apparmor, dac, none.
    #[arg(long, value_name = "NAME")]
    model: Option<OsString>,
}

impl Label {
    /// One VIRT_MACHINE_ID record.
    pub(crate) fn event(self) -> Made {
        let Self { vm_ctx, img_ctx, model } = self;
        let any = vm_ctx.is_some() || img_ctx.is_some() || model.is_some();
        need(any, "machine-id", "--vm-ctx, --img-ctx and --model, or what there is of them")?;
        let [vm_ctx, img_ctx, model] = [vm_ctx, img_ctx, model].map(|text| text.map(value));
        Ok(Event::MachineId(MachineId { vm_ctx, img_ctx, model }))
    }
}

/// The result of an integrity check; --failed says that it failed.
#[derive(Args, Debug)]
pub(crate) struct IntegrityCheck {
    /// What was used to check it: measured-boot, signature, ..., none.
    #[arg(long, value_name = "NAME")]
    mechanism: OsString,
    /// What was done about the result: start, refuse, ...
    #[arg(long, value_name = "WHAT")]
    action: OsString,
}

impl IntegrityCheck {
    /// One VIRT_INTEGRITY_CHECK record.
    pub(crate) fn event(self) -> Made {
        let Self { mechanism, action } = self;
        let (mechanism, action) = (value(mechanism), value(action));
        Ok(Event::Lifecycle(Lifecycle::IntegrityCheck { mechanism, action }))
    }
}

/// The creation of an image.
#[derive(Args, Debug)]
pub(crate) struct Create {
    /// The image's path.
    #[arg(long, value_name = "PATH")]
    image: Option<OsString>,
    /// Why: define, clone, import, ...
    #[arg(long, default_value = "define", value_parser = word())]
    reason: OsString,
}

impl Create {
    /// One VIRT_CREATE record.
    pub(crate) fn event(self) -> Made {
        let (reason, image) = (value(self.reason), self.image.map(value));
        Ok(Event::Lifecycle(Lifecycle::Create { reason, image }))
    }
}

/// The destruction of an image.
#[derive(Args, Debug)]
pub(crate) struct Destroy {
    /// The image's path.
    #[arg(long, value_name = "PATH")]
    image: Option<OsString>,
    /// Why: undefine, delete, ...
    #[arg(long, default_value = "undefine", value_parser = word())]
    reason: OsString,
}

impl Destroy {
    /// One VIRT_DESTROY record.
    pub(crate) fn event(self) -> Made {
        let (reason, image) = (value(self.reason), self.image.map(value));
        Ok(Event::Lifecycle(Lifecycle::Destroy { reason, image }))
    }
}

/// The arrival of a guest.
#[derive(Args, Debug)]
pub(crate) struct MigrateIn {
    /// The host it comes from.
    #[arg(long, value_name = "HOST")]
    source_host: Option<OsString>,
    /// Why: live, offline, ...
    #[arg(long, default_value = "live", value_parser = word())]
    reason: OsString,
}

impl MigrateIn {
    /// One VIRT_MIGRATE_IN record.
    pub(crate) fn event(self) -> Made {
        let (reason, peer) = (value(self.reason), self.source_host.map(value));
        Ok(Event::Lifecycle(Lifecycle::MigrateIn { reason, peer }))
    }
}

/// The departure of a guest.
#[derive(Args, Debug)]
pub(crate) struct MigrateOut {
    /// The host it goes to.
    #[arg(long, value_name = "HOST")]
    destination_host: Option<OsString>,
    /// Why: live, offline, ...
    #[arg(long, default_value = "live", value_parser = word())]
    reason: OsString,
}

impl MigrateOut {
    /// One VIRT_MIGRATE_OUT record.
    pub(crate) fn event(self) -> Made {
        let (reason, peer) = (value(self.reason), self.destination_host.map(value));
        Ok(Event::Lifecycle(Lifecycle::MigrateOut { reason, peer }))
    }
}
