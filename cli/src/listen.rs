//! Sources of records, filters and the ready sign, for `watch` and `expect`.

use crate::console::{self, reason};
use crate::failure::Failure;
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use viraudit::internal::audit_sys::inherited;
use viraudit_trail::listen::{Source, refusal};

/// The source of records, and the sign that it is listened to.
#[derive(Args, Debug)]
pub(crate) struct ListenArgs {
    /// Source of the records: kernel (its multicast group), a log that is followed from its end on, the
    /// UNIX socket of auditd's af_unix plugin, a FIFO, or - for standard input.
    #[arg(long, value_name = "SOURCE", default_value = "kernel")]
    from: OsString,
    /// Write `ready` to this descriptor and close it as soon as records are heard.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(3..))]
    ready_fd: Option<i32>,
}

/// The descriptor of `--ready-fd`.
pub(crate) type ReadyFd = Option<File>;

impl ListenArgs {
    /// Takes over the descriptor of `--ready-fd`. This comes before anything is opened.
    pub(crate) fn ready_fd(&self, command: &str) -> Result<ReadyFd, Failure> {
        let Some(number) = self.ready_fd else { return Ok(None) };
        let taken = inherited::take(number).map_err(|error| {
            Failure::bad_input(format!("{command}: --ready-fd {number}: {}", reason(&error)))
        })?;
        Ok(Some(taken.into()))
    }

    /// Whether standard input is the source.
    pub(crate) fn is_stdin(&self) -> bool {
        self.from == "-"
    }

    /// Begins to listen.
    pub(crate) fn open(&self, command: &str) -> Result<Source, Failure> {
        match self.from.as_os_str() {
            from if from == "kernel" => {
                Source::kernel().map_err(|error| not_opened(command, &error))
            }
            from if from == "-" => stdin(command),
            path => Source::file(Path::new(path)).map_err(|error| not_read(command, path, &error)),
        }
    }

    /// The name of the source in messages.
    pub(crate) fn name(&self) -> String {
        match self.from.as_os_str() {
            from if from == "kernel" => "the kernel".into(),
            path => console::shown(Path::new(path)),
        }
    }
}

/// Standard input as a source.
pub(crate) fn stdin(command: &str) -> Result<Source, Failure> {
    Source::stdin().map_err(|error| not_read(command, OsStr::new("-"), &error))
}

/// Gives the sign that records are heard from now on.
pub(crate) fn give_sign(ready: ReadyFd) {
    // Its reader may not be interested in the text, and the closing is a sign, too.
    if let Some(mut ready) = ready {
        let _ = ready.write_all(b"ready\n");
    }
}

fn not_read(command: &str, from: &OsStr, error: &io::Error) -> Failure {
    let name = console::shown(Path::new(from));
    Failure::not_done(format!("{command}: can't read {name}: {}", reason(error)))
}

fn not_opened(command: &str, error: &io::Error) -> Failure {
    let why = refusal(error).unwrap_or_else(|| reason(error));
    Failure::not_done(format!("{command}: can't receive audit records from the kernel: {why}"))
}

/// A flag that SIGINT and SIGTERM set.
pub(crate) fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// Parses a number of seconds, which may have a fraction.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    let number = text.parse().ok().filter(|_| text.bytes().all(plain));
    number
        .and_then(|number| Duration::try_from_secs_f64(number).ok())
        .ok_or_else(|| "expected a number of seconds".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_may_have_a_fraction() {
        for (text, millis) in [
            ("5", Some(5000)),
            ("0.25", Some(250)),
            (".5", Some(500)),
            ("0", Some(0)),
            ("-1", None),
            ("1e9", None),
            ("inf", None),
            ("NaN", None),
            ("", None),
            (".", None),
            ("5s", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(seconds(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
    }
}
