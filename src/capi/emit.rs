//! How a C function sends its records: into this thread's batch, or at once.

use super::batch::add_or_send;
use super::boundary::Problem;
use super::current::{caller, deliver};
use crate::Record;
#[cfg(feature = "xml")]
use std::cell::Cell;

/// Sends a record for the C function of that name.
pub(super) fn send_record(function: &'static str, record: &Record<'_>) -> Result<(), Problem> {
    deliver(|auditor| {
        add_or_send(
            auditor,
            function,
            |batch| batch.push_for(record, caller(function)),
            || auditor.emit_for(record, caller(function)),
        )
    })
}

/// Sends records as one burst for the C function of that name.
#[cfg(feature = "xml")]
pub(super) fn send_records<'r>(
    function: &'static str,
    records: impl Iterator<Item = Record<'r>>,
) -> Result<(), Problem> {
    // Only one of the two closures runs; it takes the iterator.
    let records = Cell::new(Some(records));
    let all = || records.take().into_iter().flatten();
    deliver(|auditor| {
        add_or_send(
            auditor,
            function,
            |batch| all().for_each(|record| batch.push_for(&record, caller(function))),
            || auditor.emit_all_for(all(), caller(function)),
        )
    })
}
