//! The guests, each with its entries that starts and stops may change.

use crate::entry::EntryId;
use crate::interner::{ByText, TextId};
use std::num::NonZeroU32;

/// A guest's successful entries since its last stop or label. No start or stop changes earlier ones.
#[derive(Default)]
pub(crate) struct Guest {
    /// The label, if that was what came last.
    pub(crate) label: Option<EntryId>,
    /// Resources, oldest first. Some may have ended.
    pub(crate) resources: Vec<EntryId>,
    /// The last start, and the one before it.
    pub(crate) starts: [Option<EntryId>; 2],
}

/// All guests by UUID.
#[derive(Default)]
pub(crate) struct Guests {
    list: Vec<Guest>,
    by_uuid: ByText<GuestId>,
}

/// A guest's position in the list, counted from 1: an `Option` of it takes four bytes.
#[derive(Clone, Copy)]
struct GuestId(NonZeroU32);

impl GuestId {
    fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Guests {
    pub(crate) fn get(&self, uuid: TextId) -> Option<&Guest> {
        self.by_uuid.get(uuid).map(|id| &self.list[id.index()])
    }

    pub(crate) fn get_mut(&mut self, uuid: TextId) -> Option<&mut Guest> {
        self.by_uuid.get(uuid).map(|id| &mut self.list[id.index()])
    }

    /// The guest with a UUID, which is added if it is new.
    pub(crate) fn get_or_add(&mut self, uuid: TextId) -> &mut Guest {
        let index = match self.by_uuid.get(uuid) {
            Some(id) => id.index(),
            None => {
                self.list.push(Guest::default());
                self.by_uuid.set(uuid, NonZeroU32::new(self.list.len() as u32).map(GuestId));
                self.list.len() - 1
            }
        };
        &mut self.list[index]
    }
}
