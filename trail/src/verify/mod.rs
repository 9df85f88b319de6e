//! Damage in a log: records that are cut, malformed, forged or unknown, and missing serial numbers.
//!
//! This is strict where a report is lenient: a record about a guest must have exactly the fields of
//! its type.

mod block;
mod duplicates;
mod notes;
mod old;
mod record;
mod shapes;

use crate::input::blocks::{self, ReadError};
use crate::input::{Source, Sources};
use crate::line::foreign::ForeignReader;
use crate::line::{Remark, Remarks, Stamp};
use crate::serials::{Hosts, Kind, Place};
use crate::time::Clock;
use block::CheckedBlock;
use duplicates::Duplicates;
use notes::Notes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// The end of a record is missing.
    Cut,
    /// A line is not a record, or a record lacks a required field.
    Malformed,
    /// Lines hold records that are not read.
    Unread,
    /// A value has broken out of its field or its record.
    Forged,
    /// A field, a resource or a type is undefined.
    Unknown,
    /// A record appears twice, or two records have the stamp that only one can have.
    Duplicate,
    /// The time of an event is years from the times before and after it.
    Time,
    /// The serial number of an event is far from the numbers before and after it.
    Serial,
    /// Records are in reverse order.
    Order,
    /// Records are missing.
    Gap,
}

impl Damage {
    /// The name in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Malformed => "malformed",
            Self::Unread => "unread",
            Self::Forged => "forged",
            Self::Unknown => "unknown",
            Self::Duplicate => "duplicate",
            Self::Time => "time",
            Self::Serial => "serial",
            Self::Order => "order",
            Self::Gap => "gap",
        }
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The index of the log in the list of sources.
    pub source: usize,
    /// The line, from 1.
    pub line: u64,
    /// The kind.
    pub damage: Damage,
    /// The description.
    pub message: String,
    /// The stamp of the record, if it has a valid one.
    pub stamp: Option<Stamp>,
}

/// Something worth knowing about whole records, which is no damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The index of the log in the list of sources.
    pub source: usize,
    /// The line of the first record, from 1.
    pub line: u64,
    /// The description.
    pub message: String,
    /// The number of records.
    pub records: u64,
}

/// Counts of what was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Records about guests.
    pub records: u64,
    /// Findings.
    pub findings: u64,
    /// Whether so many serial numbers are missing somewhere that the log must have been filtered.
    /// Gaps can't be found there.
    pub filtered: bool,
    /// Logs whose records are all in another log too, for example a rotation and its compressed copy.
    pub repeated_logs: u64,
    /// Two logs that don't name their host and have records of the same time, by their indexes.
    pub overlap: Option<(usize, usize)>,
    /// The notes, by their place.
    pub notes: Vec<Note>,
}

/// A finding that needs more than one line: its place, its kind, its message and its stamp.
type LateFinding = (Place, Damage, String, Option<Stamp>);

/// Verifies all sources. `report` gets each finding, in order; those that need more than one line,
/// and those about lines that are not read, come last, sorted by line.
pub fn verify(
    sources: &Sources,
    clock: &Clock,
    progress: &Arc<AtomicU64>,
    report: impl FnMut(Finding) + Send,
) -> (Counts, Vec<ReadError>) {
    let names = sources.list.iter().map(Source::name).collect();
    let mut collector = Collector::new(names, report);
    let foreign = ForeignReader::new(clock.clone(), &sources.tags);
    let errors = blocks::run(
        &sources.list,
        progress,
        |text, block: &mut CheckedBlock| block.check(text, &foreign),
        |_, block, _| {
            collector.add(block.source, sources.host(block.source), block.first, &block.output)
        },
    );
    (collector.finish(), errors)
}

/// Verifies one text on this thread, with the same result as [`verify`].
pub fn verify_text(text: &[u8], clock: &Clock, report: impl FnMut(Finding)) -> Counts {
    let mut block = CheckedBlock::default();
    block.check(text, &ForeignReader::new(clock.clone(), &[]));
    let mut collector = Collector::new(Vec::new(), report);
    collector.add(0, b"", true, &block);
    collector.finish()
}

/// The findings of all blocks, in their order.
struct Collector<R> {
    report: R,
    counts: Counts,
    names: Vec<String>,
    hosts: Hosts,
    duplicates: Duplicates,
    notes: Notes,
    /// The remarks about each source.
    remarks: BTreeMap<usize, Remarks>,
    /// The number of lines of the log before the current block.
    before: u64,
}

impl<R: FnMut(Finding)> Collector<R> {
    fn new(names: Vec<String>, report: R) -> Self {
        let (hosts, duplicates) = (Hosts::default(), Duplicates::default());
        let (counts, notes) = (Counts::default(), Notes::default());
        let remarks = BTreeMap::new();
        Self { report, counts, names, hosts, duplicates, notes, remarks, before: 0 }
    }

    fn report(&mut self, finding: Finding) {
        self.counts.findings += 1;
        (self.report)(finding);
    }

    fn add(&mut self, source: usize, name: &[u8], first: bool, block: &CheckedBlock) {
        if first {
            self.before = 0;
        }
        let before = self.before;
        for finding in block.findings.iter().cloned() {
            self.report(Finding { source, line: before + finding.line, ..finding });
        }
        let mut host = name;
        for (node, stretch) in &block.stretches {
            if let Some(node) = node {
                host = if node.is_empty() { name } else { node };
            }
            self.hosts.add(host, stretch, (source, before + stretch.line));
        }
        self.duplicates.add(source, name, before, &block.stamps);
        self.notes.add(source, before, &block.notes);
        if block.remarks.iter().next().is_some() {
            self.remarks.entry(source).or_default().append(&block.remarks, before);
        }
        self.before += block.lines;
        self.counts.lines += block.lines;
        self.counts.records += block.records;
    }

    fn finish(mut self) -> Counts {
        let mut irregular = Vec::new();
        self.counts.filtered = std::mem::take(&mut self.hosts).finish(&mut irregular);
        let kind = |kind: &Kind| match kind {
            Kind::Time => Damage::Time,
            Kind::Serial => Damage::Serial,
            Kind::Order => Damage::Order,
            Kind::Gap(_) => Damage::Gap,
        };
        let mut found: Vec<LateFinding> = irregular
            .into_iter()
            .map(|found| (found.place, kind(&found.kind), found.message, found.stamp))
            .collect();
        let duplicates = std::mem::take(&mut self.duplicates);
        self.counts.overlap = duplicates.overlap(&self.names);
        self.counts.repeated_logs = duplicates.finish(&self.names, &mut found);
        self.counts.notes = std::mem::take(&mut self.notes).finish();
        for (source, remarks) in std::mem::take(&mut self.remarks) {
            let (notes, damage): (Vec<_>, Vec<_>) =
                remarks.iter().partition(|remark| remark.reason.is_note());
            let note = |remark: &Remark| Note {
                source,
                line: remark.first,
                message: remark.to_string(),
                records: remark.lines,
            };
            self.counts.notes.extend(notes.into_iter().map(note));
            found.extend(damage.into_iter().map(|remark| {
                let damage = if remark.reason.was_read() { Damage::Time } else { Damage::Unread };
                ((source, remark.first), damage, remark.to_string(), None)
            }));
        }
        found.sort();
        for ((source, line), damage, message, stamp) in found {
            self.report(Finding { source, line, damage, message, stamp });
        }
        self.counts
    }
}
