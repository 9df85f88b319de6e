//! `viraudit config check`: how libvirt reads a file.

use super::kind::Kind;
use crate::console::{eprint, json_line};
use crate::failure::Failure;
use crate::settings::{self, Target, basis};
use serde_json::json;
use std::path::Path;
use viraudit::internal::config::{AUDIT_LEVEL, AUDIT_LOGGING, Document, keys, own};
use viraudit::{Config, ConfigError};

/// A file that libvirt accepts.
struct Checked<'d> {
    target: &'d Target,
    exists: bool,
    document: &'d Document<'d>,
    config: Config,
    kind: Kind,
}

/// Reads files; returns the settings in them as text or JSON.
pub(super) fn run(targets: &[Target], as_json: bool) -> Result<String, Failure> {
    let mut report = String::new();
    let mut failures = Vec::new();
    for target in targets {
        match check(target, as_json) {
            Ok(text) => report += &text,
            Err(found) => failures.extend(found),
        }
    }
    // The last failure ends the command; what comes before it is printed here.
    let Some(last) = failures.pop() else { return Ok(report) };
    crate::console::print(report.as_bytes())?;
    failures.iter().for_each(eprint);
    Err(last)
}

/// Reads one file. A file that a daemon rejects has one failure for each mistake.
fn check(target: &Target, as_json: bool) -> Result<String, Vec<Failure>> {
    let one = |failure: Failure| vec![failure];
    let file = &target.file;
    let text = match file == Path::new("-") {
        true => Some(settings::read_stdin(file).map_err(one)?),
        false => settings::read(file).map_err(one)?,
    };
    let exists = text.is_some();
    let text = text.unwrap_or_default();
    let document = Document::parse(file, &text).map_err(|error| vec![error.into()])?;
    let kind = Kind::of(target, &document);
    let mistakes = match kind {
        Kind::Daemon => keys::mistakes(&document, target.daemon_name()),
        Kind::Own => own::mistakes(&document),
        Kind::Driver => Vec::new(),
    };
    if !mistakes.is_empty() {
        return Err(mistakes.into_iter().map(|error: ConfigError| error.into()).collect());
    }
    let config = match kind {
        Kind::Daemon => Config::from_document(&document).map_err(|error| vec![error.into()])?,
        Kind::Own | Kind::Driver => Config::default(),
    };
    let checked = Checked { target, exists, document: &document, config, kind };
    Ok(if as_json { checked.json() } else { checked.text() })
}

fn level_meaning(level: u32) -> &'static str {
    match level {
        0 => "no audit records are sent",
        1 => "audit records are sent if the kernel supports auditing",
        _ => "audit records are sent, and a daemon that can't audit refuses to start",
    }
}

fn logging_meaning(logging: bool) -> &'static str {
    if logging {
        "each record is also copied to the daemon's log"
    } else {
        "records are not copied to the daemon's log"
    }
}

/// The keys of a file by whether a daemon reads them, each once.
struct Keys<'d> {
    checked: Vec<&'d str>,
    unknown: Vec<&'d str>,
}

impl Checked<'_> {
    fn line_of(&self, key: &str) -> Option<usize> {
        self.document.get(key).map(|entry| entry.line)
    }

    fn keys(&self) -> Keys<'_> {
        let mut keys = Keys { checked: Vec::new(), unknown: Vec::new() };
        for entry in self.document.entries() {
            let known = match self.kind {
                Kind::Daemon => keys::find(entry.key, self.target.daemon_name()).is_some(),
                Kind::Own => true,
                Kind::Driver => false,
            };
            let list = if known { &mut keys.checked } else { &mut keys.unknown };
            if !list.contains(&entry.key) {
                list.push(entry.key);
            }
        }
        keys
    }

    /// Settings that libvirt accepts silently but that are probably mistakes.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for key in [AUDIT_LEVEL, AUDIT_LOGGING] {
            let Some(first) = self.document.get(key) else { continue };
            let same_key = self.document.entries().iter().filter(|entry| entry.key == key);
            notes.extend(same_key.skip(1).map(|entry| {
                format!(
                    "line {}: {key} has no effect: line {} sets it first",
                    entry.line, first.line
                )
            }));
            if self.kind == Kind::Driver {
                notes.push(format!("line {}: {key} has no effect in this file", first.line));
            }
        }
        if self.kind == Kind::Driver {
            notes.push(
                "this is not the file of a daemon: libvirt reads the audit settings from \
                 libvirtd.conf, virtqemud.conf or virtlxcd.conf only"
                    .into(),
            );
        }
        for key in self.document.entries().iter().filter_map(|entry| keys::find(entry.key, None)) {
            if let Some(since) = key.since {
                notes.push(format!(
                    "{} is new in libvirt {since}; earlier ones ignore it",
                    key.name
                ));
            }
        }
        notes
    }

    fn json(&self) -> String {
        let Self { target, exists, config, kind, .. } = self;
        let keys = self.keys();
        let audits = *kind == Kind::Daemon;
        let level = audits.then_some(config.audit_level);
        let logging = audits.then_some(config.audit_logging);
        json_line(&json!({
            "file": target.file.to_string_lossy(),
            "exists": exists,
            "kind": kind.name(),
            "daemon": target.daemon_name(),
            "audit_level": level,
            "audit_logging": logging,
            "lines": {
                "audit_level": self.line_of(AUDIT_LEVEL),
                "audit_logging": self.line_of(AUDIT_LOGGING),
            },
            "meaning": {
                "audit_level": level.map(level_meaning),
                "audit_logging": logging.map(logging_meaning),
            },
            "checked": keys.checked,
            "unknown": keys.unknown,
            "notes": self.notes(),
        }))
    }

    fn text(&self) -> String {
        let Self { target, exists, config, kind, .. } = self;
        let origin = |key| match self.line_of(key) {
            Some(line) => format!("line {line}"),
            None => "default".to_owned(),
        };
        let mut name = crate::console::shown(&target.file);
        if let Some(daemon) = &target.daemon {
            name += &format!(" ({} {})", daemon.name, basis(daemon));
        }
        let mut report = match (target.file == Path::new("-"), exists) {
            (true, _) | (_, true) => format!("{name}:\n"),
            (_, false) => format!("{name} does not exist, so the defaults apply:\n"),
        };
        if *kind == Kind::Daemon {
            report += &format!(
                "  audit_level = {} ({}): {}\n  audit_logging = {} ({}): {}\n",
                config.audit_level,
                origin(AUDIT_LEVEL),
                level_meaning(config.audit_level),
                u8::from(config.audit_logging),
                origin(AUDIT_LOGGING),
                logging_meaning(config.audit_logging),
            );
        }
        if *kind == Kind::Driver {
            report += "  checked: syntax only\n";
        }
        let Keys { checked, unknown } = self.keys();
        if !checked.is_empty() {
            report += &format!("  checked: syntax; values of {}\n", checked.join(", "));
        }
        if !unknown.is_empty() && *kind != Kind::Driver {
            report += &format!("  not known, not checked: {}\n", unknown.join(", "));
        }
        for note in self.notes() {
            report += &format!("  note: {note}\n");
        }
        report
    }
}
