//! Which sessions hold which marks. A long log has millions of both, and they come and go in any
//! order, so all of it stands in a few tables of small entries.

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::collections::BTreeSet;

/// A mark: 64 bits of a good hash, enough for two never to meet.
pub(super) type Key = u64;

/// No session, mark or place.
const NONE: u32 = u32::MAX;

/// All marks with their holders, and all sessions with what they hold.
#[derive(Debug, Default)]
pub(super) struct OwnerIndex {
    /// The places of marks, by their keys.
    places: HashTable<u32>,
    marks: Vec<Mark>,
    /// Places of marks that nobody holds any more.
    free: Vec<u32>,
    lists: Lists,
}

#[derive(Debug)]
struct Mark {
    key: Key,
    holders: Sessions,
}

/// Sessions. Most marks have one.
#[derive(Debug)]
enum Sessions {
    One(u32),
    /// The newest is the last.
    #[expect(clippy::box_collection, reason = "few marks have more, and all would be larger")]
    More(Box<BTreeSet<u32>>),
}

impl Sessions {
    /// Adds one; whether it is new.
    fn insert(&mut self, session: u32) -> bool {
        match self {
            Self::One(one) if *one == session => false,
            Self::One(one) => {
                *self = Self::More(Box::new(BTreeSet::from([*one, session])));
                true
            }
            Self::More(more) => more.insert(session),
        }
    }

    /// Takes one away; whether it was there.
    fn remove(&mut self, session: u32) -> bool {
        match self {
            Self::One(one) => {
                let was_there = *one == session;
                if was_there {
                    *one = NONE;
                }
                was_there
            }
            Self::More(more) => more.remove(&session),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::One(one) => *one == NONE,
            Self::More(more) => more.is_empty(),
        }
    }
}

impl OwnerIndex {
    /// The session holds a mark.
    pub(super) fn hold(&mut self, session: u32, key: Key) {
        let marks = &self.marks;
        let is_it = |&place: &u32| marks[place as usize].key == key;
        let rehash = |&place: &u32| marks[place as usize].key;
        let (place, is_new) = match self.places.entry(key, is_it, rehash) {
            Entry::Occupied(place) => {
                let place = *place.get();
                (place, self.marks[place as usize].holders.insert(session))
            }
            Entry::Vacant(vacant) => {
                let place = self.free.pop().unwrap_or(marks.len() as u32);
                vacant.insert(place);
                let mark = Mark { key, holders: Sessions::One(session) };
                match self.marks.get_mut(place as usize) {
                    Some(free) => *free = mark,
                    None => self.marks.push(mark),
                }
                (place, true)
            }
        };
        if is_new {
            self.lists.add(session, place);
        }
    }

    /// The session holds a mark no more. It stays in the session's list: to take it away once more
    /// does nothing.
    pub(super) fn release(&mut self, session: u32, key: Key) {
        if let Some(place) = self.place(key) {
            self.take_away(session, place);
        }
    }

    /// Whether the session has held anything since it was forgotten.
    pub(super) fn knows(&self, session: u32) -> bool {
        self.lists.heads.get(session as usize).is_some_and(|&head| head != NONE)
    }

    /// The session holds nothing any more.
    pub(super) fn forget(&mut self, session: u32) {
        while let Some(place) = self.lists.pop(session) {
            self.take_away(session, place);
        }
    }

    /// All that one session holds is held by another one.
    pub(super) fn hand_over(&mut self, from: u32, to: u32) {
        if from == to {
            return;
        }
        while let Some(place) = self.lists.pop(from) {
            let holders = &mut self.marks[place as usize].holders;
            if !holders.remove(from) {
                continue;
            }
            let is_new = match holders {
                Sessions::One(one) => {
                    *one = to;
                    true
                }
                Sessions::More(more) => more.insert(to),
            };
            if is_new {
                self.lists.add(to, place);
            }
        }
    }

    /// Who holds a mark, the newest first.
    pub(super) fn of(&self, key: Key) -> impl Iterator<Item = u32> {
        let mark = self.place(key).map(|place| &self.marks[place as usize]);
        let (one, more) = match mark.map(|mark| &mark.holders) {
            Some(Sessions::One(one)) => (Some(*one), None),
            Some(Sessions::More(more)) => (None, Some(more)),
            None => (None, None),
        };
        one.into_iter().chain(more.into_iter().flat_map(|more| more.iter().rev().copied()))
    }

    fn place(&self, key: Key) -> Option<u32> {
        self.places.find(key, |&place| self.marks[place as usize].key == key).copied()
    }

    fn take_away(&mut self, session: u32, place: u32) {
        let mark = &mut self.marks[place as usize];
        if mark.holders.remove(session) && mark.holders.is_empty() {
            if let Ok(entry) = self.places.find_entry(mark.key, |&other| other == place) {
                entry.remove();
            }
            mark.holders = Sessions::One(NONE);
            self.free.push(place);
        }
    }
}

/// For each session the places of its marks: chains through one buffer.
#[derive(Debug, Default)]
struct Lists {
    heads: Vec<u32>,
    links: Vec<Link>,
    /// Links that are in no session's list.
    free: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    place: u32,
    next: u32,
}

impl Lists {
    fn add(&mut self, session: u32, place: u32) {
        let session = session as usize;
        if session >= self.heads.len() {
            self.heads.resize(session + 1, NONE);
        }
        let link = Link { place, next: self.heads[session] };
        self.heads[session] = match self.free.pop() {
            Some(at) => {
                self.links[at as usize] = link;
                at
            }
            None => {
                self.links.push(link);
                self.links.len() as u32 - 1
            }
        };
    }

    fn pop(&mut self, session: u32) -> Option<u32> {
        let head = self.heads.get_mut(session as usize).filter(|head| **head != NONE)?;
        let link = self.links[*head as usize];
        self.free.push(*head);
        *head = link.next;
        Some(link.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug)]
    enum Do {
        Hold(u32, Key),
        Release(u32, Key),
        Forget(u32),
        HandOver(u32, u32),
    }

    fn steps() -> impl Strategy<Value = Vec<Do>> {
        let (session, key) = (0u32..5, 0u64..7);
        let step = prop_oneof![
            4 => (session.clone(), key.clone()).prop_map(|(session, key)| Do::Hold(session, key)),
            2 => (session.clone(), key).prop_map(|(session, key)| Do::Release(session, key)),
            1 => session.clone().prop_map(Do::Forget),
            1 => (session.clone(), session).prop_map(|(from, to)| Do::HandOver(from, to)),
        ];
        prop::collection::vec(step, 0..60)
    }

    proptest! {
        #[test]
        fn like_a_set_of_pairs(steps in steps()) {
            let mut holders = OwnerIndex::default();
            let mut pairs: BTreeSet<(Key, u32)> = BTreeSet::new();
            for step in steps {
                match step {
                    Do::Hold(session, key) => {
                        holders.hold(session, key);
                        pairs.insert((key, session));
                        prop_assert!(holders.knows(session));
                    }
                    Do::Release(session, key) => {
                        holders.release(session, key);
                        pairs.remove(&(key, session));
                    }
                    Do::Forget(session) => {
                        holders.forget(session);
                        pairs.retain(|&(_, holder)| holder != session);
                        prop_assert!(!holders.knows(session));
                    }
                    Do::HandOver(from, to) => {
                        holders.hand_over(from, to);
                        let taken = |&(key, holder): &(Key, u32)| {
                            (key, if holder == from { to } else { holder })
                        };
                        pairs = pairs.iter().map(taken).collect();
                    }
                }
                for key in 0..7 {
                    let expected: Vec<u32> =
                        pairs.iter().rev().filter(|pair| pair.0 == key).map(|pair| pair.1).collect();
                    prop_assert_eq!(holders.of(key).collect::<Vec<_>>(), expected);
                }
                // Nothing is kept of what nobody holds.
                let keys: BTreeSet<Key> = pairs.iter().map(|pair| pair.0).collect();
                prop_assert_eq!(holders.places.len(), keys.len());
                prop_assert_eq!(holders.marks.len() - holders.free.len(), keys.len());
            }
        }
    }
}
