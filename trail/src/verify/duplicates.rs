//! Records about guests that have the stamp of another one. The kernel gives each its own.
//!
//! Only records with the same host, time and serial number count. Other events may consist of several
//! records, and equal texts with different stamps are normal.

use super::{Damage, LateFinding, Place};
use crate::input;
use crate::line::Stamp;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// A record in little memory: a log has millions.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Milliseconds after the chunk's base.
    ms: i32,
    /// The serial number. The kernel's has 32 bits.
    serial: u32,
    /// The line, counted from the beginning of the block.
    line: u32,
    /// The hash of the type and the fields.
    hash: u32,
}

/// Records of one host in one block.
#[derive(Clone, Debug)]
struct Chunk {
    /// The time that the entries' are relative to.
    base: i64,
    /// The lowest and the highest stamp.
    min: Stamp,
    max: Stamp,
    /// Whether each stamp is higher than the one before.
    rising: bool,
    entries: Vec<Entry>,
}

/// The stamps of a block's records about guests.
#[derive(Debug, Default)]
pub(super) struct BlockStamps {
    chunks: Vec<(Vec<u8>, Chunk)>,
    /// The index of each host's newest chunk.
    newest: HashMap<Vec<u8>, usize>,
    last: usize,
    hasher: foldhash::quality::FixedState,
}

impl BlockStamps {
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        self.newest.clear();
        self.last = 0;
    }

    /// Adds a record.
    #[inline]
    pub(super) fn add(&mut self, node: &[u8], stamp: Stamp, line: u64, text: (&[u8], &[u8])) {
        // Half of the hash is enough to tell a copy from another record.
        let hash = self.hasher.hash_one(text) as u32;
        if self.chunks.get(self.last).is_none_or(|(host, _)| host != node) {
            self.last = self.newest.get(node).copied().unwrap_or(usize::MAX);
        }
        let distance = |chunk: &Chunk| stamp.ms.checked_sub(chunk.base)?.try_into().ok();
        let found = self.chunks.get_mut(self.last);
        let found = found.and_then(|(_, chunk)| distance(chunk).map(|ms: i32| (ms, chunk)));
        let (serial, line) = (stamp.serial as u32, line as u32);
        if let Some((ms, chunk)) = found {
            chunk.rising &= stamp > chunk.max;
            chunk.min = chunk.min.min(stamp);
            chunk.max = chunk.max.max(stamp);
            chunk.entries.push(Entry { ms, serial, line, hash });
            return;
        }
        let entries = vec![Entry { ms: 0, serial, line, hash }];
        let chunk = Chunk { base: stamp.ms, min: stamp, max: stamp, rising: true, entries };
        self.last = self.chunks.len();
        self.newest.insert(node.to_vec(), self.last);
        self.chunks.push((node.to_vec(), chunk));
    }
}

/// A chunk of a source, and the number of lines before its block.
type Placed = (usize, u64, Chunk);

/// The stamps of all records about guests.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    hosts: HashMap<Vec<u8>, Vec<Placed>>,
    /// The number of records in each source.
    records: HashMap<usize, u64>,
}

/// Consecutive copies: the first line, the last line, the number of records and the first original.
struct Copies {
    first: u64,
    last: u64,
    count: u64,
    of: Place,
    stamp: Stamp,
}

impl Duplicates {
    /// Adds the records of a block. `name` is the host of records without one.
    pub(super) fn add(&mut self, source: usize, name: &[u8], before: u64, stamps: &BlockStamps) {
        for (host, chunk) in &stamps.chunks {
            let host = if host.is_empty() { name } else { host };
            *self.records.entry(source).or_default() += chunk.entries.len() as u64;
            let placed = (source, before, chunk.clone());
            match self.hosts.get_mut(host) {
                Some(chunks) => chunks.push(placed),
                None => drop(self.hosts.insert(host.to_vec(), vec![placed])),
            }
        }
    }

    /// Two logs that don't name their host and have records of the same time.
    pub(super) fn overlap(&self, names: &[String]) -> Option<(usize, usize)> {
        let chunks = self.hosts.get(&b""[..])?;
        let mut ranges: BTreeMap<usize, (i64, i64)> = BTreeMap::new();
        for (source, _, chunk) in chunks {
            let range = ranges.entry(*source).or_insert((chunk.min.ms, chunk.max.ms));
            *range = (range.0.min(chunk.min.ms), range.1.max(chunk.max.ms));
        }
        let stamps = |log| {
            let of_log = chunks.iter().filter(|(source, ..)| *source == log);
            let stamp = |chunk: &Chunk, entry: &Entry| {
                (chunk.base + i64::from(entry.ms), u64::from(entry.serial))
            };
            of_log.flat_map(|(.., c)| c.entries.iter().map(move |entry| stamp(c, entry))).collect()
        };
        input::overlapping(
            ranges.into_iter().map(|(log, (min, max))| (log, min, max)).collect(),
            stamps,
            |log| names.get(log).cloned().unwrap_or_default(),
        )
    }

    /// Adds the findings. Returns the number of sources that only repeat others.
    pub(super) fn finish(self, names: &[String], found: &mut Vec<LateFinding>) -> u64 {
        let mut copies: BTreeMap<Place, (Place, Stamp)> = BTreeMap::new();
        for chunks in self.hosts.into_values() {
            for group in overlapping(chunks) {
                compare(&group, names, &mut copies, found);
            }
        }
        let mut of_source: HashMap<usize, u64> = HashMap::new();
        for ((source, _), (original, _)) in &copies {
            *of_source.entry(*source).or_default() += u64::from(original.0 != *source);
        }
        let repeats = |source: &usize| of_source.get(source) == self.records.get(source);
        let mut run: Option<(usize, Copies)> = None;
        for ((source, line), (of, stamp)) in copies {
            if repeats(&source) {
                continue;
            }
            if let Some((at, copies)) = &mut run
                && (*at, copies.of.0) == (source, of.0)
                && (copies.last + 1, copies.of.1 + copies.count) == (line, of.1)
            {
                copies.last = line;
                copies.count += 1;
                continue;
            }
            let next = Copies { first: line, last: line, count: 1, of, stamp };
            if let Some((at, copies)) = run.replace((source, next)) {
                found.push(copies.finding(at, names));
            }
        }
        found.extend(run.map(|(at, copies)| copies.finding(at, names)));
        of_source.keys().filter(|source| repeats(source)).count() as u64
    }
}

impl Copies {
    fn finding(self, source: usize, names: &[String]) -> LateFinding {
        let line = shown(self.of, source, names);
        let message = match self.count {
            1 => format!("the record is a copy of {line}"),
            count => format!("{count} records are copies of {line} and the next ones"),
        };
        ((source, self.first), Damage::Duplicate, message, Some(self.stamp))
    }
}

/// A line as seen from a source.
fn shown(place: Place, source: usize, names: &[String]) -> String {
    match names.get(place.0) {
        Some(name) if place.0 != source => format!("{}:{}", name.escape_debug(), place.1),
        _ => format!("line {}", place.1),
    }
}

/// The chunks that may have a stamp twice, together with those that may have it too.
fn overlapping(mut chunks: Vec<Placed>) -> Vec<Vec<Placed>> {
    chunks.sort_by_key(|(_, _, chunk)| chunk.min);
    let mut groups: Vec<(Stamp, Vec<Placed>)> = Vec::new();
    for placed in chunks {
        let max = placed.2.max;
        match groups.last_mut() {
            Some((end, group)) if placed.2.min <= *end => {
                *end = max.max(*end);
                group.push(placed);
            }
            _ => groups.push((max, vec![placed])),
        }
    }
    let groups = groups.into_iter().map(|(_, group)| group);
    groups.filter(|group| group.len() > 1 || group.iter().any(|placed| !placed.2.rising)).collect()
}

/// Finds records with the same stamp.
fn compare(
    group: &[Placed],
    names: &[String],
    copies: &mut BTreeMap<Place, (Place, Stamp)>,
    found: &mut Vec<LateFinding>,
) {
    let mut all: Vec<(i64, u32, Place, u32)> = Vec::new();
    for (source, before, chunk) in group {
        all.extend(chunk.entries.iter().map(|entry| {
            let place = (*source, before + u64::from(entry.line));
            (chunk.base + i64::from(entry.ms), entry.serial, place, entry.hash)
        }));
    }
    all.sort_unstable();
    for same in all.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        for (at, &(ms, serial, place, hash)) in same.iter().enumerate().skip(1) {
            let stamp = Stamp { ms, serial: serial.into() };
            match same[..at].iter().find(|original| original.3 == hash) {
                Some(original) => drop(copies.insert(place, (original.2, stamp))),
                None => {
                    let other = shown(same[0].2, place.0, names);
                    let message = format!("{other} is another record with this time and number");
                    found.push((place, Damage::Duplicate, message, Some(stamp)));
                }
            }
        }
    }
}
