//! The list of entries, with what is known of each guest.
//!
//! auvirt finds related entries by walking its list backwards. Here an index replaces each walk:
//! a guest's resources in use since its last stop or label, its last resource with a value, the
//! last label with a level, the last resource in use with a value. An entry enters and leaves each
//! index at most once, so that twice the log takes twice the time.

use crate::entry::{Columns, Entries, Entry, EntryId, Kind, Resource};
use crate::guests::{Guest, Guests};
use crate::interner::{ByText, Interner, TextId};
use crate::proof::{Proof, Serials};
use crate::stamp::Stamp;
use foldhash::HashMap;
use std::mem;

/// All entries with their indexes.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) entries: Entries,
    pub(crate) texts: Interner,
    pub(crate) serials: Serials,
    columns: Vec<Columns>,
    guests: Guests,
    /// The last successful resource by the guest's UUID, kind and value.
    resources: HashMap<(TextId, Resource, TextId), EntryId>,
    /// The last label by level.
    levels: ByText<EntryId>,
    /// The last successful resource by value. It may have ended.
    in_use: ByText<EntryId>,
    full: bool,
}

impl Ledger {
    /// Appends an entry.
    pub(crate) fn push(&mut self, entry: Entry) -> EntryId {
        let id = self.entries.push(entry);
        if entry.success {
            match entry.kind {
                Kind::MachineId => self.begin(entry.uuid, Some(id)),
                Kind::Stop => self.begin(entry.uuid, None),
                Kind::Start => {
                    let guest = self.guests.get_or_add(entry.uuid);
                    guest.starts = [Some(id), guest.starts[0]];
                }
                Kind::Resource(kind) => self.index_resource(id, kind),
                Kind::Avc | Kind::Anomaly => {}
            }
        }
        id
    }

    /// Begins a guest anew, after a label or a stop.
    fn begin(&mut self, uuid: TextId, label: Option<EntryId>) {
        *self.guests.get_or_add(uuid) = Guest { label, ..Guest::default() };
    }

    fn index_resource(&mut self, id: EntryId, kind: Resource) {
        let Entry { uuid, value, .. } = self.entries[id];
        self.resources.insert((uuid, kind, value), id);
        self.guests.get_or_add(uuid).resources.push(id);
        self.entries[id].older = self.in_use.set(value, Some(id));
    }

    /// Stores the columns of an entry; returns their index.
    pub(crate) fn push_columns(&mut self, columns: Columns) -> u32 {
        self.columns.push(columns);
        (self.columns.len() - 1) as u32
    }

    /// The columns of an AVC or a control group.
    pub(crate) fn columns(&self, entry: &Entry) -> &Columns {
        &self.columns[entry.columns as usize]
    }

    /// Ends an entry, even if it has ended.
    pub(crate) fn end(&mut self, id: EntryId, stamp: Stamp) {
        let serial = self.serials.short(stamp.serial);
        let entry = &mut self.entries[id];
        entry.end = stamp.seconds;
        self.full |= !entry.proof.add(serial);
    }

    /// Adds an event to a proof.
    pub(crate) fn prove(&mut self, proof: &mut Proof, stamp: Stamp) {
        let serial = self.serials.short(stamp.serial);
        self.full |= !proof.add(serial);
    }

    /// Whether an event didn't fit into a proof since the last call.
    pub(crate) fn take_full(&mut self) -> bool {
        mem::take(&mut self.full)
    }

    /// Ends the resources of a guest whose start failed.
    pub(crate) fn end_resources(&mut self, uuid: TextId, stamp: Stamp) {
        if let Some(guest) = self.guests.get_mut(uuid) {
            let ended = mem::take(&mut guest.resources);
            self.end_open(ended, stamp);
        }
    }

    /// Ends the resources of a guest that stops, and returns its start. Resources from before an
    /// earlier start stay open.
    pub(crate) fn end_session(&mut self, uuid: TextId, stamp: Stamp) -> Option<EntryId> {
        let guest = self.guests.get_mut(uuid)?;
        let start = guest.starts[0].filter(|&start| self.entries[start].end == 0);
        let earlier = if start.is_some() { guest.starts[1] } else { guest.starts[0] };
        let kept = match earlier {
            Some(earlier) => guest.resources.partition_point(|&id| id < earlier),
            None => 0,
        };
        let ended = match kept {
            // `split_off(0)` allocates.
            0 => mem::take(&mut guest.resources),
            _ => guest.resources.split_off(kept),
        };
        self.end_open(ended, stamp);
        start
    }

    /// Ends entries that haven't ended, the newest first.
    fn end_open(&mut self, ids: Vec<EntryId>, stamp: Stamp) {
        for id in ids.into_iter().rev() {
            if self.entries[id].end == 0 {
                self.end(id, stamp);
            }
        }
    }

    /// The last successful resource of a guest with this value, ended or not.
    pub(crate) fn resource(&self, uuid: TextId, kind: Resource, value: TextId) -> Option<EntryId> {
        self.resources.get(&(uuid, kind, value)).copied()
    }

    /// The last resource of any guest with this value that is in use.
    pub(crate) fn resource_in_use(&mut self, value: TextId) -> Option<EntryId> {
        let mut last = self.in_use.get(value);
        while let Some(id) = last
            && self.entries[id].end != 0
        {
            last = self.entries[id].older;
        }
        self.in_use.set(value, last);
        last
    }

    /// Remembers the last label with a level.
    pub(crate) fn set_level(&mut self, level: TextId, label: EntryId) {
        self.levels.set(level, Some(label));
    }

    /// The last label with a level.
    pub(crate) fn label(&self, level: &[u8]) -> Option<EntryId> {
        self.levels.get(self.texts.known(level)?)
    }

    /// A guest's last successful label, if no successful stop came after it.
    pub(crate) fn live_label(&self, uuid: &[u8]) -> Option<EntryId> {
        self.guests.get(self.texts.known(uuid)?)?.label
    }
}
