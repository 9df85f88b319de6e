//! The verdict on expectations.

use super::{Difference, Expectation, HeardRecord};
use std::fmt;

/// The verdict.
#[derive(Clone, Debug)]
pub enum Verdict<'m> {
    /// All expectations are met.
    Met,
    /// These are not.
    Unmet {
        /// The number of all expectations.
        of: usize,
        /// Those that are not met.
        unmet: Vec<Unmet<'m>>,
    },
    /// A record came that must not come.
    Unwanted {
        /// The expectation of its absence.
        expectation: &'m Expectation,
        /// The record.
        record: &'m HeardRecord,
        /// Its number among the records that were heard, from 1.
        number: u64,
    },
}

/// An expectation that is not met.
#[derive(Clone, Debug)]
pub struct Unmet<'m> {
    /// Its number, from 1.
    pub number: usize,
    /// The expectation.
    pub expectation: &'m Expectation,
    /// The number of records that came.
    pub came: u64,
    /// The nearest other record; `None` if no other record was heard.
    pub nearest: Option<&'m Nearest>,
}

/// The record that comes nearest to an expectation.
#[derive(Clone, Debug)]
pub struct Nearest {
    /// Its number among the records that were heard, from 1.
    pub number: u64,
    /// The record.
    pub record: HeardRecord,
    /// The fields that differ; none if the record came too early.
    pub differences: Vec<Difference>,
}

/// Lines for people; the last one has no line feed.
impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Met => f.write_str("the records came"),
            Self::Unwanted { expectation, record, number } => {
                write!(
                    f,
                    "this must not come, but did, as record {number}: {}",
                    expectation.selection
                )?;
                text(f, record)
            }
            Self::Unmet { of, unmet } => {
                for (at, unmet) in unmet.iter().enumerate() {
                    f.write_str(if at > 0 { "\n" } else { "" })?;
                    unmet.show(f, *of)?;
                }
                Ok(())
            }
        }
    }
}

impl Unmet<'_> {
    fn show(&self, f: &mut fmt::Formatter<'_>, of: usize) -> fmt::Result {
        let Self { number, expectation, came, nearest } = self;
        if of > 1 {
            write!(f, "expectation {number} of {of}: ")?;
        }
        match (came, expectation.count) {
            (0, _) => write!(f, "this did not come: {expectation}")?,
            (came, count) => write!(f, "only {came} of {count} came: {}", expectation.selection)?,
        }
        let Some(Nearest { number, record, differences }) = nearest else { return Ok(()) };
        write!(f, "\nthe nearest is record {number}:")?;
        if differences.is_empty() {
            f.write_str("\n  it came too early")?;
        }
        differences.iter().try_for_each(|difference| write!(f, "\n  {difference}"))?;
        text(f, record)
    }
}

fn text(f: &mut fmt::Formatter<'_>, record: &HeardRecord) -> fmt::Result {
    write!(f, "\n  {} {}", record.kind(), String::from_utf8_lossy(record.text()))
}
