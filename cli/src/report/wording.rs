//! Users, results and records as texts, for the tables and the page.

use std::borrow::Cow;
use viraudit_trail::line::Stamp;
use viraudit_trail::report::Operation;

/// A user: in parentheses where the daemon acted for itself.
pub(super) fn user(user: Option<&str>, by_daemon: bool) -> Option<Cow<'_, str>> {
    let user = user?;
    Some(if by_daemon { format!("({user})").into() } else { user.into() })
}

/// Whether it succeeded, as a word.
pub(super) fn result(operation: &Operation<'_>) -> &'static str {
    if operation.success { "ok" } else { "failed" }
}

/// Records, as `ausearch` finds them.
pub(super) fn stamps(proof: &[Stamp]) -> String {
    proof.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
