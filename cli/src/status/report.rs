//! The status as text and as JSON.

use super::kernel::{Auditd, Kernel};
use super::process::Process;
use super::settings::Settings;
use super::verdict::Verdict;
use crate::failure::Failure;
use serde::Serialize;
use viraudit::internal::audit_sys::link::WriteProbe;
use viraudit::internal::audit_sys::status::KernelStatus;

/// The verdict and the details behind it.
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
    /// Auditing is on; `None` if unknown.
    on: Option<bool>,
    /// The kernel's audit status; `None` if this process may not read it.
    status: Option<KernelStatus>,
    /// Why there is no audit status.
    status_error: Option<String>,
    auditd: Option<Auditd>,
}

impl Report {
    /// A report of these findings.
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

    /// Text, with the answer first.
    pub(crate) fn text(&self) -> String {
        let Self { verdict, kernel, process, config } = self;
        let answer = if verdict.delivered { "yes" } else { "no" };
        let mut text = format!("{answer}: {}\n", verdict.reason);
        let mut row = |name: &str, value: String| {
            text.push_str(&format!("{name:<16}{value}\n"));
        };
        if let Some(cure) = &verdict.cure {
            row("fix", cure.clone());
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
                    "{} of {} records; if it is full, a sender waits {} jiffies",
                    status.backlog, status.backlog_limit, status.backlog_wait_time
                ),
            );
            row("lost", format!("{} since boot", status.lost));
            row(
                "rate limit",
                match status.rate_limit {
                    0 => "none".into(),
                    limit => format!("{limit} records a second"),
                },
            );
        }
        row(
            "privileges",
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
            Some(error) => format!("defaults, because {error}"),
            None if config.found => config.file.clone(),
            None => format!("defaults, because {} doesn't exist", config.file),
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
        Some(true) => "initial",
        Some(false) => "not initial",
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
        (_, None) => {
            format!("unknown: {}", kernel.status_error.as_deref().unwrap_or("no reason given"))
        }
    }
}

fn auditd(auditd: &Auditd) -> String {
    let name = auditd.name.as_deref().unwrap_or("gone");
    let state = auditd.state.as_deref().unwrap_or("not running");
    format!("pid {}, {name}, {state}", auditd.pid)
}

/// Why there is no audit status.
fn unknown(failure: viraudit::Failure) -> String {
    match failure {
        viraudit::Failure::NotPermitted => "reading it needs CAP_AUDIT_CONTROL".into(),
        other => other.meaning().into(),
    }
}
