//! The verdict: whether records are delivered, why not, and how to fix it.

use super::kernel::Kernel;
use super::process::Process;
use super::settings::Settings;
use serde::Serialize;
use viraudit::Failure;
use viraudit::internal::audit_sys::link::WriteProbe;

/// The verdict.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    /// One word for programs.
    #[serde(rename = "verdict")]
    pub(crate) word: &'static str,
    /// Whether records are delivered.
    pub(crate) delivered: bool,
    /// Where records go, or why they are not delivered.
    pub(crate) reason: String,
    /// How to fix it.
    pub(crate) cure: Option<String>,
    /// Other problems.
    pub(crate) notes: Vec<String>,
}

impl Verdict {
    /// The verdict for this process on this host.
    ///
    /// Records pass the process's privileges, the host's state and the daemon's settings, in this
    /// order; the verdict is the first obstacle.
    pub(crate) fn of(kernel: &Kernel, process: &Process, settings: &Settings) -> Self {
        let (word, reason, cure) = match kernel.write {
            WriteProbe::Refused(failure) => refused(failure, kernel, process),
            WriteProbe::Off => {
                ("off", Failure::Disabled.meaning().into(), Some(Failure::Disabled.remedy().into()))
            }
            WriteProbe::On if settings.audit_level == 0 => (
                "level-0",
                format!("audit_level is 0 in {}: the daemon sends no records", settings.file),
                Some(format!("viraudit config set audit_level=1 {}", settings.file)),
            ),
            WriteProbe::On => listener(kernel, process),
        };
        let delivered = matches!(word, "ok" | "no-auditd");
        Self { word, delivered, reason, cure, notes: notes(kernel, settings) }
    }
}

type Parts = (&'static str, String, Option<String>);

fn refused(failure: Failure, kernel: &Kernel, process: &Process) -> Parts {
    let word = match failure {
        Failure::Unsupported(_) => "unsupported",
        Failure::NotPermitted | Failure::ForeignNamespace | Failure::Forbidden => "refused",
        _ => "error",
    };
    if word == "unsupported" && kernel.off_at_boot {
        let cure = "remove audit=0 from the kernel's command line and reboot";
        return (word, "the kernel was booted with audit=0".into(), Some(cure.into()));
    }
    // Container engines' seccomp profiles block audit sockets without CAP_AUDIT_WRITE.
    let hidden = process.seccomp_filter == Some(true) && process.cap_audit_write == Some(false);
    if word == "unsupported" && hidden {
        let reason = "a seccomp filter blocks auditing, as in a container without \
                      CAP_AUDIT_WRITE";
        let cure = "grant CAP_AUDIT_WRITE (podman run --cap-add=AUDIT_WRITE), or allow AF_NETLINK \
                    sockets in the seccomp filter";
        return (word, reason.into(), Some(cure.into()));
    }
    let reason = match failure {
        Failure::Os(_) => failure.to_string(),
        _ => failure.meaning().into(),
    };
    (word, reason, Some(failure.remedy().into()))
}

/// The verdict if the kernel accepts records: who receives them?
fn listener(kernel: &Kernel, process: &Process) -> Parts {
    let start = || Some("start auditd".to_owned());
    match (&kernel.auditd, &kernel.status) {
        // In another PID namespace the kernel never reports auditd, with any capability.
        (_, Err(_)) if process.initial_pid_namespace == Some(false) => (
            "ok",
            "the kernel accepts records (auditd is not visible from this PID namespace)".into(),
            None,
        ),
        (_, Err(_)) => (
            "ok",
            "the kernel accepts records (without CAP_AUDIT_CONTROL auditd is not visible)".into(),
            None,
        ),
        (Some(auditd), _) if auditd.is_gone() => (
            "no-auditd",
            format!("the kernel accepts records, but auditd (pid {}) has ended", auditd.pid),
            start(),
        ),
        (Some(auditd), _) if auditd.is_stopped() => (
            "ok",
            format!("records wait in the kernel: auditd (pid {}) is stopped", auditd.pid),
            Some(format!("kill -CONT {}", auditd.pid)),
        ),
        (Some(auditd), _) => ("ok", format!("records reach auditd (pid {})", auditd.pid), None),
        (None, _) => (
            "no-auditd",
            "the kernel accepts records, but auditd is not running: they go to the kernel's log"
                .into(),
            start(),
        ),
    }
}

fn notes(kernel: &Kernel, settings: &Settings) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(text);
    if let Ok(status) = kernel.status {
        if status.lost > 0 {
            note(format!("the kernel has lost {} records since boot", status.lost));
        }
        if status.rate_limit > 0 {
            note(format!("the kernel drops records above {} a second", status.rate_limit));
        }
        if status.backlog_limit > 0 && status.backlog >= status.backlog_limit {
            note("the backlog is full: a sender has to wait".into());
        }
    }
    if settings.audit_level > 1 && !matches!(kernel.write, WriteProbe::On) {
        note(format!("with audit_level {}, the daemon refuses to start", settings.audit_level));
    }
    notes
}

#[cfg(test)]
mod tests;
