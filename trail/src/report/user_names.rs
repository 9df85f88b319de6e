//! The names of users: of the login user if the log has one, else of the process's user.

use crate::events::{Store, User};
use viraudit::internal::audit_sys::host;

/// The names of all users of a log, in the order of their ids.
pub(super) fn user_names(store: &Store) -> Vec<Option<String>> {
    store.users.all().iter().map(|user| name(user, store.local)).collect()
}

fn name(user: &User, local: bool) -> Option<String> {
    let (id, interpreted) = match user.auid {
        Some(auid) => (auid, &user.auid_name),
        None => (user.uid?, &user.uid_name),
    };
    // auditd writes these if it doesn't know the name either.
    let unknown =
        interpreted.is_empty() || interpreted == b"unset" || interpreted.starts_with(b"unknown(");
    if !unknown {
        return Some(String::from_utf8_lossy(interpreted).into_owned());
    }
    // The same on every host.
    if id == 0 {
        return Some("root".to_owned());
    }
    let here = || host::user_name(id).map(|name| String::from_utf8_lossy(&name).into_owned());
    Some(local.then(here).flatten().unwrap_or_else(|| id.to_string()))
}
