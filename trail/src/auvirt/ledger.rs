//! The list of entries, and what is known of each guest.
//!
//! auvirt looks for what belongs together by walking its list backwards. Here each of its walks has
//! an index that gives the same answer: what is in use since the last stop or label of a guest, the
//! last resource of a guest with a value, the last label with a level, the last resource with a
//! value that is in use. Each entry enters and leaves an index at most once.

use super::entry::{Entry, Kind, Proof, Resource, Serials};
use super::stamp::Stamp;
use super::table::{ByText, Index, NONE, Texts};

/// What ended the last stretch of a guest's entries. Nothing before it is ever changed by a start
/// or a stop.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Barrier {
    #[default]
    None,
    Stop,
    MachineId(u32),
}

/// A guest's successful entries since the last barrier.
#[derive(Default)]
struct Guest {
    barrier: Barrier,
    /// Resources in use, as far as known: they may have ended since. Oldest first.
    resources: Vec<u32>,
    /// The last start, and the one before it.
    starts: [Option<u32>; 2],
}

/// All entries with their indexes.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) entries: Vec<Entry>,
    pub(super) texts: Texts,
    pub(super) serials: Serials,
    /// Further columns of AVCs and of control groups.
    pub(super) columns: Vec<[u32; 4]>,
    guests: Vec<Guest>,
    /// By a UUID.
    guest: ByText,
    /// The last successful resource by guest, kind and value.
    resources: Index,
    /// By a text: the last label with this level.
    levels: ByText,
    /// By a text: the last resource with this value that may be in use.
    in_use: ByText,
    full: bool,
}

impl Ledger {
    /// Appends an entry.
    pub(super) fn push(&mut self, entry: Entry) -> u32 {
        let number = self.entries.len() as u32;
        self.entries.push(entry);
        if entry.success {
            match entry.kind {
                Kind::MachineId => self.barrier(entry.uuid, Barrier::MachineId(number)),
                Kind::Stop => self.barrier(entry.uuid, Barrier::Stop),
                Kind::Start => {
                    let guest = self.guest_mut(entry.uuid);
                    guest.starts = [Some(number), guest.starts[0]];
                }
                Kind::Resource(kind) => self.index_resource(number, kind),
                Kind::Avc | Kind::Anomaly => {}
            }
        }
        number
    }

    fn guest_mut(&mut self, uuid: u32) -> &mut Guest {
        let number = self.guest.get(uuid).unwrap_or_else(|| {
            let number = self.guests.len() as u32;
            self.guests.push(Guest::default());
            self.guest.set(uuid, number);
            number
        });
        &mut self.guests[number as usize]
    }

    fn barrier(&mut self, uuid: u32, barrier: Barrier) {
        *self.guest_mut(uuid) = Guest { barrier, ..Guest::default() };
    }

    fn index_resource(&mut self, number: u32, kind: Resource) {
        let Self { entries, resources, .. } = self;
        let Entry { uuid, value, .. } = entries[number as usize];
        let key = |number: u32| {
            let entry = &entries[number as usize];
            (entry.uuid, entry.kind, entry.value)
        };
        let is = |other| key(other) == (uuid, Kind::Resource(kind), value);
        resources.put(hash(uuid, kind, value), number, is);
        self.guest_mut(uuid).resources.push(number);
        let older = self.in_use.set(value, number);
        self.entries[number as usize].older = older.unwrap_or(NONE);
    }

    /// Ends an entry, again if need be.
    pub(super) fn end(&mut self, number: u32, stamp: Stamp) {
        let serial = self.serials.short(stamp.serial);
        let entry = &mut self.entries[number as usize];
        entry.end = stamp.seconds;
        self.full |= !entry.proof.add(serial);
    }

    /// Adds an event to a proof.
    pub(super) fn prove(&mut self, proof: &mut Proof, stamp: Stamp) {
        let serial = self.serials.short(stamp.serial);
        self.full |= !proof.add(serial);
    }

    /// Whether a proof had no room since this was asked last.
    pub(super) fn take_full(&mut self) -> bool {
        std::mem::take(&mut self.full)
    }

    /// A failed start: all resources of the guest's stretch end.
    pub(super) fn end_resources(&mut self, uuid: u32, stamp: Stamp) {
        let guest = self.guest_mut(uuid);
        for number in std::mem::take(&mut guest.resources).into_iter().rev() {
            self.end_if_open(number, stamp);
        }
    }

    /// A stop: gives the start it belongs to. Resources end back to a start that isn't it.
    pub(super) fn end_session(&mut self, uuid: u32, stamp: Stamp) -> Option<u32> {
        let guest = &mut self.guests[self.guest.get(uuid)? as usize];
        let open = |number: &u32| self.entries[*number as usize].end == 0;
        let start = guest.starts[0].filter(open);
        let limit = if start.is_some() { guest.starts[1] } else { guest.starts[0] };
        let kept = match limit {
            Some(limit) => guest.resources.partition_point(|&number| number < limit),
            None => 0,
        };
        for number in guest.resources.split_off(kept).into_iter().rev() {
            self.end_if_open(number, stamp);
        }
        start
    }

    fn end_if_open(&mut self, number: u32, stamp: Stamp) {
        if self.entries[number as usize].end == 0 {
            self.end(number, stamp);
        }
    }

    /// The last successful resource of a guest with this value, ended or not.
    pub(super) fn resource(&self, uuid: u32, kind: Resource, value: u32) -> Option<u32> {
        self.resources.get(hash(uuid, kind, value), |number| {
            let entry = &self.entries[number as usize];
            (entry.uuid, entry.kind, entry.value) == (uuid, Kind::Resource(kind), value)
        })
    }

    /// The last resource of any guest with this value that is in use.
    pub(super) fn resource_in_use(&mut self, value: u32) -> Option<u32> {
        let mut last = self.in_use.get(value)?;
        while last != NONE && self.entries[last as usize].end != 0 {
            last = self.entries[last as usize].older;
        }
        self.in_use.set(value, last);
        Some(last).filter(|&number| number != NONE)
    }

    /// Remembers a label's level.
    pub(super) fn set_level(&mut self, level: u32, number: u32) {
        self.levels.set(level, number);
    }

    /// The last label with this level.
    pub(super) fn label(&self, level: &[u8]) -> Option<u32> {
        self.levels.get(self.texts.known(level)?)
    }

    /// A guest's last successful label, if no successful stop came after it.
    pub(super) fn live_label(&self, uuid: &[u8]) -> Option<u32> {
        let guest = self.guest.get(self.texts.known(uuid)?)?;
        match self.guests[guest as usize].barrier {
            Barrier::MachineId(number) => Some(number),
            Barrier::None | Barrier::Stop => None,
        }
    }
}

/// These numbers are ours, so it doesn't take a hash that nobody can foresee.
fn hash(uuid: u32, kind: Resource, value: u32) -> u32 {
    let both = u64::from(uuid) << 32 | u64::from(value);
    let mixed = (both ^ (kind as u64) << 61).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}
