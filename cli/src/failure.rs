//! Why a command fails.

/// What a failed command says and how it exits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit status: 2 for a usage error or bad input, 3 when something is not permitted or
    /// can't be read or written.
    pub(crate) code: u8,
    /// One line for standard error, without the `viraudit: ` before it.
    pub(crate) message: String,
}
