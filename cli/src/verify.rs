//! `viraudit verify`: damage in a log.

use crate::console::{self, counted, json_line, output_error, shown};
use crate::exit_status::{DAMAGE_FOUND, DONE};
use crate::failure::Failure;
use crate::logs;
use crate::seal;
use clap::Args;
use serde_json::json;
use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit_trail::input::Sources;
use viraudit_trail::time::Clock;
use viraudit_trail::verify::{Finding, Note, verify};

const HELP: &str = "\
Only records about guests are checked. Each finding is one line, FILE:LINE: KIND: MESSAGE. A finding \
that repeats in the next lines is printed once, with a count.

KIND is one of:
  cut        the end of a record is missing
  malformed  not a record, or a required field is missing
  unread     lines hold records, but can't be read or are
             not the audit system's
  forged     a field appears twice, a value leaves its
             field, or text follows the closing quote
  unknown    a field, a record type or a kind of resource
             is not known
  duplicate  a record appears twice, or two records have
             the same time and serial number
  time       a time is years from its neighbours' times, or
             in a zone that is not known
  serial     a serial number is far from its neighbours
  order      events are in reverse order
  gap        serial numbers are missing, also while auditd
             didn't run (not checked if the log was
             filtered); or a host stopped writing while
             others went on

A note (kind note, printed last) is about records that are whole, but not in libvirt's format of today. \
It is no damage: it is printed once, with the number of its records, and changes no exit status.

With --chain, KIND is one of:
  changed    a sealed range is not what was sealed
  missing    a sealed range or its whole log is missing
  chain      an entry is missing, malformed or out of place
  signature  an entry was not signed with the key

A sealed log is identified by its first line, so rotation and compression change nothing.

FILE and the formats of a log are those of `viraudit report`.

Exit status:
  0  no damage was found
  1  damage was found
  2  wrong usage
  3  a log can't be read

Examples:
  viraudit verify
  viraudit verify /var/log/audit --json | jq -r .kind | sort | uniq -c
  openssl genpkey -algorithm ed25519 -out seal.key
  openssl pkey -in seal.key -pubout -out seal.pub
  viraudit verify --seal seal.key --chain audit.chain
  viraudit verify --chain audit.chain --key seal.pub";

/// Find damage in a log: cut, malformed, forged, unknown, duplicate and missing records.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct VerifyArgs {
    /// Logs to check; - is standard input [default: auditd's log].
    #[arg(value_name = "[HOST=]FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object per finding (kind, file, line, message and proof) or note (with records instead of proof).
    #[arg(long)]
    json: bool,
    /// Read records that syslog has under this tag, besides the audit system's. Any program can use
    /// a tag, so trust only one that no user's program writes.
    #[arg(long = "tag", value_name = "TAG", conflicts_with = "chain")]
    tags: Vec<OsString>,
    /// Append signed digests of everything not yet sealed to the chain. KEY is an Ed25519 private
    /// key in PEM format.
    #[arg(long, value_name = "KEY", requires = "chain", conflicts_with = "json")]
    seal: Option<PathBuf>,
    /// Check the logs against this chain of sealed ranges, instead of record by record.
    #[arg(long, value_name = "CHAIN")]
    chain: Option<PathBuf>,
    /// Check the chain's signatures with this public key in PEM format.
    #[arg(long, value_name = "KEY", requires = "chain", conflicts_with = "seal")]
    key: Option<PathBuf>,
    /// Fail unless the chain has the entry with this digest, which an earlier run printed.
    #[arg(long, value_name = "DIGEST", requires = "chain", conflicts_with = "seal")]
    head: Option<String>,
}

/// Prints the findings.
pub(crate) fn run(args: &VerifyArgs) -> Result<u8, Failure> {
    if let Some(chain) = &args.chain {
        if let Some(key) = &args.seal {
            return seal::seal_logs(&args.files, key, chain);
        }
        let (key, head) = (args.key.as_deref(), args.head.as_deref());
        return seal::check_logs(&args.files, chain, key, head, args.json);
    }
    let mut sources = logs::find(&args.files, "verify")?;
    sources.tags = logs::tags(&args.tags);
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
    for note in &counts.notes {
        written = written.and_then(|()| findings.note(note));
    }
    // No summary of a log that couldn't be read at all.
    if !args.json && written.is_ok() && (errors.is_empty() || counts.lines > 0) {
        let mut note = match counts.notes.len() as u64 {
            0 => String::new(),
            notes => format!(", {}", counted(notes, "note", "notes")),
        };
        note += &match counts.repeated_logs {
            0 => String::new(),
            1 => "; 1 log repeats another one".to_owned(),
            logs => format!("; {logs} logs repeat others"),
        };
        if counts.filtered {
            note += "; the log was filtered, so gaps were not checked";
        }
        written = writeln!(
            out,
            "{}, {} about guests, {}{note}",
            counted(counts.lines, "line", "lines"),
            counted(counts.records, "record", "records"),
            counted(counts.findings, "finding", "findings")
        );
    }
    written.and_then(|()| out.flush()).or_else(|error| output_error(&error))?;
    if let Some(logs) = counts.overlap {
        console::eprint(logs::overlap(&sources, logs, "verify"));
    }
    if counts.records == 0 && counts.findings > 0 {
        logs::kinds(&sources).iter().for_each(console::eprint);
    }
    logs::all_read(&sources, &errors, "verify")?;
    Ok(if counts.findings > 0 { DAMAGE_FOUND } else { DONE })
}

/// Prints findings; as text, equal findings in consecutive lines are one.
struct Findings<'v> {
    json: bool,
    sources: &'v Sources,
    /// The first of a run of equal findings, and the line of the last one.
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
        let (file, kind) = (shown(Path::new(&self.name(source))), damage.name());
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
        self.out.write_all(json_line(&object).as_bytes())
    }

    fn note(&mut self, note: &Note) -> io::Result<()> {
        let Note { source, line, message, records } = note;
        let file = self.name(*source);
        if self.json {
            let object = json!({
                "kind": "note", "file": file, "line": line, "message": message, "records": records,
            });
            return self.out.write_all(json_line(&object).as_bytes());
        }
        let (file, records) = (shown(Path::new(&file)), counted(*records, "record", "records"));
        writeln!(self.out, "{file}:{line}: note: {message} ({records})")
    }

    fn name(&self, source: usize) -> String {
        self.sources.list.get(source).map(|source| source.name()).unwrap_or_default()
    }
}
