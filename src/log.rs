//! Where the library's own words go: copies of the records (audit_logging), and what it has to
//! say about their delivery.

use std::fmt;

/// How urgent a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// All is as it should be, or as good as this host can do.
    Info,
    /// Somebody should know.
    Warning,
}

/// The place in the source that a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Caller<'a> {
    /// Source file.
    pub file: &'a str,
    /// Line, from 1; 0 when unknown.
    pub line: usize,
    /// Function; empty when unknown.
    pub function: &'a str,
}

impl Caller<'static> {
    /// The place of the nearest caller that isn't marked `#[track_caller]`.
    #[track_caller]
    pub fn here() -> Self {
        let location = std::panic::Location::caller();
        Self { file: location.file(), line: location.line() as usize, function: "" }
    }
}

/// Something that takes log lines. Called from any thread, and never while a lock is held.
pub trait LogSink: Send + Sync {
    /// One line, without its end.
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str);
}

impl fmt::Debug for dyn LogSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogSink")
    }
}

/// The `log` crate: goes wherever the program sends that; nowhere when it doesn't.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogCrate;

impl LogSink for LogCrate {
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str) {
        let level = match level {
            LogLevel::Info => log::Level::Info,
            LogLevel::Warning => log::Level::Warn,
        };
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
