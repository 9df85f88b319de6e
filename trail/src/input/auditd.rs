//! The log that auditd.conf names, and its rotations.

use super::{Source, files};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const DEFAULT_LOG: &str = "/var/log/audit/audit.log";

/// The endings of compressed rotations.
const COMPRESSED: [&str; 3] = [".gz", ".zst", ".xz"];

/// The log that `conf` names with its rotations, the oldest first. An error comes with its path.
pub(super) fn logs(conf: &Path) -> Result<Vec<Source>, (PathBuf, io::Error)> {
    let path = match fs::read_to_string(conf) {
        Ok(text) => log_file(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => DEFAULT_LOG.into(),
        Err(error) => return Err((conf.to_owned(), error)),
    };
    rotations(&path)
}

/// The last `log_file = PATH` of auditd.conf.
fn log_file(text: &str) -> PathBuf {
    let value = |line: &str| {
        let (key, value) = line.split_once('=')?;
        key.trim().eq_ignore_ascii_case("log_file").then(|| value.trim().into())
    };
    text.lines().filter_map(value).next_back().unwrap_or_else(|| DEFAULT_LOG.into())
}

/// `audit.log` and all `audit.log.*` and `audit.log-*` beside it. The log itself may be missing.
fn rotations(path: &Path) -> Result<Vec<Source>, (PathBuf, io::Error)> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let parent = path.parent().unwrap_or(Path::new("/"));
    let wanted = |found: &OsStr| {
        let rest = found.as_encoded_bytes().strip_prefix(name);
        // auditd names rotations NAME.N, logrotate NAME-DATE.
        rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'.' || rest[0] == b'-')
    };
    files(parent, wanted, || io::ErrorKind::NotFound.into())
        .map_err(|(file, error)| (file.unwrap_or(path.to_owned()), error))
}

/// The log that a file with this name is, or is a rotation of: `audit.log` for `audit.log.2.gz`, for
/// `audit.log-20261120` and for `audit.log.2026-11-20_0930`. auditd and logrotate append a number or a
/// date; a program that auditd starts with `exec` gives any name.
pub(super) fn rotated_from(name: &str) -> &str {
    let plain = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let mut log = plain;
    let is_separator = |letter| matches!(letter, '.' | '-' | '_' | ':' | 'T' | '+' | '@');
    loop {
        let stem = log.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = log.len() - stem.len();
        // Behind a number, only what a date or a time may begin with.
        let is_part = if log == plain { digits > 0 } else { matches!(digits, 2 | 4 | 6 | 8) };
        match stem.strip_suffix(is_separator) {
            Some(rest) if is_part && !rest.is_empty() => log = rest,
            _ => return log,
        }
    }
}

/// Sorts files so that the oldest rotation comes first: `.10`, `.2`, `.1`, then names with dates,
/// then the log itself. A wrong order only costs time: events are sorted by their own time.
pub(super) fn sort(files: &mut [Source]) {
    files.sort_by_cached_key(|source| {
        let path = match source {
            Source::Stdin => Path::new(""),
            Source::File(path) | Source::Open(path, _) => path,
            Source::Member(member) => member.path(),
        };
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default().to_owned();
        let plain = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(&name);
        let (stem, number) = match plain.rsplit_once('.') {
            // Eight digits are a date: the oldest has the lowest.
            Some((stem, number)) if number.len() < 8 => match number.parse::<u32>() {
                Ok(number) => (stem, Some(number)),
                Err(_) => (plain, None),
            },
            _ => (plain, None),
        };
        let dated = number.is_none() && plain.bytes().any(|byte| byte.is_ascii_digit());
        let class = if number.is_some() {
            0
        } else if dated {
            1
        } else {
            2
        };
        let age = number.map_or(0, |number| u32::MAX - number);
        (class, stem.len(), stem.to_owned(), age, name.clone())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_come_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["audit.log", "audit.log.1", "audit.log.10.gz", "audit.log.2.zst", "other.log"];
        for name in names {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let conf = dir.path().join("auditd.conf");
        let log = dir.path().join("audit.log");
        fs::write(&conf, format!("# log_file = /x\nlog_file = {}\n", log.display())).unwrap();
        let found = logs(&conf).unwrap();
        let found: Vec<_> = found.iter().map(Source::name).collect();
        let expected = ["audit.log.10.gz", "audit.log.2.zst", "audit.log.1", "audit.log"]
            .map(|name| dir.path().join(name).display().to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn rotations_are_of_the_log_that_they_are_named_after() {
        for (name, log) in [
            ("audit.log", "audit.log"),
            ("audit.log.2.gz", "audit.log"),
            ("audit.log-20261120", "audit.log"),
            ("audit.log.2026-11-20_0930.zst", "audit.log"),
            ("audit.log.20261120T093000", "audit.log"),
            ("audit.log-2026-11-20T09:30:00", "audit.log"),
            ("audit-1.log", "audit-1.log"),
            ("host-1", "host"),
            ("host-1-1", "host-1"),
            ("host1", "host1"),
            ("20261120", "20261120"),
            ("2026-11-20", "2026"),
        ] {
            assert_eq!(rotated_from(name), log, "{name}");
        }
    }

    #[test]
    fn dates_count_upwards() {
        let files = |names: [&str; 3]| names.map(|name| Source::File(name.into()));
        let mut found = files(["audit.log", "audit.log-20261120.gz", "audit.log-20261119"]);
        sort(&mut found);
        assert_eq!(found, files(["audit.log-20261119", "audit.log-20261120.gz", "audit.log"]));
    }
}
