//! The sessions that own an identifier. A long log has millions of both, and they come and go in any
//! order, so all entries are small and kept in a few tables.

use super::SessionId;
use crate::events::define_id;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::collections::BTreeSet;

/// The key of an identifier: 64 bits of a good hash, enough to make collisions irrelevant.
pub(super) type IdentifierKey = u64;

define_id!(
    /// An [`Identifier`].
    IdentifierId
);

define_id!(
    /// A [`Link`].
    LinkId
);

/// All identifiers with their owners, and all sessions with their identifiers.
#[derive(Debug, Default)]
pub(super) struct OwnerIndex {
    by_key: HashTable<IdentifierId>,
    identifiers: Vec<Identifier>,
    /// Unused entries of `identifiers`.
    free: Vec<IdentifierId>,
    lists: Lists,
}

#[derive(Debug)]
struct Identifier {
    key: IdentifierKey,
    owners: Owners,
}

/// The owners of an identifier. Most have only one.
#[derive(Debug)]
enum Owners {
    One(Option<SessionId>),
    /// The newest is the last.
    #[expect(clippy::box_collection, reason = "this is rare, and would make every entry larger")]
    More(Box<BTreeSet<SessionId>>),
}

impl Owners {
    /// Adds an owner; returns whether it is new.
    fn insert(&mut self, session: SessionId) -> bool {
        match self {
            Self::One(Some(one)) if *one == session => false,
            Self::One(Some(one)) => {
                *self = Self::More(Box::new(BTreeSet::from([*one, session])));
                true
            }
            Self::One(none) => {
                *none = Some(session);
                true
            }
            Self::More(more) => more.insert(session),
        }
    }

    /// Removes an owner; returns whether it was one.
    fn remove(&mut self, session: SessionId) -> bool {
        match self {
            Self::One(one) => one.take_if(|one| *one == session).is_some(),
            Self::More(more) => more.remove(&session),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::One(one) => one.is_none(),
            Self::More(more) => more.is_empty(),
        }
    }
}

impl OwnerIndex {
    /// Makes a session an owner of an identifier.
    pub(super) fn add(&mut self, session: SessionId, key: IdentifierKey) {
        let identifiers = &self.identifiers;
        let is_it = |&id: &IdentifierId| identifiers[id.index()].key == key;
        let rehash = |&id: &IdentifierId| identifiers[id.index()].key;
        let (id, is_new) = match self.by_key.entry(key, is_it, rehash) {
            Entry::Occupied(known) => {
                let id = *known.get();
                (id, self.identifiers[id.index()].owners.insert(session))
            }
            Entry::Vacant(vacant) => {
                let id = self.free.pop().unwrap_or(IdentifierId::new(identifiers.len()));
                vacant.insert(id);
                let identifier = Identifier { key, owners: Owners::One(Some(session)) };
                match self.identifiers.get_mut(id.index()) {
                    Some(free) => *free = identifier,
                    None => self.identifiers.push(identifier),
                }
                (id, true)
            }
        };
        if is_new {
            self.lists.add(session, id);
        }
    }

    /// Removes a session from the owners of an identifier. The identifier stays in the session's
    /// list, because removing it twice does no harm.
    pub(super) fn remove(&mut self, session: SessionId, key: IdentifierKey) {
        if let Some(id) = self.id(key) {
            self.remove_from(session, id);
        }
    }

    /// Whether the session has had an identifier since it was last removed.
    pub(super) fn is_owner(&self, session: SessionId) -> bool {
        self.lists.heads.get(session.index()).is_some_and(Option::is_some)
    }

    /// Removes a session from the owners of all identifiers.
    pub(super) fn remove_owner(&mut self, session: SessionId) {
        while let Some(id) = self.lists.pop(session) {
            self.remove_from(session, id);
        }
    }

    /// Transfers all identifiers of one session to another.
    pub(super) fn transfer(&mut self, from: SessionId, to: SessionId) {
        if from == to {
            return;
        }
        while let Some(id) = self.lists.pop(from) {
            let owners = &mut self.identifiers[id.index()].owners;
            if owners.remove(from) && owners.insert(to) {
                self.lists.add(to, id);
            }
        }
    }

    /// The owners of an identifier, the newest first.
    pub(super) fn of(&self, key: IdentifierKey) -> impl Iterator<Item = SessionId> {
        let owners = self.id(key).map(|id| &self.identifiers[id.index()].owners);
        let (one, more) = match owners {
            Some(Owners::One(one)) => (*one, None),
            Some(Owners::More(more)) => (None, Some(more)),
            None => (None, None),
        };
        one.into_iter().chain(more.into_iter().flat_map(|more| more.iter().rev().copied()))
    }

    fn id(&self, key: IdentifierKey) -> Option<IdentifierId> {
        self.by_key.find(key, |&id| self.identifiers[id.index()].key == key).copied()
    }

    fn remove_from(&mut self, session: SessionId, id: IdentifierId) {
        let identifier = &mut self.identifiers[id.index()];
        if identifier.owners.remove(session) && identifier.owners.is_empty() {
            if let Ok(entry) = self.by_key.find_entry(identifier.key, |&other| other == id) {
                entry.remove();
            }
            identifier.owners = Owners::One(None);
            self.free.push(id);
        }
    }
}

/// The identifiers of each session, as linked lists in one buffer.
#[derive(Debug, Default)]
struct Lists {
    heads: Vec<Option<LinkId>>,
    links: Vec<Link>,
    /// Unused entries of `links`.
    free: Vec<LinkId>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    identifier: IdentifierId,
    next: Option<LinkId>,
}

impl Lists {
    fn add(&mut self, session: SessionId, identifier: IdentifierId) {
        let session = session.index();
        if session >= self.heads.len() {
            self.heads.resize(session + 1, None);
        }
        let link = Link { identifier, next: self.heads[session] };
        let id = match self.free.pop() {
            Some(id) => {
                self.links[id.index()] = link;
                id
            }
            None => {
                self.links.push(link);
                LinkId::new(self.links.len() - 1)
            }
        };
        self.heads[session] = Some(id);
    }

    fn pop(&mut self, session: SessionId) -> Option<IdentifierId> {
        let head = self.heads.get_mut(session.index())?;
        let id = (*head)?;
        let link = self.links[id.index()];
        self.free.push(id);
        *head = link.next;
        Some(link.identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Add(SessionId, IdentifierKey),
        Remove(SessionId, IdentifierKey),
        RemoveOwner(SessionId),
        Transfer(SessionId, SessionId),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let (session, key) = ((0usize..5).prop_map(SessionId::new), 0u64..7);
        let step = prop_oneof![
            4 => (session.clone(), key.clone()).prop_map(|(session, key)| Step::Add(session, key)),
            2 => (session.clone(), key).prop_map(|(session, key)| Step::Remove(session, key)),
            1 => session.clone().prop_map(Step::RemoveOwner),
            1 => (session.clone(), session).prop_map(|(from, to)| Step::Transfer(from, to)),
        ];
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn like_a_set_of_pairs(steps in steps()) {
            let mut index = OwnerIndex::default();
            let mut pairs: BTreeSet<(IdentifierKey, SessionId)> = BTreeSet::new();
            for step in steps {
                match step {
                    Step::Add(session, key) => {
                        index.add(session, key);
                        pairs.insert((key, session));
                        prop_assert!(index.is_owner(session));
                    }
                    Step::Remove(session, key) => {
                        index.remove(session, key);
                        pairs.remove(&(key, session));
                    }
                    Step::RemoveOwner(session) => {
                        index.remove_owner(session);
                        pairs.retain(|&(_, owner)| owner != session);
                        prop_assert!(!index.is_owner(session));
                    }
                    Step::Transfer(from, to) => {
                        index.transfer(from, to);
                        let taken = |&(key, owner): &(IdentifierKey, SessionId)| {
                            (key, if owner == from { to } else { owner })
                        };
                        pairs = pairs.iter().map(taken).collect();
                    }
                }
                for key in 0..7 {
                    let expected: Vec<SessionId> =
                        pairs.iter().rev().filter(|pair| pair.0 == key).map(|pair| pair.1).collect();
                    prop_assert_eq!(index.of(key).collect::<Vec<_>>(), expected);
                }
                // Identifiers without an owner are removed.
                let keys: BTreeSet<IdentifierKey> = pairs.iter().map(|pair| pair.0).collect();
                prop_assert_eq!(index.by_key.len(), keys.len());
                prop_assert_eq!(index.identifiers.len() - index.free.len(), keys.len());
            }
        }
    }
}
