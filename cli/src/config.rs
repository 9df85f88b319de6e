//! `viraudit config`: look at and change the settings of auditing.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;
use viraudit::config::edit::{self, Assignment};
use viraudit::config::{self, AUDIT_LEVEL, AUDIT_LOGGING, Config, Document, Setting};
use viraudit::{ConfigError, Error};

use crate::failure::Failure;

const USAGE: u8 = 2;
const IO: u8 = 3;

/// The arguments of `viraudit config`.
#[derive(Debug, clap::Args)]
#[command(
    arg_required_else_help = false,
    after_help = "\
The settings, as libvirtd reads them (the first line with a key counts):
  audit_level=0    no audit records
  audit_level=1    audit records, where the kernel can take them (default)
  audit_level=2    audit records, or no daemon: without, it refuses to start
  audit_logging=1  copy each record to the daemon's log; 0 (default): don't

A running daemon reads its file again only when it is restarted."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say how libvirt reads a file, or why it refuses it
    #[command(after_help = "\
Exit status: 0 when libvirt accepts the file, 2 when it doesn't (standard error says the line and \
what was expected there), 3 when the file can't be read. A file that doesn't exist is fine: the \
defaults hold. Only the types of audit_level and audit_logging are checked, but the syntax of all \
of the file, as libvirt refuses to start for a mistake anywhere in it.

Examples:
  viraudit config check
  viraudit config check /etc/libvirt/virtqemud.conf --json")]
    Check {
        /// The file; - for standard input
        #[arg(default_value = config::DEFAULT_PATH)]
        file: PathBuf,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Change settings in a file, and leave the rest of it as it is
    #[command(
        override_usage = "viraudit config set KEY=VALUE... [FILE]",
        after_help = "\
A key that is set gets its new value where it stands. One that isn't gets a line of its own, behind \
the line that has it commented out, or else at the end. Comments, order, mode and owner stay; whoever \
reads the file meanwhile sees all of the old or all of the new one. A file that doesn't exist is made. \
A file that libvirt would refuse isn't written.

Exit status: 0 when the file says what it should, 2 for a wrong setting or a file that libvirt \
refuses, 3 when the file can't be read or written.

Examples:
  viraudit config set audit_level=2
  viraudit config set audit_level=1 audit_logging=1 /etc/libvirt/virtqemud.conf"
    )]
    Set {
        /// audit_level=NUMBER (0 to 4294967295) or audit_logging=0|1, as many as needed, then the
        /// FILE [default: /etc/libvirt/libvirtd.conf]; one with = in its name needs a slash too
        #[arg(required = true, value_name = "KEY=VALUE", num_args = 1..)]
        arguments: Vec<OsString>,
    },
}

/// Runs the command; what it has to say goes to `out`.
///
/// # Errors
///
/// See the exit status in the help of each command.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Failure> {
    match &args.command {
        Command::Check { file, json } => check(file, *json, out),
        Command::Set { arguments } => {
            let (assignments, file) = split(arguments)?;
            set(&assignments, file)
        }
    }
}

fn check(file: &Path, as_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let text = if file == Path::new("-") {
        config::read_from(file, io::stdin().lock()).map(Some)
    } else {
        config::read(file)
    };
    let text = text.map_err(refused)?;
    let exists = text.is_some();
    let text = text.unwrap_or_default();
    let document = Document::parse(file, &text).map_err(refused)?;
    let config = Config::from_document(&document).map_err(refused)?;
    let report = if as_json {
        json_report(file, exists, &document, &config)
    } else {
        text_report(file, exists, &document, &config)
    };
    out.write_all(report.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure { code: IO, message: format!("can't write: {error}") })
}

/// A wrong content is bad input; a file that can't be read isn't.
pub(crate) fn refused(error: ConfigError) -> Failure {
    let code = if matches!(error.errno, libc::EINVAL | libc::EOVERFLOW) { USAGE } else { IO };
    Failure { code, message: error.to_string() }
}

fn level_meaning(level: u32) -> &'static str {
    match level {
        0 => "no audit records are sent",
        1 => "audit records are sent wherever the kernel can take them",
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

/// What libvirt accepts without a word although it is hardly meant.
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
                "line {}: {key} is beyond 64 bits, which libvirt reads as {}",
                first.line, number.magnitude
            ));
        }
        let same_key = document.entries().iter().filter(|entry| entry.key == key);
        notes.extend(same_key.skip(1).map(|entry| {
            format!("line {}: {key} has no effect, as line {} sets it", entry.line, first.line)
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
    format!("{report}\n")
}

fn text_report(file: &Path, exists: bool, document: &Document<'_>, config: &Config) -> String {
    let origin = |key| match line_of(document, key) {
        Some(line) => format!("line {line}"),
        None => "default".to_owned(),
    };
    let mut report = match (file == Path::new("-"), exists) {
        (true, _) => "standard input:\n".to_owned(),
        (_, true) => format!("{}:\n", file.display()),
        (_, false) => format!("{} does not exist, so the defaults hold:\n", file.display()),
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

/// Takes `KEY=VALUE... [FILE]` apart.
fn split(arguments: &[OsString]) -> Result<(Vec<Assignment>, &Path), Failure> {
    let usage = |message: String| Failure { code: USAGE, message };
    let (assignments, file) = match arguments {
        [assignments @ .., file] if !is_assignment(file) => (assignments, Path::new(file)),
        _ => (arguments, Path::new(config::DEFAULT_PATH)),
    };
    if file == Path::new("-") {
        return Err(usage("config set changes a file, not standard input".to_owned()));
    }
    let mut parsed: Vec<Assignment> = Vec::new();
    for argument in assignments {
        if !is_assignment(argument) {
            return Err(usage(format!(
                "'{}' is not of the form KEY=VALUE; one FILE may come last",
                argument.to_string_lossy()
            )));
        }
        let assignment: Assignment = argument
            .to_string_lossy()
            .parse()
            .map_err(|error: edit::BadAssignment| usage(error.to_string()))?;
        // libvirt would take the first of two, a shell the last: better ask.
        if parsed.iter().any(|earlier| earlier.key() == assignment.key()) {
            return Err(usage(format!("{} is given twice", assignment.key())));
        }
        parsed.push(assignment);
    }
    if parsed.is_empty() {
        return Err(usage("nothing to set: give KEY=VALUE, such as audit_level=2".to_owned()));
    }
    Ok((parsed, file))
}

/// Whether an argument is `KEY=VALUE`. No key has a slash, so `./a=b.conf` is a file.
fn is_assignment(argument: &OsStr) -> bool {
    let bytes = argument.as_bytes();
    let key = bytes.iter().position(|&byte| byte == b'=').map(|at| &bytes[..at]);
    key.is_some_and(|key| !key.contains(&b'/'))
}

fn set(assignments: &[Assignment], file: &Path) -> Result<(), Failure> {
    let old = config::read(file).map_err(refused)?;
    let new = edit::set(file, old.as_deref().unwrap_or_default(), assignments).map_err(refused)?;
    if old.as_ref() == Some(&new) {
        return Ok(());
    }
    edit::replace_file(file, &new)
        .map_err(|error: Error| Failure { code: IO, message: error.to_string() })
}

#[cfg(test)]
mod tests;
