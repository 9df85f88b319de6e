//! `viraudit verify`: damage in a log.

use crate::console::{self, output_error, reason};
use crate::failure::Failure;
use clap::Args;
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit_trail::source::Sources;
use viraudit_trail::time::Clock;
use viraudit_trail::verify::{Finding, verify};

const HELP: &str = "\
Each finding is one line, FILE:LINE: KIND: what is wrong. The kinds: cut (a record's end is missing),
malformed (no record, or one without a field that it must have), forged (a field stands there twice,
a value has broken out of its field, text behind the closing quote), unknown (a field or a kind that
no record about a guest has), gap (serial numbers are missing; only where that can be known, not in
logs that were filtered).

With --json: one object a line with kind, file, line, message and proof.

Exit status: 0 the log is clean, 1 something was found, 2 usage, 3 a log can't be read.

Examples:
  viraudit verify
  viraudit verify /var/log/audit --json | jq -r .kind | sort | uniq -c";

/// Find records about guests that are cut, malformed, forged or unknown, and missing records.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct VerifyArgs {
    /// Logs to look at, as for report [default: auditd's own].
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object for each finding.
    #[arg(long)]
    json: bool,
}

/// Looks, and says what was found.
pub(crate) fn run(args: &VerifyArgs) -> Result<u8, Failure> {
    let sources = Sources::resolve(&args.files).map_err(|(path, error)| {
        let name = console::shown(&path);
        Failure::not_done(format!("can't read {name}: {}", reason(&error)))
    })?;
    let name = |source: usize| sources.list.get(source).map(|s| s.name()).unwrap_or_default();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let progress = Arc::new(AtomicU64::new(0));
    let (counts, errors) = verify(&sources, &Clock::system(), &progress, |finding| {
        if written.is_ok() {
            written = line(&finding, &name(finding.source), args.json, &mut out);
        }
    });
    if !args.json && written.is_ok() {
        let note = if counts.filtered { "; it was filtered, so gaps can't be known" } else { "" };
        written = writeln!(
            out,
            "{} lines, {} records about guests, {} findings{note}",
            counts.lines, counts.records, counts.findings
        );
    }
    written.and_then(|()| out.flush()).or_else(|error| output_error(&error))?;
    if let Some((source, error)) = errors.first() {
        let message = format!("can't read {}: {}", name(*source), reason(error));
        return Err(Failure::not_done(message));
    }
    Ok(if counts.findings > 0 { 1 } else { 0 })
}

fn line(finding: &Finding, file: &str, as_json: bool, out: &mut impl Write) -> io::Result<()> {
    let Finding { line, damage, message, stamp, .. } = finding;
    let kind = damage.name();
    if as_json {
        let proof: Vec<String> = stamp.iter().map(ToString::to_string).collect();
        let object = json!({
            "kind": kind, "file": file, "line": line, "message": message, "proof": proof,
        });
        return writeln!(out, "{object}");
    }
    writeln!(out, "{}:{line}: {kind}: {message}", file.escape_debug())
}
