//! The verdict: whether records are delivered, why not, and how to fix it.

use super::host::Host;
use super::kernel::Kernel;
use super::process::Process;
use super::settings::AllSettings;
use crate::terminal::escape;
use serde::Serialize;
use viraudit::internal::audit_sys::link::WriteProbe;
use viraudit::{Failure, RecordType};

/// Whether records count as delivered without an auditd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NeedsAuditd {
    /// Only auditd keeps them.
    Yes,
    /// The kernel's log, or another listener, is enough.
    No,
}

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
    pub(crate) fn of(
        kernel: &Kernel,
        process: &Process,
        host: &Host,
        settings: &AllSettings,
        auditd: NeedsAuditd,
    ) -> Self {
        let excluded = excluded(kernel);
        let all = settings;
        let settings = all.deciding();
        let (word, reason, cure) = match kernel.write {
            WriteProbe::Refused(failure) => refused(failure, kernel, process),
            WriteProbe::Off => {
                ("off", Failure::Disabled.meaning().into(), Some(Failure::Disabled.remedy().into()))
            }
            WriteProbe::On if excluded.is_some() => excluded.unwrap_or_default(),
            WriteProbe::On if settings.audit_level == 0 => (
                "level-0",
                format!(
                    "audit_level is 0 in {}: {} sends no records",
                    settings.file,
                    settings.reader()
                ),
                Some(format!("viraudit config set audit_level=1 {}", settings.file)),
            ),
            WriteProbe::On => listener(kernel, process),
        };
        let (word, cure) = match (word, auditd, &kernel.status) {
            ("ok", NeedsAuditd::Yes, Err(_)) => {
                ("auditd-unknown", Some("run it as root on the host".into()))
            }
            _ => (word, cure),
        };
        let delivered = word == "ok" || word == "no-auditd" && auditd == NeedsAuditd::No;
        Self { word, delivered, reason, cure, notes: notes(kernel, host, all) }
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

/// The verdict if rules drop every record of a type.
fn excluded(kernel: &Kernel) -> Option<Parts> {
    let certain: Vec<_> = kernel.rules.iter().flatten().filter(|drops| drops.certain).collect();
    if certain.is_empty() {
        return None;
    }
    let types = |name: &&str| certain.iter().any(|drops| drops.types.contains(name));
    let types: Vec<_> = RecordType::ALL.map(RecordType::name).into_iter().filter(types).collect();
    let rules: Vec<_> = certain.iter().map(|drops| drops.rule.as_str()).collect();
    let removals: Vec<_> = certain.iter().map(|drops| drops.removal.as_str()).collect();
    let reason = format!("rules drop {} records: {}", listed(&types), rules.join("; "));
    let locked = kernel.status.is_ok_and(|status| status.enabled == 2);
    let cure = if locked {
        "the rules are locked: remove each from /etc/audit/rules.d and reboot".into()
    } else {
        format!("{}; also remove each rule from /etc/audit/rules.d", removals.join("; "))
    };
    Some(("excluded", escape(&reason).into(), Some(escape(&cure).into())))
}

/// Record types as text.
pub(super) fn listed(types: &[&str]) -> String {
    if types.len() == RecordType::ALL.len() { "VIRT_*".into() } else { types.join(", ") }
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

fn notes(kernel: &Kernel, host: &Host, all: &AllSettings) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |text: String| notes.push(text);
    if let Ok(status) = kernel.status {
        if status.lost > 0 {
            note(format!("the kernel has lost {} records since boot", status.lost));
        }
        if status.rate_limit > 0 {
            note(format!("the kernel drops records above {} a second", status.rate_limit));
        }
        if status.failure == 2 {
            note("the kernel panics if it loses a record (auditctl -f 2)".into());
        }
        if status.backlog_limit > 0 && status.backlog >= status.backlog_limit {
            note("the backlog is full: a sender has to wait".into());
        }
    }
    for drops in kernel.rules.iter().flatten().filter(|drops| !drops.certain) {
        let types = listed(&drops.types);
        let text =
            format!("{} may drop {types} records: it depends on the sending process", drops.rule);
        note(escape(&text).into());
    }
    if let Some(fault) = host.subject_fault() {
        note(fault);
    }
    for settings in all.iter() {
        if settings.audit_level > 1 && !matches!(kernel.write, WriteProbe::On) {
            note(format!("with audit_level {}, the daemon refuses to start", settings.audit_level));
        }
        if let Some(daemon) = &settings.daemon
            && daemon.stale == Some(true)
        {
            let (name, file) = (daemon.name, escape(&settings.file));
            note(format!("{file} changed after {name} started: restart {name}"));
        }
        if settings.daemon.is_some() && settings.error.is_some() {
            note(format!("libvirt rejects {}: its daemon will not start", escape(&settings.file)));
        }
    }
    notes
}

#[cfg(test)]
mod tests;
