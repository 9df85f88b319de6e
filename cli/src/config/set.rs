//! `viraudit config set` and `config unset`: change settings in files.

use super::EditOptions;
use super::diff::unified;
use super::kind::Kind;
use super::replace::Replacement;
use crate::console::{eprint, json_line, reason};
use crate::exit_status::{DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::settings::{self, Target, clear_targets};
use crate::terminal::escape;
use serde_json::json;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use viraudit::Config;
use viraudit::internal::config::edit::{self, Assignment};
use viraudit::internal::config::{AUDIT_LEVEL, AUDIT_LOGGING, Document, Number, Setting, keys};

/// The longest wait for another process that changes the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// A change of settings.
enum Operation {
    Set(Vec<Assignment>),
    Unset(Vec<&'static str>),
}

impl Operation {
    /// The text of a file after the change.
    fn apply(&self, file: &Path, text: &[u8]) -> Result<Vec<u8>, Failure> {
        Ok(match self {
            Self::Set(assignments) => edit::set(file, text, assignments)?,
            Self::Unset(keys) => edit::unset(file, text, keys)?,
        })
    }

    fn keys(&self) -> Vec<&'static str> {
        match self {
            Self::Set(assignments) => assignments.iter().map(|one| one.key()).collect(),
            Self::Unset(keys) => keys.clone(),
        }
    }
}

/// Parses `KEY=VALUE... [FILE]` and changes the files. Returns the output and the exit status.
pub(super) fn set(
    arguments: &[OsString],
    options: &EditOptions,
    root: &Path,
) -> Result<(String, u8), Failure> {
    let (assignments, file) = split(arguments)?;
    run(&Operation::Set(assignments), file, options, root)
}

/// Parses `KEY... [FILE]` and changes the files. Returns the output and the exit status.
pub(super) fn unset(
    arguments: &[OsString],
    options: &EditOptions,
    root: &Path,
) -> Result<(String, u8), Failure> {
    let mut keys = Vec::new();
    let mut file = None;
    for (i, argument) in arguments.iter().enumerate() {
        match [AUDIT_LEVEL, AUDIT_LOGGING].into_iter().find(|key| argument == key) {
            Some(key) => keys.push(key),
            None if i > 0 && i + 1 == arguments.len() => file = Some(PathBuf::from(argument)),
            None => {
                return Err(Failure::bad_input(format!(
                    "'{}' is not a setting of auditing; those are {AUDIT_LEVEL} and {AUDIT_LOGGING}",
                    argument.to_string_lossy()
                )));
            }
        }
    }
    run(&Operation::Unset(keys), file, options, root)
}

fn run(
    operation: &Operation,
    file: Option<PathBuf>,
    options: &EditOptions,
    root: &Path,
) -> Result<(String, u8), Failure> {
    let named = file.is_some();
    let targets = match file {
        Some(file) if file == Path::new("-") => {
            return Err(Failure::bad_input(
                "config set and unset can't change standard input; give a FILE",
            ));
        }
        Some(_) if options.daemon.is_some() => {
            return Err(Failure::bad_input("give --daemon or a FILE, not both"));
        }
        Some(file) => vec![Target { file, daemon: None }],
        None => clear_targets(root, options.daemon)?,
    };
    let mut output = String::new();
    let mut any = false;
    // Every file is looked at before the first one is changed.
    for target in &targets {
        let change = Change::of(operation, target)?;
        any |= change.is_one();
        output += &change.report(options)?;
        change.warn();
    }
    if options.check {
        return Ok((output, if any { NOTHING_FOUND } else { DONE }));
    }
    for target in &targets {
        write(operation, target, named)?;
    }
    Ok((output, DONE))
}

/// Writes the file, if it changes.
fn write(operation: &Operation, target: &Target, named: bool) -> Result<(), Failure> {
    let file = &target.file;
    // Without a change, no permission to write is needed.
    if !Change::of(operation, target)?.is_one() {
        return Ok(());
    }
    if !named && io::stderr().is_terminal() {
        eprint(format!("changing {}", target.shown()));
    }
    let failed = |error: io::Error| {
        Failure::not_done(format!("can't replace {}: {}", file.display(), reason(&error)))
    };
    let replacement = Replacement::begin(file, PATIENCE).map_err(failed)?;
    // Read again: another process may have changed the file before this one could lock it.
    let change = Change::of(operation, target)?;
    match change.is_one() {
        true => replacement.commit(&change.new).map_err(failed),
        false => Ok(()),
    }
}

/// A file before and after.
struct Change<'t> {
    target: &'t Target,
    old: Option<Vec<u8>>,
    new: Vec<u8>,
    keys: Vec<&'static str>,
}

impl<'t> Change<'t> {
    fn of(operation: &Operation, target: &'t Target) -> Result<Self, Failure> {
        let old = settings::read(&target.file)?;
        let new = operation.apply(&target.file, old.as_deref().unwrap_or_default())?;
        Ok(Self { target, old, new, keys: operation.keys() })
    }

    /// Whether the file changes. A missing file isn't created without a setting in it.
    fn is_one(&self) -> bool {
        match &self.old {
            Some(old) => *old != self.new,
            None => !self.new.is_empty(),
        }
    }

    /// The value of a key in a text; `None` if it isn't set.
    fn value(&self, text: &[u8], key: &str) -> Option<u64> {
        let document = Document::parse(&self.target.file, text).ok()?;
        match document.get(key)?.setting {
            Setting::Number(Number { magnitude, .. }) => Some(magnitude),
            _ => None,
        }
    }

    /// Warns if a setting has no effect in the file, or if the daemon rejects the file for another
    /// key's value.
    fn warn(&self) {
        let file = &self.target.file;
        let Ok(document) = Document::parse(file, &self.new) else { return };
        match Kind::of(self.target, &document) {
            Kind::Daemon => {
                for mistake in keys::mistakes(&document, self.target.daemon_name()) {
                    eprint(format!("{mistake}; the daemon exits for it"));
                }
            }
            Kind::Driver | Kind::Own => eprint(format!(
                "{}: libvirt reads audit settings from the file of a daemon only, such as \
                 libvirtd.conf or virtqemud.conf",
                file.display()
            )),
        }
    }

    fn report(&self, options: &EditOptions) -> Result<String, Failure> {
        let old = self.old.as_deref().unwrap_or_default();
        let values =
            self.keys.iter().map(|key| (*key, self.value(old, key), self.value(&self.new, key)));
        let values: Vec<_> = values.filter(|(_, old, new)| old != new).collect();
        let diff = || unified(&self.target.file, old, &self.new);
        if options.json {
            let change = |&(key, old, new): &(&str, Option<u64>, Option<u64>)| json!({ "key": key, "old": old, "new": new });
            let mut report = json!({
                "file": self.target.file.to_string_lossy(),
                "daemon": self.target.daemon_name(),
                "changed": self.is_one(),
                "written": self.is_one() && !options.check,
                "changes": values.iter().map(change).collect::<Vec<_>>(),
            });
            if options.diff {
                report["diff"] = diff().into();
            }
            return Ok(json_line(&report));
        }
        let file = self.target.shown();
        if !self.is_one() {
            return Ok(format!("{file}: unchanged\n"));
        }
        let lines = values.iter().map(|&(key, old, new)| {
            format!("{file}: {key}: {} -> {}\n", shown(key, old), shown(key, new))
        });
        let mut text: String = lines.collect();
        if text.is_empty() {
            text = format!("{file}: rewritten, with the same values\n");
        }
        if options.diff {
            text += &escape_lines(&diff());
        }
        Ok(text)
    }
}

/// Lines that are safe on a terminal.
fn escape_lines(text: &str) -> String {
    let mut shown = String::new();
    for part in text.split_inclusive(['\n', '\t']) {
        let line = part.strip_suffix(['\n', '\t']).unwrap_or(part);
        shown.push_str(&escape(line));
        shown.push_str(&part[line.len()..]);
    }
    shown
}

/// A value in text; the default where a key isn't set.
fn shown(key: &str, value: Option<u64>) -> String {
    match value {
        Some(value) => value.to_string(),
        None => format!("not set ({})", default(key)),
    }
}

/// The value of a setting that isn't in the file.
pub(super) fn default(key: &str) -> u32 {
    let Config { audit_level, audit_logging, .. } = Config::default();
    if key == AUDIT_LEVEL { audit_level } else { audit_logging.into() }
}

/// Splits `KEY=VALUE... [FILE]` into the assignments and the file.
fn split(arguments: &[OsString]) -> Result<(Vec<Assignment>, Option<PathBuf>), Failure> {
    let (assignments, file) = match arguments {
        [assignments @ .., file] if !is_assignment(file) => {
            (assignments, Some(PathBuf::from(file)))
        }
        _ => (arguments, None),
    };
    let mut parsed: Vec<Assignment> = Vec::new();
    for argument in assignments {
        if !is_assignment(argument) {
            return Err(Failure::bad_input(format!(
                "'{}' is not KEY=VALUE; only the last argument may be a FILE",
                argument.to_string_lossy()
            )));
        }
        let assignment: Assignment = argument
            .to_string_lossy()
            .parse()
            .map_err(|error: edit::BadAssignment| Failure::bad_input(error.to_string()))?;
        // libvirt uses the first of two and a shell the last, so neither is obvious.
        if parsed.iter().any(|earlier| earlier.key() == assignment.key()) {
            return Err(Failure::bad_input(format!("{} is given twice", assignment.key())));
        }
        parsed.push(assignment);
    }
    if parsed.is_empty() {
        return Err(Failure::bad_input("nothing to set; give KEY=VALUE, such as audit_level=2"));
    }
    Ok((parsed, file))
}

/// Whether an argument is `KEY=VALUE`. Keys have no slash, so `./a=b.conf` is a file.
fn is_assignment(argument: &OsStr) -> bool {
    let bytes = argument.as_bytes();
    let key = bytes.iter().position(|&byte| byte == b'=').map(|at| &bytes[..at]);
    key.is_some_and(|key| !key.contains(&b'/'))
}
