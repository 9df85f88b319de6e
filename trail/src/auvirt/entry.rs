//! The entries of the report, in the order of the log.

use super::table::NONE;

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    MachineId,
    Start,
    Stop,
    Resource(Resource),
    Avc,
    Anomaly,
}

/// The kinds of resources that are known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Resource {
    Disk,
    Vcpu,
    Memory,
    Rng,
    Net,
    Cgroup,
}

impl Resource {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Disk, "disk"),
        (Self::Vcpu, "vcpu"),
        (Self::Memory, "mem"),
        (Self::Rng, "rng"),
        (Self::Net, "net"),
        (Self::Cgroup, "cgroup"),
    ];

    pub(super) fn by_name(name: &[u8]) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| known.as_bytes() == name).map(|(kind, _)| *kind)
    }

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// The events an entry was made of: at most four, further ones are dropped.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Proof {
    /// Numbers that [`Serials`] knows.
    serials: [u32; 4],
    count: u8,
}

impl Proof {
    /// Whether there was room for it.
    pub(super) fn add(&mut self, serial: u32) -> bool {
        let room = self.serials.get_mut(usize::from(self.count));
        let found = room.is_some();
        if let Some(slot) = room {
            *slot = serial;
            self.count += 1;
        }
        found
    }

    pub(super) fn serials(&self) -> &[u32] {
        &self.serials[..usize::from(self.count)]
    }
}

/// Serial numbers in four bytes: larger ones than any kernel gives are kept apart.
#[derive(Default)]
pub(super) struct Serials {
    large: Vec<u64>,
}

impl Serials {
    const LARGE: u32 = 1 << 31;

    pub(super) fn short(&mut self, serial: u64) -> u32 {
        match u32::try_from(serial) {
            Ok(short) if short < Self::LARGE => short,
            _ => {
                self.large.push(serial);
                Self::LARGE | (self.large.len() - 1) as u32
            }
        }
    }

    pub(super) fn whole(&self, short: u32) -> u64 {
        if short < Self::LARGE { short.into() } else { self.large[(short & !Self::LARGE) as usize] }
    }
}

/// One entry. Texts are numbers of [`super::table::Texts`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) start: i64,
    /// 0 while it lasts.
    pub(super) end: i64,
    pub(super) proof: Proof,
    pub(super) kind: Kind,
    pub(super) success: bool,
    pub(super) user: u32,
    pub(super) uuid: u32,
    pub(super) name: u32,
    /// The guest's process, of a start.
    pub(super) pid: i32,
    /// What was done or why: a resource's reason, an AVC's operation.
    pub(super) what: u32,
    /// A resource's value.
    pub(super) value: u32,
    /// The number of further columns.
    pub(super) columns: u32,
    /// The resource before this one that had the same value and was in use.
    pub(super) older: u32,
}

impl Entry {
    pub(super) fn new(kind: Kind, start: i64) -> Self {
        Self {
            start,
            end: 0,
            proof: Proof::default(),
            kind,
            success: false,
            user: NONE,
            uuid: NONE,
            name: NONE,
            pid: 0,
            what: NONE,
            value: NONE,
            columns: NONE,
            older: NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_proofs_are_kept() {
        let mut serials = Serials::default();
        let mut proof = Proof::default();
        let given = [1, u64::from(u32::MAX), u64::MAX, 1 << 31, 5];
        let room: Vec<bool> = given.iter().map(|&s| proof.add(serials.short(s))).collect();
        assert_eq!(room, [true, true, true, true, false]);
        let kept: Vec<u64> = proof.serials().iter().map(|&s| serials.whole(s)).collect();
        assert_eq!(kept, given[..4]);
    }
}
