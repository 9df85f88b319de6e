//! An account of lines: each is exactly one of used, other, malformed or cut.

use std::fmt;
use std::ops::AddAssign;

/// What became of a log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Lines that were read.
    pub lines: u64,
    /// Whole records that a report is made of.
    pub used: u64,
    /// Lines that have nothing to do with guests.
    pub other: u64,
    /// Lines that are no record, or lack what their record must have.
    pub malformed: u64,
    /// Records about guests whose end is missing.
    pub cut: u64,
}

impl LineCounts {
    /// Whether any line could not be understood.
    pub fn is_damaged(&self) -> bool {
        self.malformed + self.cut > 0
    }
}

impl AddAssign for LineCounts {
    fn add_assign(&mut self, more: Self) {
        self.lines += more.lines;
        self.used += more.used;
        self.other += more.other;
        self.malformed += more.malformed;
        self.cut += more.cut;
    }
}

impl fmt::Display for LineCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { lines, malformed, cut, .. } = self;
        write!(f, "{} of {lines} lines can't be used", malformed + cut)?;
        write!(f, " ({malformed} malformed, {cut} cut)")
    }
}
