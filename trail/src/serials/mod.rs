//! The serial numbers and times of all hosts' events: what is missing, and what is out of order.

mod neighbours;
mod runs;
mod stretch;

pub(crate) use neighbours::Hosts;
pub(crate) use stretch::Stretch;

use crate::line::Stamp;

/// The index of a source, and a position in it: a line, or a number of records.
pub(crate) type Place = (usize, u64);

/// Something irregular about the order of events.
#[derive(Clone, Debug)]
pub(crate) struct Irregularity {
    pub(crate) place: Place,
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// The event, if there is one.
    pub(crate) stamp: Option<Stamp>,
}

/// The kind of an irregularity.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The time of an event is years from the times before and after it.
    Time,
    /// The serial number of an event is far from the numbers before and after it.
    Serial,
    /// Events are in reverse order.
    Order,
    /// Records are missing.
    Gap(Gap),
}

/// Where records are missing.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) host: Vec<u8>,
    /// The time from which on they are missing.
    pub(crate) from: i64,
    /// The time until which they are missing.
    pub(crate) until: i64,
    /// The serial number of the first record after them; `None` if there is none.
    pub(crate) after: Option<u64>,
    /// Whether the logs were read from the oldest to the newest. Otherwise, the missing records may be
    /// in another log, on the other side of a boot.
    pub(crate) in_order: bool,
}
