//! The users in a log, each kept once.

use crate::events::UserId;
use crate::line::fields::{decoded, find};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// The user of a process, as its record has it, and the client that it worked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct User {
    pub(crate) uid: Option<u32>,
    pub(crate) auid: Option<u32>,
    /// The interpreted `UID=`.
    pub(crate) uid_name: Vec<u8>,
    /// The interpreted `AUID=`.
    pub(crate) auid_name: Vec<u8>,
    /// The client's fields; empty without a client.
    pub(crate) client: Vec<u8>,
    /// The interpreted `SAUID=`: the client's login.
    pub(crate) login_name: Vec<u8>,
}

/// All users.
#[derive(Debug, Default)]
pub(crate) struct Users {
    all: Vec<User>,
    ids: HashMap<User, UserId, RandomState>,
}

impl Users {
    /// All users, in the order of their ids.
    pub(crate) fn all(&self) -> &[User] {
        &self.all
    }

    /// The id of a user, which is added if it is new. `names` are the interpreted fields.
    pub(super) fn intern(
        &mut self,
        uid: Option<u32>,
        auid: Option<u32>,
        names: &[u8],
        client: &[u8],
    ) -> UserId {
        let name = |key| find(names, key).map(|value| decoded(value).into_owned());
        let user = User {
            uid,
            auid,
            uid_name: name(b"UID").unwrap_or_default(),
            auid_name: name(b"AUID").unwrap_or_default(),
            client: client.to_vec(),
            login_name: name(b"SAUID").unwrap_or_default(),
        };
        if let Some(&id) = self.ids.get(&user) {
            return id;
        }
        let id = UserId::new(self.all.len());
        self.all.push(user.clone());
        self.ids.insert(user, id);
        id
    }
}
