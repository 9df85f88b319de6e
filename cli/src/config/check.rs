//! `viraudit config check`: how libvirt reads a file.

use crate::console::{json_line, shown};
use crate::failure::Failure;
use crate::settings;
use serde_json::json;
use std::path::Path;
use viraudit::Config;
use viraudit::internal::config::{AUDIT_LEVEL, AUDIT_LOGGING, Document, Setting};

/// Reads a file; returns the settings in it as text or JSON.
pub(super) fn run(file: &Path, as_json: bool) -> Result<String, Failure> {
    let text = match file == Path::new("-") {
        true => Some(settings::read_stdin(file)?),
        false => settings::read(file)?,
    };
    let exists = text.is_some();
    let text = text.unwrap_or_default();
    let document = Document::parse(file, &text)?;
    let config = Config::from_document(&document)?;
    let report = if as_json { json_report } else { text_report };
    Ok(report(file, exists, &document, &config))
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

fn line_of(document: &Document<'_>, key: &str) -> Option<usize> {
    document.get(key).map(|entry| entry.line)
}

/// Settings that libvirt accepts silently but that are probably mistakes.
fn notes(document: &Document<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for key in [AUDIT_LEVEL, AUDIT_LOGGING] {
        let Some(first) = document.get(key) else {
            continue;
        };
        if let Setting::Number(number) = &first.setting
            && number.wrapped
        {
            notes.push(format!(
                "line {}: {key} exceeds 64 bits; libvirt reads it as {}",
                first.line, number.magnitude
            ));
        }
        let same_key = document.entries().iter().filter(|entry| entry.key == key);
        notes.extend(same_key.skip(1).map(|entry| {
            format!("line {}: {key} has no effect: line {} sets it first", entry.line, first.line)
        }));
    }
    notes
}

fn json_report(file: &Path, exists: bool, document: &Document<'_>, config: &Config) -> String {
    let report = json!({
        "file": file.to_string_lossy(),
        "exists": exists,
        "audit_level": config.audit_level,
        "audit_logging": config.audit_logging,
        "lines": {
            "audit_level": line_of(document, AUDIT_LEVEL),
            "audit_logging": line_of(document, AUDIT_LOGGING),
        },
        "meaning": {
            "audit_level": level_meaning(config.audit_level),
            "audit_logging": logging_meaning(config.audit_logging),
        },
        "notes": notes(document),
    });
    json_line(&report)
}

fn text_report(file: &Path, exists: bool, document: &Document<'_>, config: &Config) -> String {
    let origin = |key| match line_of(document, key) {
        Some(line) => format!("line {line}"),
        None => "default".to_owned(),
    };
    let name = shown(file);
    let mut report = match (file == Path::new("-"), exists) {
        (true, _) | (_, true) => format!("{name}:\n"),
        (_, false) => format!("{name} does not exist, so the defaults apply:\n"),
    };
    report += &format!(
        "  audit_level = {} ({}): {}\n  audit_logging = {} ({}): {}\n",
        config.audit_level,
        origin(AUDIT_LEVEL),
        level_meaning(config.audit_level),
        u8::from(config.audit_logging),
        origin(AUDIT_LOGGING),
        logging_meaning(config.audit_logging),
    );
    for note in notes(document) {
        report += &format!("  note: {note}\n");
    }
    report
}
