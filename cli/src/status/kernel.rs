//! What the kernel says of auditing, and who listens to it.

use super::process::field;
use serde::Serialize;
use std::fs;
use viraudit::Failure;
use viraudit::internal::audit_sys::link::{Link, WriteProbe};
use viraudit::internal::audit_sys::status::KernelStatus;

/// The kernel's answers.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// Its audit status, or why it doesn't tell.
    pub(crate) status: Result<KernelStatus, Failure>,
    /// Whether it takes this process's records.
    pub(crate) write: WriteProbe,
    /// The process that is auditd, where one is known.
    pub(crate) auditd: Option<Auditd>,
    /// The kernel's command line turns auditing off until the next boot.
    pub(crate) off_at_boot: bool,
}

/// The process that the kernel hands records to.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Auditd {
    /// Its process id.
    pub(crate) pid: u32,
    /// It exists.
    pub(crate) alive: bool,
    /// Its name.
    pub(crate) name: Option<String>,
    /// What it is doing, such as `S (sleeping)`.
    pub(crate) state: Option<String>,
}

impl Kernel {
    /// Asks the kernel; leaves no record.
    pub(crate) fn ask() -> Self {
        let off_at_boot = || {
            let line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
            line.split_ascii_whitespace().any(|word| matches!(word, "audit=0" | "audit=off"))
        };
        match Link::open() {
            Err(failure) => Self {
                status: Err(failure),
                write: WriteProbe::Refused(failure),
                auditd: None,
                off_at_boot: off_at_boot(),
            },
            Ok(mut link) => {
                let status = link.status();
                let write = link.probe_write();
                let pid = status.map_or(0, |status| status.auditd_pid);
                let auditd = (pid != 0).then(|| Auditd::look_at(pid));
                Self { status, write, auditd, off_at_boot: false }
            }
        }
    }
}

impl Auditd {
    fn look_at(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok();
        let field = |name: &str| field(status.as_deref()?, name).map(str::to_owned);
        Self { pid, alive: status.is_some(), name: field("Name:"), state: field("State:") }
    }

    /// It is there, but reads nothing: stopped, or traced.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state.as_deref().is_some_and(|state| state.starts_with(['T', 't']))
    }

    /// It has ended, though the kernel doesn't know yet.
    pub(crate) fn is_gone(&self) -> bool {
        !self.alive || self.state.as_deref().is_some_and(|state| state.starts_with('Z'))
    }
}
