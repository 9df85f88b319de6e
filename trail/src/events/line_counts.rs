//! Counts of a log's lines. Each line is exactly one of used, other, malformed and cut.

use std::fmt;
use std::ops::AddAssign;

/// Counts of a log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// All lines.
    pub lines: u64,
    /// Complete records about guests and hosts, which a report uses.
    pub used: u64,
    /// Lines that a report doesn't need.
    pub other: u64,
    /// Lines that are not records, and records without a required field.
    pub malformed: u64,
    /// Records about guests without their end.
    pub cut: u64,
}

impl LineCounts {
    /// Whether any line is unusable.
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
