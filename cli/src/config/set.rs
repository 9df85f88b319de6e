//! `viraudit config set`: changes settings in a file.

use super::replace::Replacement;
use crate::console::reason;
use crate::failure::Failure;
use crate::settings;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;
use viraudit::config::DEFAULT_PATH;
use viraudit::internal::config::edit::{self, Assignment};

/// The longest wait for another process that changes the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Parses `KEY=VALUE... [FILE]` and changes the file.
pub(super) fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let (assignments, file) = split(arguments)?;
    // Without a change, no permission to write is needed.
    if changed(file, &assignments)?.is_none() {
        return Ok(());
    }
    let failed = |error: io::Error| {
        Failure::not_done(format!("can't replace {}: {}", file.display(), reason(&error)))
    };
    let replacement = Replacement::begin(file, PATIENCE).map_err(failed)?;
    // Read again: another process may have changed the file before this one could lock it.
    match changed(file, &assignments)? {
        Some(text) => replacement.commit(&text).map_err(failed),
        None => Ok(()),
    }
}

/// The content of the file with these assignments; `None` if it is that already.
fn changed(file: &Path, assignments: &[Assignment]) -> Result<Option<Vec<u8>>, Failure> {
    let old = settings::read(file)?;
    let new = edit::set(file, old.as_deref().unwrap_or_default(), assignments)?;
    Ok((old.as_ref() != Some(&new)).then_some(new))
}

/// Splits `KEY=VALUE... [FILE]` into the assignments and the file.
fn split(arguments: &[OsString]) -> Result<(Vec<Assignment>, &Path), Failure> {
    let (assignments, file) = match arguments {
        [assignments @ .., file] if !is_assignment(file) => (assignments, Path::new(file)),
        _ => (arguments, Path::new(DEFAULT_PATH)),
    };
    if file == Path::new("-") {
        return Err(Failure::bad_input("config set can't change standard input; give a FILE"));
    }
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
