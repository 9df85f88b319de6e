//! Where lines come from: a file, standard input, or the logs of this host's auditd.

use super::numbers::unsigned;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// auditd's settings.
const SETTINGS: &str = "/etc/audit/auditd.conf";

/// Its log, and how long an event may take, when they say nothing; with other logs always.
const LOG: &str = "/var/log/audit/audit.log";
pub(super) const TIMEOUT: i64 = 2;

/// What is needed of auditd's settings.
pub(super) struct Settings {
    pub(super) log: PathBuf,
    /// Seconds.
    pub(super) timeout: i64,
}

impl Settings {
    /// This host's.
    pub(super) fn of_host() -> Self {
        Self::read(&std::fs::read(SETTINGS).unwrap_or_default())
    }

    /// Reads up to the first line that makes no sense; the last one needs its end.
    fn read(text: &[u8]) -> Self {
        let mut settings = Self { log: LOG.into(), timeout: TIMEOUT };
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\n") else { break };
            let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
            let name = match words.next() {
                Some(name) if !name.starts_with(b"#") => name.to_ascii_lowercase(),
                _ => continue,
            };
            let (Some(b"="), Some(value)) = (words.next(), words.next()) else { break };
            match name.as_slice() {
                b"log_file" => settings.log = OsString::from_vec(value.to_vec()).into(),
                b"end_of_event_timeout" => {
                    if !value.iter().all(u8::is_ascii_digit) {
                        break;
                    }
                    let seconds = unsigned(value).and_then(|seconds| i64::try_from(seconds).ok());
                    settings.timeout = seconds.unwrap_or(TIMEOUT);
                }
                _ => {}
            }
        }
        settings
    }

    /// The logs that are there, oldest first.
    pub(super) fn logs(&self) -> io::Result<Vec<File>> {
        let mut logs = vec![File::open(&self.log)?];
        for number in 1.. {
            let mut name = self.log.clone().into_os_string();
            name.push(format!(".{number}"));
            let Ok(file) = File::open(name) else { break };
            logs.push(file);
        }
        logs.reverse();
        Ok(logs)
    }
}

/// How much is read at once.
const CHUNK: usize = 1 << 18;

/// Gives each line of a source to `take`, without its end. What can't be read ends it.
pub(super) fn lines(mut source: impl Read, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; CHUNK];
    // What of the buffer is filled, and up to where it was searched for a line's end.
    let (mut filled, mut searched) = (0, 0);
    loop {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        let count = match source.read(&mut buffer[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(count) => count,
            Err(_) => 0,
        };
        if count == 0 {
            break;
        }
        filled += count;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &buffer[searched..filled]) {
            take(&buffer[start..searched + end]);
            start = searched + end + 1;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
        searched = filled;
    }
    if filled > 0 {
        take(&buffer[..filled]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        lines(text, |line| found.push(line.to_vec()));
        found
    }

    #[test]
    fn lines_have_any_length() {
        let long = vec![b'x'; 3 * CHUNK + 1];
        let text = [b"a\n\n", &long[..], b"\nlast"].concat();
        assert_eq!(of(&text), [&b"a"[..], b"", &long, b"last"]);
        assert_eq!(of(b""), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn settings_are_read() {
        let settings =
            Settings::read(b"# x\nLog_File = /a/b\nend_of_event_timeout = 7\nx\nlog_file = /c\n");
        assert_eq!((settings.log.as_os_str(), settings.timeout), ("/a/b".as_ref(), 7));
    }
}
