//! Where records go, and what the user is told about it.
//!
//! Whatever is emitted is one burst: into the kernel, one `sendto` and one `recvfrom`, however many
//! records. Opening asks whether auditing is on before that: one `sendto` and two `recvfrom` (the
//! kernel acknowledges the question, and answers it). Nothing polls.

use crate::console::{eprint, output_error, reason};
use crate::exit_status::DONE;
use crate::failure::Failure;
use crate::settings;
use crate::status::process::Process;
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use viraudit::internal::audit_sys::link::{Link, WriteProbe};
use viraudit::internal::backend::AUDITING_IS_OFF;
use viraudit::log::{Caller, LogLevel, LogSink};
use viraudit::{
    Auditor, Config, Error, FileBackend, KernelBackend, Options, Record, StreamBackend,
};

/// Where a record goes.
#[derive(Clone, Debug)]
enum Target {
    Kernel,
    Stdout,
    File(PathBuf),
}

fn target() -> impl TypedValueParser<Value = Target> {
    OsStringValueParser::new().try_map(|text: OsString| match text.as_bytes() {
        b"kernel" => Ok(Target::Kernel),
        b"stdout" => Ok(Target::Stdout),
        other => match other.strip_prefix(b"file:") {
            Some(path) if !path.is_empty() => {
                Ok(Target::File(OsString::from_vec(path.to_vec()).into()))
            }
            _ => Err("it must be kernel, stdout or file:PATH"),
        },
    })
}

/// The result that records tell, and their way.
#[derive(Args, Debug)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct Sending {
    /// Say that it failed: res=failed.
    #[arg(long)]
    failed: bool,
    /// Where records go: kernel, stdout or file:PATH.
    #[arg(long, value_name = "TARGET", default_value = "kernel", value_parser = target())]
    to: Target,
    /// As libvirtd.conf's audit_level: 0 sends nothing, 1 sends even while auditing is off, 2 fails
    /// then [default: 1, or as --config says].
    #[arg(long, value_name = "N")]
    level: Option<u32>,
    /// Go by the audit_level and audit_logging of this libvirtd.conf; audit_logging copies each
    /// record to standard error.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Show what the library has to say about the delivery too.
    #[arg(long, short)]
    verbose: bool,
}

impl Sending {
    /// The result that records tell.
    pub(crate) fn success(&self) -> bool {
        !self.failed
    }

    /// The level, and whether records are logged too.
    fn settings(&self) -> Result<Config, Failure> {
        let mut config = self.config.as_deref().map_or(Ok(Config::default()), settings::load)?;
        config.audit_level = self.level.unwrap_or(config.audit_level);
        Ok(config)
    }
}

/// Sends the records as one burst.
pub(crate) fn deliver(records: &[Record<'_>], sending: &Sending) -> Result<u8, Failure> {
    let total = records.iter().filter(|record| record.is_worth_sending()).count() as u64;
    let Config { audit_level: level, audit_logging: logging } = sending.settings()?;
    let log = Arc::new(BufferedLog::new(sending.verbose));
    let options = Options { level, logging, log: log.clone(), ..Options::default() };
    let opened = match &sending.to {
        Target::Kernel => Auditor::open(KernelBackend, options),
        Target::Stdout => Auditor::open(StreamBackend::new(io::stdout()), options),
        Target::File(path) => Auditor::open(FileBackend::new(path), options),
    };
    let auditor = match opened {
        Ok(auditor) => auditor,
        Err(error) => return failed(&sending.to, &error, 0, total),
    };
    log.enter(Phase::Filling);
    let mut batch = auditor.batch();
    records.iter().for_each(|record| batch.push(record));
    log.enter(Phase::Sending);
    if let Err(failure) = batch.send() {
        return failed(&sending.to, &failure.into(), auditor.stats().delivered, total);
    }
    log.notices().iter().for_each(eprint);
    if matches!(sending.to, Target::Kernel) && level == 1 {
        warn_if_off_unasked();
    }
    Ok(DONE)
}

/// One line about records that weren't delivered.
fn failed(to: &Target, error: &Error, delivered: u64, total: u64) -> Result<u8, Failure> {
    let plural = if total == 1 { "" } else { "s" };
    let lost = total - delivered;
    let errno = io::Error::from_raw_os_error(error.errno());
    let message = match to {
        Target::Kernel => {
            format!("{delivered} of {total} record{plural} delivered, {lost} failed: {error}")
        }
        Target::Stdout => {
            // A reader that went away has seen enough.
            return output_error(&errno).map(|()| DONE).map_err(|Failure { code, message }| {
                Failure {
                    code,
                    message: format!("{message}; {lost} of {total} record{plural} not written"),
                }
            });
        }
        Target::File(path) => format!(
            "can't write to {}: {}; {lost} of {total} record{plural} not written",
            path.display(),
            reason(&errno)
        ),
    };
    Err(Failure::not_done(message))
}

/// The library asks the kernel whether auditing is on, which takes a capability more than writing
/// records does. Without that one, the answer to an empty record tells it too.
fn warn_if_off_unasked() {
    if Process::current().cap_audit_control == Some(true) {
        return;
    }
    if Link::open().is_ok_and(|mut link| link.probe_write() == WriteProbe::Off) {
        eprint(AUDITING_IS_OFF);
    }
}

/// What the command is at, which decides what becomes of a log line.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Opening,
    Filling,
    Sending,
}

/// The library's log lines. A command has one line to say when it fails, so the library's own
/// account of a failure isn't repeated; what it notices while opening is said once all went well.
struct BufferedLog {
    verbose: bool,
    phase: AtomicU8,
    notices: Mutex<Vec<String>>,
}

impl BufferedLog {
    fn new(verbose: bool) -> Self {
        Self { verbose, phase: AtomicU8::new(Phase::Opening as u8), notices: Mutex::default() }
    }

    fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    fn notices(&self) -> Vec<String> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LogSink for BufferedLog {
    fn log(&self, _level: LogLevel, _caller: Caller<'_>, message: &str) {
        let phase = self.phase.load(Ordering::Relaxed);
        if self.verbose || phase == Phase::Filling as u8 {
            // While the burst is filled, the lines are the records themselves (audit_logging).
            eprint(message);
        } else if phase == Phase::Opening as u8 {
            self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(message.to_owned());
        }
    }
}
