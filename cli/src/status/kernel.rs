//! The kernel's audit status, and auditd.

use super::process::field;
use serde::Serialize;
use std::fs;
use viraudit::Failure;
use viraudit::internal::audit_sys::link::{Link, WriteProbe};
use viraudit::internal::audit_sys::rules::{Drops, drops};
use viraudit::internal::audit_sys::status::KernelStatus;

/// The kernel's answers.
#[derive(Debug)]
pub(crate) struct Kernel {
    /// The audit status, or why it can't be read.
    pub(crate) status: Result<KernelStatus, Failure>,
    /// The rules that drop records, or why the rules can't be read.
    pub(crate) rules: Result<Vec<Drops>, Failure>,
    /// Whether the kernel accepts records of this process.
    pub(crate) write: WriteProbe,
    /// The auditd process, if known.
    pub(crate) auditd: Option<Auditd>,
    /// Whether the kernel's command line turns auditing off until the next boot.
    pub(crate) off_at_boot: bool,
}

/// The process that receives the records.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Auditd {
    /// The process ID.
    pub(crate) pid: u32,
    /// Whether it exists.
    pub(crate) alive: bool,
    /// The name.
    pub(crate) name: Option<String>,
    /// The state, such as `S (sleeping)`.
    pub(crate) state: Option<String>,
}

impl Kernel {
    /// Queries the kernel; writes no record.
    pub(crate) fn ask() -> Self {
        let off_at_boot = || {
            let line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
            line.split_ascii_whitespace().any(|word| matches!(word, "audit=0" | "audit=off"))
        };
        match Link::open() {
            Err(failure) => Self {
                status: Err(failure),
                rules: Err(failure),
                write: WriteProbe::Refused(failure),
                auditd: None,
                off_at_boot: off_at_boot(),
            },
            Ok(mut link) => {
                let status = link.status();
                let rules = link.rules().map(|rules| drops(&rules));
                let write = link.probe_write();
                let pid = status.map_or(0, |status| status.auditd_pid);
                let auditd = (pid != 0).then(|| Auditd::look_at(pid));
                Self { status, rules, write, auditd, off_at_boot: false }
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

    /// Whether it runs but is stopped or traced, so that it reads nothing.
    pub(crate) fn is_stopped(&self) -> bool {
        self.state.as_deref().is_some_and(|state| state.starts_with(['T', 't']))
    }

    /// Whether it has ended without the kernel noticing.
    pub(crate) fn is_gone(&self) -> bool {
        !self.alive || self.state.as_deref().is_some_and(|state| state.starts_with('Z'))
    }
}
