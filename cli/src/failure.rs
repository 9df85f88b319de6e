//! An error that ends a command.

use crate::exit_status::{BAD_INPUT, NOT_DONE};
use std::fmt;
use viraudit::ConfigError;

/// One line for standard error, and the exit status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit status.
    pub(crate) code: u8,
    /// The line, without the program's name.
    pub(crate) message: String,
}

impl Failure {
    /// Wrong arguments, or malformed input.
    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self { code: BAD_INPUT, message: message.into() }
    }

    /// Not permitted, or an I/O error.
    pub(crate) fn not_done(message: impl Into<String>) -> Self {
        Self { code: NOT_DONE, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let message = error.to_string();
        match error.errno {
            // The file's content is wrong; any other errno comes from reading it.
            libc::EINVAL | libc::EOVERFLOW => Self::bad_input(message),
            _ => Self::not_done(message),
        }
    }
}
