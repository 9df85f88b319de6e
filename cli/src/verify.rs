//! `viraudit verify`: damage in a log.

use crate::console::output_error;
use crate::exit_status::{DAMAGE_FOUND, DONE};
use crate::failure::Failure;
use crate::logs;
use clap::Args;
use serde_json::json;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit_trail::input::Sources;
use viraudit_trail::time::Clock;
use viraudit_trail::verify::{Finding, verify};

const HELP: &str = "\
Each finding is one line, FILE:LINE: KIND: what is wrong; where the same is wrong with the lines that \
follow, it stands there once. The kinds: cut (a record's end is missing), \
malformed (no record, or one without a field that it must have), forged (a field stands there twice, \
a value has broken out of its field, text behind the closing quote), unknown (a field or a kind that \
no record about a guest has), gap (serial numbers are missing; only where that can be known, not in \
logs that were filtered).

With --json: one object for each finding, with kind, file, line, message and proof.

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
    let sources = logs::find(&args.files, "verify")?;
    let mut out = BufWriter::new(io::stdout());
    let mut findings = Findings { json: args.json, sources: &sources, run: None, out: &mut out };
    let mut written = Ok(());
    let progress = Arc::new(AtomicU64::new(0));
    let (counts, errors) = verify(&sources, &Clock::system(), &progress, |finding| {
        if written.is_ok() {
            written = findings.add(finding);
        }
    });
    written = written.and_then(|()| findings.finish());
    // Of a log that couldn't be read at all there is nothing to say.
    if !args.json && written.is_ok() && (errors.is_empty() || counts.lines > 0) {
        let note = if counts.filtered { "; it was filtered, so gaps can't be known" } else { "" };
        written = writeln!(
            out,
            "{} lines, {} records about guests, {} finding{}{note}",
            counts.lines,
            counts.records,
            counts.findings,
            if counts.findings == 1 { "" } else { "s" }
        );
    }
    written.and_then(|()| out.flush()).or_else(|error| output_error(&error))?;
    logs::all_read(&sources, &errors, "verify")?;
    Ok(if counts.findings > 0 { DAMAGE_FOUND } else { DONE })
}

/// Prints findings; to people those of one kind in lines behind each other as one.
struct Findings<'v> {
    json: bool,
    sources: &'v Sources,
    /// The first of some that are alike, and the last one's line.
    run: Option<(Finding, u64)>,
    out: &'v mut (dyn Write + Send),
}

impl Findings<'_> {
    fn add(&mut self, finding: Finding) -> io::Result<()> {
        if self.json {
            return self.object(&finding);
        }
        if let Some((first, last)) = &mut self.run
            && first.source == finding.source
            && *last + 1 == finding.line
            && (first.damage, &first.message) == (finding.damage, &finding.message)
        {
            *last = finding.line;
            return Ok(());
        }
        self.finish()?;
        let line = finding.line;
        self.run = Some((finding, line));
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some((Finding { source, line, damage, message, .. }, last)) = self.run.take() else {
            return Ok(());
        };
        let (file, kind) = (self.name(source), damage.name());
        let file = file.escape_debug();
        if last == line {
            return writeln!(self.out, "{file}:{line}: {kind}: {message}");
        }
        let more = last - line;
        writeln!(self.out, "{file}:{line}: {kind}: {message} (and {more} more, to line {last})")
    }

    fn object(&mut self, finding: &Finding) -> io::Result<()> {
        let Finding { line, damage, message, stamp, .. } = finding;
        let (file, kind) = (self.name(finding.source), damage.name());
        let proof: Vec<String> = stamp.iter().map(ToString::to_string).collect();
        let object = json!({
            "kind": kind, "file": file, "line": line, "message": message, "proof": proof,
        });
        writeln!(self.out, "{object}")
    }

    fn name(&self, source: usize) -> String {
        self.sources.list.get(source).map(|source| source.name()).unwrap_or_default()
    }
}
