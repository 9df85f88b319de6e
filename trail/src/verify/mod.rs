//! Damage in a log: records that are cut, malformed, forged or unknown, and serial numbers that
//! are missing.
//!
//! Strict where a report is lenient: a record about a guest must be exactly what its kind is, to
//! the field.

mod record;
mod serials;

use crate::input::Sources;
use crate::input::blocks::{self, BlockOutput, ReadError};
use crate::line::foreign::{self, ForeignLine};
use crate::line::{Front, Kind, Stamp, front, without_cr};
use crate::time::Clock;
use serials::Serials;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// A record's end is missing.
    Cut,
    /// No record, or one without a field that it must have.
    Malformed,
    /// A value broke out of its field or its record.
    Forged,
    /// A field, a kind or a type that nobody has defined.
    Unknown,
    /// Records are missing.
    Gap,
}

impl Damage {
    /// Its name.
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

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The log's place in the list of sources.
    pub source: usize,
    /// The line, from 1.
    pub line: u64,
    /// What kind of damage.
    pub damage: Damage,
    /// What exactly.
    pub message: String,
    /// The record, where its stamp can be read.
    pub stamp: Option<Stamp>,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Records about guests.
    pub records: u64,
    /// Findings.
    pub findings: u64,
    /// In some stretch of the log so many serial numbers are missing that it must have been
    /// filtered: gaps can't be known there.
    pub filtered: bool,
}

/// A finding in a block, by the line's number in it.
type Local = (u64, Damage, String, Option<Stamp>);

/// A record's serial number, for finding gaps.
#[derive(Clone, Debug)]
struct Seen {
    line: u64,
    stamp: Stamp,
    kind: Kind,
    /// The host, where it isn't the same as the record's before.
    node: Option<Vec<u8>>,
}

/// What is found in a block.
#[derive(Debug, Default)]
struct Looked {
    lines: u64,
    records: u64,
    found: Vec<Local>,
    seen: Vec<Seen>,
    node: Vec<u8>,
}

impl BlockOutput for Looked {
    fn clear(&mut self) {
        self.lines = 0;
        self.records = 0;
        self.found.clear();
        self.seen.clear();
        self.node.clear();
    }
}

/// Looks at every line of every source; `report` gets each finding, in order. Gaps come last.
pub fn verify(
    sources: &Sources,
    clock: &Clock,
    progress: &Arc<AtomicU64>,
    report: impl FnMut(Finding) + Send,
) -> (Counts, Vec<ReadError>) {
    let mut account = Account::new(report);
    let errors = blocks::run(
        &sources.list,
        progress,
        |text, found: &mut Looked| look(text, clock, found),
        |_, block, _| account.add(block.source, block.first, &block.found),
    );
    (account.finish(), errors)
}

/// The same for one text, on this thread.
pub fn verify_text(text: &[u8], clock: &Clock, report: impl FnMut(Finding)) -> Counts {
    let mut looked = Looked::default();
    look(text, clock, &mut looked);
    let mut account = Account::new(report);
    account.add(0, true, &looked);
    account.finish()
}

/// What was found so far, block after block.
struct Account<R> {
    report: R,
    counts: Counts,
    serials: Serials,
    /// The lines of the log before the block.
    before: u64,
}

impl<R: FnMut(Finding)> Account<R> {
    fn new(report: R) -> Self {
        Self { report, counts: Counts::default(), serials: Serials::default(), before: 0 }
    }

    fn say(&mut self, finding: Finding) {
        self.counts.findings += 1;
        (self.report)(finding);
    }

    fn add(&mut self, source: usize, first: bool, looked: &Looked) {
        if first {
            self.before = 0;
        }
        let before = self.before;
        for (line, damage, message, stamp) in looked.found.iter().cloned() {
            self.say(Finding { source, line: before + line, damage, message, stamp });
        }
        let mut host: &[u8] = b"";
        for seen in &looked.seen {
            if let Some(node) = &seen.node {
                host = node;
            }
            self.serials.add(host, seen.stamp, seen.kind, (source, before + seen.line));
        }
        self.before += looked.lines;
        self.counts.lines += looked.lines;
        self.counts.records += looked.records;
    }

    fn finish(mut self) -> Counts {
        let (gaps, filtered) = self.serials.gaps();
        self.counts.filtered = filtered;
        for ((source, line), message) in gaps {
            self.say(Finding { source, line, damage: Damage::Gap, message, stamp: None });
        }
        self.counts
    }
}

fn look(text: &[u8], clock: &Clock, out: &mut Looked) {
    let mut from = 0;
    for end in memchr::memchr_iter(b'\n', text) {
        look_at_line(without_cr(&text[from..end]), clock, out);
        from = end + 1;
    }
    if from < text.len() {
        look_at_line(without_cr(&text[from..]), clock, out);
    }
}

fn look_at_line(line: &[u8], clock: &Clock, out: &mut Looked) {
    out.lines += 1;
    if let Some(front) = front(line) {
        return look_at_record(&front, out);
    }
    let mut rewritten = Vec::new();
    match foreign::rewrite(line, clock, &mut rewritten) {
        ForeignLine::Other => {}
        ForeignLine::Audit => {
            if let Some(front) = front(&rewritten) {
                look_at_record(&front, out);
            }
        }
        ForeignLine::Unknown => {
            out.found.push((out.lines, Damage::Malformed, "no audit record".into(), None));
        }
    }
}

fn look_at_record(front: &Front<'_>, out: &mut Looked) {
    let number = out.lines;
    let Some(line) = front.line() else {
        let message = "the time or the serial number can't be read".into();
        return out.found.push((number, Damage::Malformed, message, None));
    };
    if line.stamp.serial > 0 {
        let node = line.node.unwrap_or_default();
        // What was seen first in a block always names its host.
        let other = out.seen.is_empty() || out.node != node;
        if other || out.seen.last().is_none_or(|last| last.stamp.serial != line.stamp.serial) {
            let node = other.then(|| node.to_vec());
            if let Some(node) = &node {
                out.node.clone_from(node);
            }
            out.seen.push(Seen { line: number, stamp: line.stamp, kind: line.kind, node });
        }
    }
    match line.kind {
        Kind::Virt(kind) => {
            out.records += 1;
            record::check(kind, &line, &mut |damage, message| {
                out.found.push((number, damage, message, Some(line.stamp)));
            });
        }
        Kind::UnknownVirt => {
            out.records += 1;
            let message = format!("no known record type: {}", front.name.escape_ascii());
            out.found.push((number, Damage::Unknown, message, Some(line.stamp)));
        }
        _ => {}
    }
}
