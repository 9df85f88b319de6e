//! How a command ends when it can't do what it was asked to.

use std::fmt;

/// The exit status for usage and for bad input.
pub(crate) const BAD_INPUT: u8 = 2;

/// The exit status for what is not permitted, and for input and output.
pub(crate) const NOT_DONE: u8 = 3;

/// One line for the user, and the exit status behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit status.
    pub(crate) code: u8,
    /// The line, without the program's name in front.
    pub(crate) message: String,
}

impl Failure {
    /// Arguments or a file's content make no sense.
    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self { code: BAD_INPUT, message: message.into() }
    }

    /// Something is not permitted, or can't be read or written.
    pub(crate) fn not_done(message: impl Into<String>) -> Self {
        Self { code: NOT_DONE, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
