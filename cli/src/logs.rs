//! Finds the logs for report and verify, and reports those that can't be read.

use crate::console::{self, reason};
use crate::failure::Failure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use viraudit_trail::input::Sources;
use viraudit_trail::input::blocks::ReadError;

/// The logs that the user named, or auditd's log.
pub(crate) fn find(files: &[PathBuf], command: &str) -> Result<Sources, Failure> {
    allow_many_files();
    Sources::resolve(files).map_err(|(path, error)| {
        let hint = if error.raw_os_error() == Some(libc::EMFILE) {
            "; raise the limit (ulimit -n), or name fewer logs".to_owned()
        } else if files.is_empty() {
            hint(&error, command)
        } else {
            String::new()
        };
        not_read(&console::shown(&path), &error, &hint)
    })
}

/// The bytes of `--tag`'s values.
pub(crate) fn tags(tags: &[OsString]) -> Vec<Vec<u8>> {
    tags.iter().map(|tag| tag.clone().into_vec()).collect()
}

/// Raises the limit of open files as far as permitted: all logs are open at a time.
fn allow_many_files() {
    let limit = getrlimit(Resource::Nofile);
    // If this fails, so does opening, with an error that names the limit.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Reports every log that could not be read to its end.
pub(crate) fn all_read(
    sources: &Sources,
    errors: &[ReadError],
    command: &str,
) -> Result<(), Failure> {
    let Some((last, others)) = errors.split_last() else { return Ok(()) };
    others.iter().for_each(|error| console::eprint(failure(sources, error, command)));
    Err(failure(sources, last, command))
}

/// The warning about two logs that may be of different hosts.
pub(crate) fn overlap(sources: &Sources, (one, other): (usize, usize), command: &str) -> String {
    let name = |at: usize| {
        let name = sources.list.get(at).map(|source| source.name()).unwrap_or_default();
        console::shown(name.as_ref()).to_string()
    };
    format!(
        "{} and {} have records of the same time and don't name their host: \
         if they are of two hosts, name each (viraudit {command} HOST=FILE ...)",
        name(one),
        name(other)
    )
}

/// The kinds of files without any record, where they can be recognised: `a.yml is YAML`.
pub(crate) fn kinds(sources: &Sources) -> Vec<String> {
    const MAX: usize = 3;
    let kinds = sources.list.iter().filter_map(|source| {
        let kind = source.text_kind()?;
        Some(format!("{} is {kind}", console::shown(source.name().as_ref())))
    });
    kinds.take(MAX).collect()
}

/// A log that could not be read to its end.
pub(crate) fn failure(sources: &Sources, (source, error): &ReadError, command: &str) -> Failure {
    let name = sources.list.get(*source).map(|source| source.name()).unwrap_or_default();
    let hint = if sources.local { hint(error, command) } else { String::new() };
    not_read(&name, error, &hint)
}

fn not_read(name: &str, error: &io::Error, hint: &str) -> Failure {
    Failure::not_done(format!("can't read {name}: {}{hint}", reason(error)))
}

/// How to fix it if the user named no log.
fn hint(error: &io::Error, command: &str) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => "; run as root, or name a log".into(),
        ErrorKind::NotFound => {
            format!("; without auditd: journalctl -o json _TRANSPORT=audit | viraudit {command} -")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use viraudit_trail::input::Source;

    #[test]
    fn what_helps_depends_on_whose_log_it_is() {
        let list = vec![Source::File("/a".into())];
        for (local, kind, expected) in [
            (
                true,
                ErrorKind::PermissionDenied,
                "can't read /a: permission denied; run as root, or name a log",
            ),
            (
                true,
                ErrorKind::NotFound,
                "can't read /a: entity not found; without auditd: journalctl -o json \
                 _TRANSPORT=audit | viraudit verify -",
            ),
            (true, ErrorKind::InvalidData, "can't read /a: invalid data"),
            (false, ErrorKind::PermissionDenied, "can't read /a: permission denied"),
        ] {
            let sources = Sources { list: list.clone(), local, ..Sources::default() };
            let failure = all_read(&sources, &[(0, kind.into())], "verify").unwrap_err();
            assert_eq!(failure.message, expected);
        }
    }
}
