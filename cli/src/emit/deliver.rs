//! Sends records to their destination and reports failures.
//!
//! All records of a command are one batch: for the kernel, one `sendto` and one `recvfrom`,
//! whatever their number. Opening queries before that whether auditing is on: one `sendto` and two
//! `recvfrom`, for the kernel's acknowledgement and its answer. Nothing polls.

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

/// The destination of records.
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
            _ => Err("expected kernel, stdout or file:PATH"),
        },
    })
}

/// The result in the records, and where they go.
#[derive(Args, Debug)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct DeliveryArgs {
    /// Emit res=failed instead of res=success.
    #[arg(long)]
    failed: bool,
    /// Destination: kernel, stdout or file:PATH.
    #[arg(long, value_name = "TARGET", default_value = "kernel", value_parser = target())]
    to: Target,
    /// Audit level: 0 sends nothing, 1 sends even if auditing is off, 2 fails if auditing is off
    /// [default: audit_level in --config, else 1].
    #[arg(long, value_name = "LEVEL")]
    level: Option<u32>,
    /// Apply audit_level and audit_logging of this libvirtd.conf; audit_logging=1 copies each record
    /// to standard error.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print all log messages about the delivery.
    #[arg(long, short)]
    verbose: bool,
}

impl DeliveryArgs {
    /// Whether the records have res=success.
    pub(crate) fn success(&self) -> bool {
        !self.failed
    }

    /// The level, and whether records are copied to standard error.
    fn settings(&self) -> Result<Config, Failure> {
        let mut config = self.config.as_deref().map_or(Ok(Config::default()), settings::load)?;
        config.audit_level = self.level.unwrap_or(config.audit_level);
        Ok(config)
    }
}

/// Sends the records as one batch.
pub(crate) fn deliver(records: &[Record<'_>], args: &DeliveryArgs) -> Result<u8, Failure> {
    let total = records.iter().filter(|record| record.is_worth_sending()).count() as u64;
    let config = args.settings()?;
    let log = Arc::new(BufferedLog::new(args.verbose));
    let options = Options::from(config).log(Arc::clone(&log));
    let opened = match &args.to {
        Target::Kernel => Auditor::open(KernelBackend, options),
        Target::Stdout => Auditor::open(StreamBackend::new(io::stdout()), options),
        Target::File(path) => Auditor::open(FileBackend::new(path), options),
    };
    let auditor = match opened {
        Ok(auditor) => auditor,
        Err(error) => return failed(&args.to, &error, 0, total),
    };
    log.enter(Phase::Filling);
    let mut batch = auditor.batch();
    records.iter().for_each(|record| batch.push(record));
    log.enter(Phase::Sending);
    if let Err(failure) = batch.send() {
        return failed(&args.to, &failure.into(), auditor.stats().delivered, total);
    }
    log.notices().iter().for_each(eprint);
    if matches!(args.to, Target::Kernel) && config.audit_level == 1 {
        warn_if_off_unnoticed();
    }
    Ok(DONE)
}

/// The failure about records that were not delivered.
fn failed(to: &Target, error: &Error, delivered: u64, total: u64) -> Result<u8, Failure> {
    let plural = if total == 1 { "" } else { "s" };
    let lost = total - delivered;
    let errno = io::Error::from_raw_os_error(error.errno());
    let message = match to {
        Target::Kernel => {
            format!("{delivered} of {total} record{plural} delivered, {lost} failed: {error}")
        }
        Target::Stdout => {
            // A reader may close our output without an error.
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

/// Warns if auditing is off and the library could not find out.
///
/// The library reads the audit status, which needs CAP_AUDIT_CONTROL. Without it, the kernel's
/// answer to an empty record shows the same.
fn warn_if_off_unnoticed() {
    if Process::current().cap_audit_control == Some(true) {
        return;
    }
    if Link::open().is_ok_and(|mut link| link.probe_write() == WriteProbe::Off) {
        eprint(AUDITING_IS_OFF);
    }
}

/// The phase of the command, which decides how a log message is handled.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Opening,
    Filling,
    Sending,
}

/// Receives the library's log messages.
///
/// A failed command prints one line, so the library's own message about the failure is dropped.
/// Messages from opening are buffered and printed if the command succeeds.
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
            // While the batch is filled, the messages are copies of records (audit_logging).
            eprint(message);
        } else if phase == Phase::Opening as u8 {
            self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(message.to_owned());
        }
    }
}
