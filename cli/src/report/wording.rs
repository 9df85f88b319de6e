//! The user and the result of an operation in words, for the table and the page.

use std::borrow::Cow;
use viraudit_trail::report::Operation;

/// Who did it: in parentheses where the daemon acted for itself.
pub(super) fn user<'o>(operation: &Operation<'o>) -> Option<Cow<'o, str>> {
    let user = operation.user?;
    Some(if operation.by_daemon { format!("({user})").into() } else { user.into() })
}

/// Whether it succeeded, as a word.
pub(super) fn result(operation: &Operation<'_>) -> &'static str {
    if operation.success { "ok" } else { "failed" }
}
