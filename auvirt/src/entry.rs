//! The entries of a report, in the order of the log.

use crate::interner::TextId;
use crate::proof::Proof;
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};

/// The event that an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    MachineId,
    Start,
    Stop,
    Resource(Resource),
    Avc,
    Anomaly,
}

/// The kinds of resources that auvirt knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    Disk,
    Vcpu,
    Memory,
    Rng,
    Net,
    Cgroup,
}

/// The names of a kind of resource: its `resrc=`, and the fields with its old and its new value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    pub(crate) resrc: &'static str,
    pub(crate) old: &'static str,
    pub(crate) new: &'static str,
}

impl Resource {
    const ALL: [Self; 6] =
        [Self::Disk, Self::Vcpu, Self::Memory, Self::Rng, Self::Net, Self::Cgroup];

    pub(crate) fn by_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.names().resrc.as_bytes() == name)
    }

    pub(crate) fn names(self) -> Names {
        let (resrc, old, new) = match self {
            Self::Disk => ("disk", "old-disk", "new-disk"),
            Self::Vcpu => ("vcpu", "old-vcpu", "new-vcpu"),
            Self::Memory => ("mem", "old-mem", "new-mem"),
            Self::Rng => ("rng", "old-rng", "new-rng"),
            Self::Net => ("net", "old-net", "new-net"),
            Self::Cgroup => ("cgroup", "old-cgroup", "new-cgroup"),
        };
        Names { resrc, old, new }
    }
}

/// The columns that only AVCs and control groups have.
pub(crate) type Columns = [TextId; 4];

/// An entry's position in [`Entries`], counted from 1: an `Option` of it takes four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryId(NonZeroU32);

/// One entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) start: i64,
    /// 0 while it lasts.
    pub(crate) end: i64,
    pub(crate) proof: Proof,
    pub(crate) kind: Kind,
    pub(crate) success: bool,
    pub(crate) user: TextId,
    pub(crate) uuid: TextId,
    pub(crate) name: TextId,
    /// The guest's process, of a start.
    pub(crate) pid: i32,
    /// A resource's reason, or an AVC's operation.
    pub(crate) what: TextId,
    /// A resource's value.
    pub(crate) value: TextId,
    /// The index of its [`Columns`], of an AVC or a control group.
    pub(crate) columns: u32,
    /// The resource before this one that had the same value and was in use.
    pub(crate) older: Option<EntryId>,
}

impl Entry {
    pub(crate) fn new(kind: Kind, start: i64) -> Self {
        Self {
            start,
            end: 0,
            proof: Proof::default(),
            kind,
            success: false,
            user: TextId::EMPTY,
            uuid: TextId::EMPTY,
            name: TextId::EMPTY,
            pid: 0,
            what: TextId::EMPTY,
            value: TextId::EMPTY,
            columns: 0,
            older: None,
        }
    }
}

/// All entries.
#[derive(Default)]
pub(crate) struct Entries(Vec<Entry>);

impl Entries {
    pub(crate) fn push(&mut self, entry: Entry) -> EntryId {
        self.0.push(entry);
        self.last().expect("an entry was pushed")
    }

    /// The last entry.
    pub(crate) fn last(&self) -> Option<EntryId> {
        // 2^32 entries don't fit into memory.
        NonZeroU32::new(self.0.len() as u32).map(EntryId)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }
}

impl Index<EntryId> for Entries {
    type Output = Entry;

    fn index(&self, EntryId(number): EntryId) -> &Entry {
        &self.0[number.get() as usize - 1]
    }
}

impl IndexMut<EntryId> for Entries {
    fn index_mut(&mut self, EntryId(number): EntryId) -> &mut Entry {
        &mut self.0[number.get() as usize - 1]
    }
}
