//! The guests of all hosts.

use super::interner::Interner;
use crate::events::scan::{Span, VirtSpans};
use crate::events::{GuestId, WordId};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::collections::HashSet;
use std::hash::BuildHasher;
use std::ops::Index;
use viraudit::Uuid;

/// A guest on a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    pub(crate) uuid: Uuid,
    pub(crate) host: WordId,
    /// The driver.
    pub(crate) virt: WordId,
    /// The name in the first record.
    pub(crate) name: WordId,
}

/// All guests.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    all: Vec<Guest>,
    /// Guests with another name than that in their first record, with this name.
    renamed: HashSet<(GuestId, WordId)>,
    /// The guests by host and UUID. It has only ids, because it is large and accessed at random.
    by_uuid: HashTable<GuestId>,
    hasher: RandomState,
    last: Option<GuestId>,
}

impl Guests {
    /// Reserves memory for the guests in a log of this size in bytes.
    pub(super) fn reserve_for(&mut self, log_size: u64) {
        // A session is some KiB of log. The limit is a million guests: more are added as they come.
        let guests = (log_size / 4096).min(1 << 20);
        self.by_uuid = HashTable::with_capacity(guests as usize);
    }

    /// Frees the memory that only adding needs.
    pub(super) fn complete(&mut self) {
        self.by_uuid = HashTable::new();
    }

    /// The guest of a record, and its name in the record.
    #[inline(always)] // one caller, for each record
    pub(super) fn intern<'b>(
        &mut self,
        host: WordId,
        record: &VirtSpans,
        part: impl Fn(Span) -> &'b [u8],
        words: &mut Interner,
    ) -> (GuestId, WordId) {
        let (uuid, name) = (record.uuid, part(record.vm));
        // Records about a guest mostly follow each other.
        let last = self.last.filter(|&last| {
            let last = &self[last];
            last.uuid == uuid && last.host == host
        });
        let id = match last {
            Some(last) => last,
            None => {
                let guests = &self.all;
                let is_it = |&id: &GuestId| {
                    let guest = &guests[id.index()];
                    (guest.host, guest.uuid) == (host, uuid)
                };
                let hash = |host: WordId, uuid: Uuid| self.hasher.hash_one((host, uuid));
                let rehash = |&id: &GuestId| {
                    let guest = &guests[id.index()];
                    hash(guest.host, guest.uuid)
                };
                match self.by_uuid.entry(hash(host, uuid), is_it, rehash) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(free) => {
                        let id = GuestId::new(guests.len());
                        free.insert(id);
                        // Looking for an equal name is not worth it: hardly any guest has the same.
                        let name = words.add(name);
                        let virt = words.intern(part(record.virt));
                        self.all.push(Guest { uuid, host, virt, name });
                        self.last = Some(id);
                        return (id, name);
                    }
                }
            }
        };
        self.last = Some(id);
        let known = self[id].name;
        if words.get(known) == name {
            return (id, known);
        }
        let name = words.intern(name);
        self.renamed.insert((id, name));
        (id, name)
    }

    /// All names of all guests.
    pub(crate) fn names(&self) -> impl Iterator<Item = (GuestId, WordId)> {
        let first = self.all.iter().enumerate().map(|(at, guest)| (GuestId::new(at), guest.name));
        first.chain(self.renamed.iter().copied())
    }
}

impl Index<GuestId> for Guests {
    type Output = Guest;

    #[inline]
    fn index(&self, id: GuestId) -> &Guest {
        &self.all[id.index()]
    }
}
