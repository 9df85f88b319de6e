//! Who a number is: the person where the log knows one, else the user.

use crate::events::{Store, User};
use viraudit::internal::audit_sys::host;

/// The names of all users of a trail, by their numbers in it.
pub(crate) fn user_names(store: &Store) -> Vec<Option<String>> {
    store.users.all().iter().map(|who| name(who, store.local)).collect()
}

fn name(who: &User, local: bool) -> Option<String> {
    let (id, told) = match who.auid {
        Some(auid) => (auid, &who.auid_name),
        None => (who.uid?, &who.uid_name),
    };
    // What auditd writes when it doesn't know either.
    let unknown = told.is_empty() || told == b"unset" || told.starts_with(b"unknown(");
    if !unknown {
        return Some(String::from_utf8_lossy(told).into_owned());
    }
    // The same everywhere.
    if id == 0 {
        return Some("root".to_owned());
    }
    let here = || host::user_name(id).map(|name| String::from_utf8_lossy(&name).into_owned());
    Some(local.then(here).flatten().unwrap_or_else(|| id.to_string()))
}
