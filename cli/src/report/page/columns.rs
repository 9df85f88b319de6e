//! Columns of numbers, as the page's script reads them.

use serde::{Serialize, Serializer};
use viraudit_trail::line::Stamp;

/// Numbers that are written as they are: few different ones.
#[derive(Debug, Default)]
pub(super) struct Plain(pub(super) Vec<i64>);

/// Numbers that are written as differences: times and serial numbers mostly grow by a little.
#[derive(Debug, Default)]
pub(super) struct Deltas(pub(super) Vec<i64>);

/// The records behind each row: their number, and for each its time and its serial number.
#[derive(Debug, Default, Serialize)]
pub(super) struct Proofs {
    count: Plain,
    time: Deltas,
    serial: Deltas,
}

impl Proofs {
    /// Appends a row's records.
    pub(super) fn push(&mut self, stamps: &[Stamp]) {
        self.count.0.push(stamps.len() as i64);
        for stamp in stamps {
            self.time.0.push(stamp.ms);
            self.serial.0.push(stamp.serial as i64);
        }
    }
}

impl Serialize for Plain {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(&self.0)
    }
}

impl Serialize for Deltas {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut before = 0i64;
        to.collect_seq(self.0.iter().map(|&number| {
            let delta = number.wrapping_sub(before);
            before = number;
            delta
        }))
    }
}
