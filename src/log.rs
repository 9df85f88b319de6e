//! The library's log lines: copies of the records (`audit_logging`), and state changes of their
//! delivery.

use std::fmt;

/// How urgent a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// A normal event.
    Info,
    /// A problem for the administrator.
    Warning,
}

/// The source location of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// Source file.
    pub file: &'a str,
    /// Line, from 1; 0 when unknown.
    pub line: usize,
    /// Function; empty when unknown.
    pub function: &'a str,
}

impl Caller<'static> {
    /// The location of the nearest caller that isn't marked `#[track_caller]`.
    #[track_caller]
    pub fn here() -> Self {
        let location = std::panic::Location::caller();
        Self { file: location.file(), line: location.line() as usize, function: "" }
    }
}

/// A receiver of log lines. It is called from any thread, and never while a lock is held, so it may
/// use the auditor.
pub trait LogSink: Send + Sync {
    /// Logs one line, without a line end.
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str);
}

impl fmt::Debug for dyn LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogSink")
    }
}

impl<S: LogSink + ?Sized> LogSink for std::sync::Arc<S> {
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str) {
        (**self).log(level, caller, message);
    }
}

/// Passes log lines to the `log` crate, with the target `viraudit`.
#[derive(Debug)]
pub struct LogCrate;

impl LogSink for LogCrate {
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str) {
        let level = match level {
            LogLevel::Info => log::Level::Info,
            LogLevel::Warning => log::Level::Warn,
        };
        // As log's own macros do: a logger relies on it.
        if level > log::STATIC_MAX_LEVEL || level > log::max_level() {
            return;
        }
        log::logger().log(
            &log::Record::builder()
                .level(level)
                .target("viraudit")
                .file(Some(caller.file))
                .line(u32::try_from(caller.line).ok())
                .args(format_args!("{message}"))
                .build(),
        );
    }
}
