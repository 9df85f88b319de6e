//! Who wrote records, each kept once.

use crate::line::fields::{decoded, find};
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// A user, as a record tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct User {
    pub(crate) uid: Option<u32>,
    pub(crate) auid: Option<u32>,
    pub(crate) uid_name: Vec<u8>,
    pub(crate) auid_name: Vec<u8>,
}

/// All users, with numbers.
#[derive(Debug, Default)]
pub(crate) struct Users {
    all: Vec<User>,
    ids: HashMap<User, u32, RandomState>,
}

impl Users {
    /// All, in the order of their numbers.
    pub(crate) fn all(&self) -> &[User] {
        &self.all
    }

    /// A user's number; `names` are a record's interpreted fields.
    pub(super) fn id(&mut self, uid: Option<u32>, auid: Option<u32>, names: &[u8]) -> u32 {
        let name = |key| find(names, key).map(|value| decoded(value).into_owned());
        let who = User {
            uid,
            auid,
            uid_name: name(b"UID").unwrap_or_default(),
            auid_name: name(b"AUID").unwrap_or_default(),
        };
        if let Some(&id) = self.ids.get(&who) {
            return id;
        }
        let id = self.all.len() as u32;
        self.all.push(who.clone());
        self.ids.insert(who, id);
        id
    }
}

/// What the number of a sender stands for in the store: for those of one scan, whose facts mostly
/// have the same one.
#[derive(Debug, Default)]
pub(crate) struct SenderCache {
    /// The last one's number there, its host and its user.
    last: Option<(u32, u32, u32)>,
}

impl SenderCache {
    /// A sender's host and user, if need be by `find`.
    #[inline]
    pub(super) fn of(&mut self, id: u32, find: impl FnOnce() -> (u32, u32)) -> (u32, u32) {
        match self.last {
            Some((last, host, who)) if last == id => (host, who),
            _ => {
                let (host, who) = find();
                self.last = Some((id, host, who));
                (host, who)
            }
        }
    }
}
