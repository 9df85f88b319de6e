//! How the answer and what it rests on are shown.

use super::kernel::{Auditd, Kernel};
use super::process::Process;
use super::settings::Settings;
use super::verdict::Verdict;
use crate::failure::Failure;
use serde::Serialize;
use viraudit::internal::audit_sys::link::WriteProbe;
use viraudit::internal::audit_sys::status::KernelStatus;

/// All that was found.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    verdict: Verdict,
    kernel: KernelReport,
    process: Process,
    config: Settings,
}

#[derive(Debug, Serialize)]
struct KernelReport {
    supported: bool,
    /// Auditing is on; `None` when that can't be told.
    on: Option<bool>,
    /// The kernel's own account; `None` when this process may not ask for it.
    status: Option<KernelStatus>,
    /// Why there is no account.
    status_error: Option<String>,
    auditd: Option<Auditd>,
}

impl Report {
    /// Puts it together.
    pub(crate) fn new(
        verdict: Verdict,
        kernel: &Kernel,
        process: Process,
        config: Settings,
    ) -> Self {
        let on = match (&kernel.status, kernel.write) {
            (Ok(status), _) => Some(status.enabled != 0),
            (_, WriteProbe::On) => Some(true),
            (_, WriteProbe::Off) => Some(false),
            _ => None,
        };
        let kernel = KernelReport {
            supported: verdict.word != "unsupported",
            on,
            status: kernel.status.ok(),
            status_error: kernel.status.err().map(unknown),
            auditd: kernel.auditd.clone(),
        };
        Self { verdict, kernel, process, config }
    }

    /// One JSON object, and a line end.
    pub(crate) fn json(&self) -> Result<String, Failure> {
        serde_json::to_string(self)
            .map(|text| text + "\n")
            .map_err(|error| Failure::not_done(format!("can't write JSON: {error}")))
    }

    /// Text for people: the answer first.
    pub(crate) fn text(&self) -> String {
        let Self { verdict, kernel, process, config } = self;
        let answer = if verdict.delivered { "yes" } else { "no" };
        let mut text = format!("{answer}: {}\n", verdict.reason);
        let mut row = |name: &str, value: String| {
            text.push_str(&format!("{name:<16}{value}\n"));
        };
        if let Some(cure) = &verdict.cure {
            row("cure", cure.clone());
        }
        for note in &verdict.notes {
            row("note", note.clone());
        }
        row("auditing", auditing(kernel));
        if let Some(status) = &kernel.status {
            row("auditd", kernel.auditd.as_ref().map_or("none".into(), auditd));
            row(
                "backlog",
                format!(
                    "{} of {} waiting; when it is full, senders wait {} jiffies",
                    status.backlog, status.backlog_limit, status.backlog_wait_time
                ),
            );
            row("lost", format!("{} since boot", status.lost));
            row(
                "rate limit",
                match status.rate_limit {
                    0 => "none".into(),
                    limit => format!("{limit} a second"),
                },
            );
        }
        row(
            "rights",
            format!(
                "CAP_AUDIT_WRITE {}, CAP_AUDIT_CONTROL {}",
                yes(process.cap_audit_write),
                yes(process.cap_audit_control)
            ),
        );
        row("user namespace", initial(process.initial_user_namespace));
        row("pid namespace", initial(process.initial_pid_namespace));
        row("label", process.label.clone().unwrap_or("none".into()));
        let origin = match &config.error {
            Some(error) => format!("the defaults, as {error}"),
            None if config.found => config.file.clone(),
            None => format!("the defaults, without {}", config.file),
        };
        row(
            "settings",
            format!(
                "audit_level {}, audit_logging {}: {origin}",
                config.audit_level,
                u8::from(config.audit_logging),
            ),
        );
        text
    }
}

fn initial(known: Option<bool>) -> String {
    match known {
        Some(true) => "the initial one",
        Some(false) => "not the initial one",
        None => "unknown",
    }
    .into()
}

fn yes(known: Option<bool>) -> &'static str {
    match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    }
}

fn auditing(kernel: &KernelReport) -> String {
    match (&kernel.status, kernel.on) {
        _ if !kernel.supported => "not supported".into(),
        (Some(status), _) if status.enabled == 2 => "on, locked until the next boot".into(),
        (_, Some(true)) => "on".into(),
        (_, Some(false)) => "off".into(),
        (_, None) => format!("unknown: {}", kernel.status_error.as_deref().unwrap_or("not told")),
    }
}

fn auditd(auditd: &Auditd) -> String {
    let name = auditd.name.as_deref().unwrap_or("gone");
    let state = auditd.state.as_deref().unwrap_or("not running");
    format!("pid {}, {name}, {state}", auditd.pid)
}

/// Why the kernel gave no account of auditing.
fn unknown(failure: viraudit::Failure) -> String {
    match failure {
        viraudit::Failure::NotPermitted => "it takes CAP_AUDIT_CONTROL to ask".into(),
        other => other.meaning().into(),
    }
}
