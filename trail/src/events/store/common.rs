//! What many events have in common: a log has few combinations of it, each kept once.

use super::event::{Event, EventKind};
use crate::events::{UserId, WordId, define_id};
use crate::line::Sign;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;

define_id!(
    /// A [`Common`].
    CommonId
);

/// What an event has besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Extra {
    None,
    Pid,
    Text,
}

/// What many events have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Common {
    pub(super) host: WordId,
    pub(super) user: UserId,
    pub(super) reason: WordId,
    pub(super) what: WordId,
    /// The guest's name in this record, unless it is that in its first record.
    pub(super) name: Option<WordId>,
    pub(super) kind: EventKind,
    pub(super) success: bool,
    pub(super) sign: Sign,
    pub(super) extra: Extra,
}

const _: () = assert!(size_of::<Common>() <= 32, "a log of many users has many");

impl Common {
    #[inline]
    pub(super) fn new(event: &Event, name: Option<WordId>, extra: Extra) -> Self {
        let Event { host, user, reason, what, kind, success, sign, .. } = *event;
        Self { host, user, reason, what, name, kind, success, sign, extra }
    }
}

/// The number of combinations that are compared before one is looked up: starts and stops of one
/// daemon take turns.
const RECENT: usize = 4;

/// All combinations.
#[derive(Debug, Default)]
pub(super) struct Commons {
    all: Vec<Common>,
    /// The ids that were looked up last.
    recent: [Option<CommonId>; RECENT],
    /// The one of them that is replaced next.
    oldest: usize,
    ids: HashTable<CommonId>,
    hasher: RandomState,
}

impl Commons {
    /// The id of a combination, which is added if it is new.
    #[inline]
    pub(super) fn intern(&mut self, common: Common) -> CommonId {
        let is_it = |id: &CommonId| self.all[id.index()] == common;
        if let Some(id) = self.recent.iter().flatten().copied().find(is_it) {
            return id;
        }
        let id = self.look_up(common);
        self.recent[self.oldest] = Some(id);
        self.oldest = (self.oldest + 1) % RECENT;
        id
    }

    fn look_up(&mut self, common: Common) -> CommonId {
        let Self { all, ids, hasher, .. } = self;
        let is_it = |&id: &CommonId| all[id.index()] == common;
        let rehash = |&id: &CommonId| hasher.hash_one(all[id.index()]);
        match ids.entry(hasher.hash_one(common), is_it, rehash) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let id = CommonId::new(all.len());
                free.insert(id);
                all.push(common);
                id
            }
        }
    }

    /// Frees the memory that only adding needs.
    pub(super) fn complete(&mut self) {
        self.ids = HashTable::new();
    }

    #[inline]
    pub(super) fn get(&self, id: CommonId) -> &Common {
        &self.all[id.index()]
    }
}
