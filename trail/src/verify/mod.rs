//! Damage in a log: records that are cut, malformed, forged or unknown, and missing serial numbers.
//!
//! This is strict where a report is lenient: a record about a guest must have exactly the fields of
//! its type.

mod record;
mod serials;

use crate::input::Sources;
use crate::input::blocks::{self, BlockOutput, LINE_MAX, ReadError};
use crate::line::foreign::{self, ForeignLine};
use crate::line::{Front, LineKind, Stamp, front, without_cr};
use crate::time::Clock;
use serials::Serials;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// The end of a record is missing.
    Cut,
    /// A line is not a record, or a record lacks a required field.
    Malformed,
    /// A value has broken out of its field or its record.
    Forged,
    /// A field, a resource or a type is undefined.
    Unknown,
    /// Records are missing.
    Gap,
}

impl Damage {
    /// The name in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Malformed => "malformed",
            Self::Forged => "forged",
            Self::Unknown => "unknown",
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

/// Counts of what was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}

/// A record's serial number.
#[derive(Clone, Debug)]
struct SeenSerial {
    line: u64,
    stamp: Stamp,
    kind: LineKind,
    /// The host, if it differs from the one of the record before.
    node: Option<Vec<u8>>,
}

/// The result of checking a block. Lines are counted from its beginning.
#[derive(Debug, Default)]
struct CheckedBlock {
    lines: u64,
    records: u64,
    findings: Vec<Finding>,
    serials: Vec<SeenSerial>,
    /// The host of the last record with a serial number.
    node: Vec<u8>,
}

impl BlockOutput for CheckedBlock {
    fn skip_line(&mut self) {
        self.lines += 1;
        let message = format!("longer than {LINE_MAX} bytes");
        self.find(Damage::Malformed, message, None);
    }

    fn clear(&mut self) {
        self.lines = 0;
        self.records = 0;
        self.findings.clear();
        self.serials.clear();
        self.node.clear();
    }
}

/// Verifies all sources. `report` gets each finding, in order; gaps come last.
pub fn verify(
    sources: &Sources,
    clock: &Clock,
    progress: &Arc<AtomicU64>,
    report: impl FnMut(Finding) + Send,
) -> (Counts, Vec<ReadError>) {
    let mut collector = Collector::new(report);
    let errors = blocks::run(
        &sources.list,
        progress,
        |text, block: &mut CheckedBlock| block.check(text, clock),
        |_, block, _| collector.add(block.source, block.first, &block.output),
    );
    (collector.finish(), errors)
}

/// Verifies one text on this thread, with the same result as [`verify`].
pub fn verify_text(text: &[u8], clock: &Clock, report: impl FnMut(Finding)) -> Counts {
    let mut block = CheckedBlock::default();
    block.check(text, clock);
    let mut collector = Collector::new(report);
    collector.add(0, true, &block);
    collector.finish()
}

/// The findings of all blocks, in their order.
struct Collector<R> {
    report: R,
    counts: Counts,
    serials: Serials,
    /// The number of lines of the log before the current block.
    before: u64,
}

impl<R: FnMut(Finding)> Collector<R> {
    fn new(report: R) -> Self {
        Self { report, counts: Counts::default(), serials: Serials::default(), before: 0 }
    }

    fn report(&mut self, finding: Finding) {
        self.counts.findings += 1;
        (self.report)(finding);
    }

    fn add(&mut self, source: usize, first: bool, block: &CheckedBlock) {
        if first {
            self.before = 0;
        }
        let before = self.before;
        for finding in block.findings.iter().cloned() {
            self.report(Finding { source, line: before + finding.line, ..finding });
        }
        let mut host: &[u8] = b"";
        for seen in &block.serials {
            if let Some(node) = &seen.node {
                host = node;
            }
            self.serials.add(host, seen.stamp, seen.kind, (source, before + seen.line));
        }
        self.before += block.lines;
        self.counts.lines += block.lines;
        self.counts.records += block.records;
    }

    fn finish(mut self) -> Counts {
        let (gaps, filtered) = self.serials.gaps();
        self.counts.filtered = filtered;
        for ((source, line), message) in gaps {
            self.report(Finding { source, line, damage: Damage::Gap, message, stamp: None });
        }
        self.counts
    }
}

impl CheckedBlock {
    fn check(&mut self, text: &[u8], clock: &Clock) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            self.check_line(without_cr(&text[from..end]), clock);
            from = end + 1;
        }
        if from < text.len() {
            self.check_line(without_cr(&text[from..]), clock);
        }
    }

    fn check_line(&mut self, line: &[u8], clock: &Clock) {
        if line.len() > LINE_MAX {
            return self.skip_line();
        }
        self.lines += 1;
        if let Some(front) = front(line) {
            return self.check_record(&front);
        }
        let mut rewritten = Vec::new();
        match foreign::rewrite(line, clock, &mut rewritten) {
            ForeignLine::Other => {}
            ForeignLine::Audit => {
                if let Some(front) = front(&rewritten) {
                    self.check_record(&front);
                }
            }
            ForeignLine::Unknown => {
                self.find(Damage::Malformed, "not an audit record".into(), None);
            }
        }
    }

    fn check_record(&mut self, front: &Front<'_>) {
        let Some(line) = front.line() else {
            let message = "the time or the serial number is malformed".into();
            return self.find(Damage::Malformed, message, None);
        };
        if line.stamp.serial > 0 {
            self.add_serial(line.node.unwrap_or_default(), line.stamp, line.kind);
        }
        match line.kind {
            LineKind::Virt(kind) => {
                self.records += 1;
                record::check(kind, &line, &mut |damage, message| {
                    self.find(damage, message, Some(line.stamp));
                });
            }
            LineKind::UnknownVirt => {
                self.records += 1;
                let message = format!("unknown record type: {}", front.name.escape_ascii());
                self.find(Damage::Unknown, message, Some(line.stamp));
            }
            _ => {}
        }
    }

    fn add_serial(&mut self, node: &[u8], stamp: Stamp, kind: LineKind) {
        // The first entry of a block always has its host.
        let differs = self.serials.is_empty() || self.node != node;
        // The records of an event have the same number.
        if differs || self.serials.last().is_none_or(|last| last.stamp.serial != stamp.serial) {
            let node = differs.then(|| node.to_vec());
            if let Some(node) = &node {
                self.node.clone_from(node);
            }
            self.serials.push(SeenSerial { line: self.lines, stamp, kind, node });
        }
    }

    /// Adds a finding on the current line.
    fn find(&mut self, damage: Damage, message: String, stamp: Option<Stamp>) {
        self.findings.push(Finding { source: 0, line: self.lines, damage, message, stamp });
    }
}
