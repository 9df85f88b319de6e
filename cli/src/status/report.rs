//! The status as text and as JSON.

use super::daemon::DaemonState;
use super::host::Host;
use super::kernel::{Auditd, Kernel};
use super::process::Process;
use super::settings::{AllSettings, Settings};
use super::verdict::{Verdict, listed};
use crate::failure::Failure;
use crate::terminal::{self, escape};
use serde::Serialize;
use std::io;
use viraudit::internal::audit_sys::link::WriteProbe;
use viraudit::internal::audit_sys::rules::Drops;
use viraudit::internal::audit_sys::status::KernelStatus;

/// The verdict and the details behind it.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    #[serde(flatten)]
    verdict: Verdict,
    kernel: KernelReport,
    process: Process,
    /// The settings that decide.
    config: Settings,
    /// Those of each daemon that was found.
    daemons: Vec<Settings>,
    /// The settings that the text shows.
    #[serde(skip)]
    shown: Vec<Settings>,
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
    /// Jiffies in a second; `None` if unknown.
    hz: Option<u32>,
    /// `backlog_wait_time`; `None` if that or `hz` is unknown.
    backlog_wait_seconds: Option<f64>,
    /// The rules that drop records; `None` if the rules can't be read.
    rules: Option<Vec<Drops>>,
    /// Why the rules can't be read.
    rules_error: Option<String>,
    /// The active security modules; `None` if unknown.
    security_modules: Option<Vec<String>>,
    auditd: Option<Auditd>,
}

impl Report {
    /// A report of these findings.
    pub(crate) fn new(
        verdict: Verdict,
        kernel: &Kernel,
        process: Process,
        host: Host,
        settings: &AllSettings,
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
            status_error: kernel.status.err().map(|failure| unknown(failure, &process)),
            hz: host.hz,
            backlog_wait_seconds: kernel
                .status
                .ok()
                .zip(host.hz)
                .map(|(status, hz)| f64::from(status.backlog_wait_time) / f64::from(hz)),
            rules: kernel.rules.as_ref().ok().cloned(),
            rules_error: kernel
                .rules
                .as_ref()
                .err()
                .copied()
                .map(|failure| unknown(failure, &process)),
            security_modules: host.security_modules,
            auditd: kernel.auditd.clone(),
        };
        let config = settings.deciding().clone();
        let shown: Vec<_> = settings.iter().cloned().collect();
        let daemons = shown.iter().filter(|one| one.daemon.is_some()).cloned().collect();
        Self { verdict, kernel, process, config, daemons, shown }
    }

    /// One JSON object, and a line end.
    pub(crate) fn json(&self) -> Result<String, Failure> {
        terminal::json(self)
            .map(|text| text + "\n")
            .map_err(|error| Failure::not_done(format!("can't write JSON: {error}")))
    }

    /// Text, with the answer first.
    pub(crate) fn text(&self) -> String {
        let Self { verdict, kernel, process, shown, .. } = self;
        let answer = if verdict.delivered { "yes" } else { "no" };
        let mut text = format!("{answer}: {}\n", verdict.reason);
        let mut row = |name: &str, value: String| {
            text.push_str(&format!("{name:<16}{}\n", escape(&value)));
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
                    "{} of {} records; if it is full, a sender waits {}",
                    status.backlog,
                    status.backlog_limit,
                    match kernel.backlog_wait_seconds {
                        Some(seconds) => format!("{seconds} s"),
                        None => format!("{} jiffies", status.backlog_wait_time),
                    }
                ),
            );
            row("lost", format!("{} since boot; {}", status.lost, on_loss(status.failure)));
            row(
                "rate limit",
                match status.rate_limit {
                    0 => "none".into(),
                    limit => format!("{limit} records a second"),
                },
            );
        }
        match &kernel.rules {
            _ if !kernel.supported => {}
            None => row(
                "rules",
                format!(
                    "not checked: {}",
                    kernel.rules_error.as_deref().unwrap_or("no reason given")
                ),
            ),
            Some(rules) if rules.is_empty() => row("rules", "none drops VIRT_* records".into()),
            Some(rules) => {
                for Drops { rule, types, certain, .. } in rules {
                    let verb = if *certain { "drops" } else { "may drop" };
                    row("rules", escape(&format!("{rule} {verb} {}", listed(types))).into());
                }
            }
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
        if let Some(modules) = &kernel.security_modules {
            row("modules", modules.join(", "));
        }
        for config in shown {
            if let Some(state) = &config.daemon {
                row("daemon", daemon(state));
            }
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
        }
        text
    }
}

/// The kernel's reaction when it loses a record.
fn on_loss(failure: u32) -> &'static str {
    match failure {
        0 => "a loss is not logged",
        1 => "a loss is logged by the kernel",
        2 => "a loss panics the kernel",
        _ => "unknown failure mode",
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

fn daemon(daemon: &DaemonState) -> String {
    let mut text = match daemon.pid {
        Some(pid) => format!("{}, pid {pid}", daemon.name),
        None => format!("{}, {}, doesn't run now", daemon.name, daemon.state),
    };
    if let Some(since) = &daemon.since {
        text += &format!(", since {since}");
    }
    if daemon.pid.is_some() {
        text += match daemon.preloaded {
            Some(true) => ", with viraudit preloaded",
            Some(false) => ", without viraudit preloaded",
            None => ", unknown whether viraudit is preloaded",
        };
        text += match daemon.stale {
            Some(true) => "; its file changed after it started: restart it",
            Some(false) => "; the settings below are in force",
            None => "",
        };
    }
    text
}

fn auditd(auditd: &Auditd) -> String {
    let name = auditd.name.as_deref().unwrap_or("gone");
    let state = auditd.state.as_deref().unwrap_or("not running");
    format!("pid {}, {name}, {state}", auditd.pid)
}

/// Why the kernel's audit status or rules can't be read.
fn unknown(failure: viraudit::Failure, process: &Process) -> String {
    let elsewhere = process.initial_pid_namespace == Some(false);
    match failure {
        viraudit::Failure::NotPermitted if elsewhere && process.cap_audit_control == Some(true) => {
            "the kernel answers only in the initial PID namespace".into()
        }
        viraudit::Failure::NotPermitted => "reading it needs CAP_AUDIT_CONTROL".into(),
        viraudit::Failure::Os(errno) => io::Error::from_raw_os_error(errno).to_string(),
        other => other.meaning().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::NeedsAuditd;
    use super::*;
    use viraudit::Failure::NotPermitted;

    fn shown(
        status: Result<KernelStatus, viraudit::Failure>,
        hz: Option<u32>,
        process: Process,
    ) -> (String, serde_json::Value) {
        let rules = status.map(|_| {
            let types = vec!["VIRT_CONTROL"];
            let rule = "-a never,user -F exe=/a\u{1b}".into();
            vec![Drops { rule, removal: String::new(), types, certain: false }]
        });
        let kernel =
            Kernel { status, rules, write: WriteProbe::On, auditd: None, off_at_boot: false };
        let root = tempfile::tempdir().unwrap();
        let settings = Settings::load(None, root.path()).unwrap();
        let host = Host { hz, security_modules: Some(vec!["bpf".into()]), ..Host::default() };
        let verdict = Verdict::of(&kernel, &process, &host, &settings, NeedsAuditd::No);
        let report = Report::new(verdict, &kernel, process, host, &settings);
        (report.text(), serde_json::from_str(&report.json().unwrap()).unwrap())
    }

    fn row<'t>(text: &'t str, name: &str) -> &'t str {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(&format!("{name} ")));
        lines.next().unwrap_or_default().trim_start()
    }

    #[test]
    fn the_wait_is_in_seconds_where_their_length_is_known() {
        let status = KernelStatus { backlog_wait_time: 15_000, ..Default::default() };
        for (hz, wait, seconds) in [
            (Some(250), "waits 60 s", Some(60.0)),
            (Some(1000), "waits 15 s", Some(15.0)),
            (None, "waits 15000 jiffies", None),
        ] {
            let (text, json) = shown(Ok(status), hz, Process::default());
            assert!(row(&text, "backlog").ends_with(wait), "{text}");
            assert_eq!(json["kernel"]["backlog_wait_seconds"].as_f64(), seconds);
            assert_eq!(json["kernel"]["status"]["backlog_wait_time"], 15_000);
        }
    }

    #[test]
    fn what_a_loss_does_is_shown() {
        for (failure, words) in [(0, "not logged"), (1, "is logged"), (2, "panics"), (9, "unknown")]
        {
            let status = KernelStatus { failure, ..Default::default() };
            let (text, json) = shown(Ok(status), None, Process::default());
            assert!(row(&text, "lost").contains(words), "{text}");
            assert_eq!(json["kernel"]["status"]["failure"], failure);
        }
    }

    #[test]
    fn rules_are_shown_or_why_they_are_not_known() {
        let (text, json) = shown(Ok(KernelStatus::default()), None, Process::default());
        assert_eq!(row(&text, "rules"), "-a never,user -F exe=/a\\u{1b} may drop VIRT_CONTROL");
        assert_eq!(json["kernel"]["rules"][0]["types"], serde_json::json!(["VIRT_CONTROL"]));
        assert_eq!(row(&text, "modules"), "bpf");

        let inside = Process {
            cap_audit_control: Some(true),
            initial_pid_namespace: Some(false),
            ..Process::default()
        };
        for (process, why) in [
            (Process::default(), "reading it needs CAP_AUDIT_CONTROL"),
            (inside, "the kernel answers only in the initial PID namespace"),
        ] {
            let (text, json) = shown(Err(NotPermitted), None, process);
            assert_eq!(row(&text, "rules"), format!("not checked: {why}"));
            assert_eq!(json["kernel"]["rules"], serde_json::Value::Null);
            assert_eq!(json["kernel"]["rules_error"], why);
        }
    }
}
