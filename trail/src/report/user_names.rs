//! The names of users: the person where the record names a client, else the login user if the log
//! has one, else the process's user.

use super::client::ClientView;
use crate::events::{Store, User};
use viraudit::internal::audit_sys::host;

/// A user as a report shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct UserView {
    pub(super) name: Option<String>,
    /// The client that the user's process worked for.
    pub(super) client: Option<ClientView>,
}

/// All users of a log, in the order of their ids.
pub(super) fn user_views(store: &Store) -> Vec<UserView> {
    let view = |user: &User| {
        let client = ClientView::of(user);
        let name = match &client {
            Some(client) => person(client, user, store.local),
            None => own_name(user, store.local),
        };
        UserView { name, client }
    };
    store.users.all().iter().map(view).collect()
}

/// The name that says most about the person: what was authenticated for this request, then the
/// login, which stays the same behind sudo, then the account.
fn person(client: &ClientView, user: &User, local: bool) -> Option<String> {
    let login = client.auid.filter(|&auid| client.account.is_none() || Some(auid) != client.uid);
    client
        .sasl
        .clone()
        .or_else(|| login.map(|auid| name(auid, &user.login_name, local)))
        .or_else(|| client.account.clone())
        .or_else(|| client.x509.clone())
        .or_else(|| client.uid.map(|uid| name(uid, b"", local)))
        .or_else(|| own_name(user, local))
}

fn own_name(user: &User, local: bool) -> Option<String> {
    match (user.auid, user.uid) {
        (Some(auid), _) => Some(name(auid, &user.auid_name, local)),
        (None, uid) => Some(name(uid?, &user.uid_name, local)),
    }
}

fn name(id: u32, interpreted: &[u8], local: bool) -> String {
    // auditd writes these if it doesn't know the name either.
    let unknown =
        interpreted.is_empty() || interpreted == b"unset" || interpreted.starts_with(b"unknown(");
    if !unknown {
        return String::from_utf8_lossy(interpreted).into_owned();
    }
    // The same on every host.
    if id == 0 {
        return "root".to_owned();
    }
    let here = || host::user_name(id).map(|name| String::from_utf8_lossy(&name).into_owned());
    local.then(here).flatten().unwrap_or_else(|| id.to_string())
}
