//! The settings and logs of this host's auditd.

use crate::numbers::unsigned;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// auditd's configuration file.
const SETTINGS: &str = "/etc/audit/auditd.conf";

/// The default log.
const LOG: &str = "/var/log/audit/audit.log";

/// The seconds after which an event is complete: auditd's default, and that of any other log.
pub(crate) const TIMEOUT: i64 = 2;

/// The settings of auditd that matter here.
pub(crate) struct Settings {
    pub(crate) log: PathBuf,
    /// Seconds after which an event is complete.
    pub(crate) timeout: i64,
}

impl Settings {
    /// Reads this host's settings.
    pub(crate) fn of_host() -> Self {
        Self::read(&std::fs::read(SETTINGS).unwrap_or_default())
    }

    /// Reads settings up to the first malformed line. A last line without newline is ignored.
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

    /// Opens the current log and the rotated ones, oldest first.
    pub(crate) fn logs(&self) -> io::Result<Vec<File>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read() {
        let settings =
            Settings::read(b"# x\nLog_File = /a/b\nend_of_event_timeout = 7\nx\nlog_file = /c\n");
        assert_eq!((settings.log.as_os_str(), settings.timeout), ("/a/b".as_ref(), 7));
    }
}
