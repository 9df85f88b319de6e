//! The tool's own writers of a report: they are no part of a library.

use args::{Format, ReportArgs};
use jiff::tz::TimeZone;
use viraudit_trail::report::Report;

/// What `--guests` prints.
pub(crate) fn guests(report: &Report, format: Format) -> Vec<u8> {
    listed(&report.guests(), format)
}

/// What `--operations` prints.
pub(crate) fn operations(report: &Report, format: Format) -> Vec<u8> {
    listed(&report.operations(), format)
}

fn listed<const N: usize, L: listing::Listing<N>>(listing: &L, format: Format) -> Vec<u8> {
    let args = ReportArgs { format, proof: true };
    let mut out = Vec::new();
    listing::write(listing, &args, &TimeZone::UTC, &mut out).expect("memory takes all");
    out
}

#[path = "../../cli/src/report/counts.rs"]
mod counts;
#[path = "../../cli/src/report/csv.rs"]
pub(crate) mod csv;
#[path = "../../cli/src/report/grid.rs"]
mod grid;
#[path = "../../cli/src/report/guests.rs"]
mod guests;
#[path = "../../cli/src/report/json.rs"]
pub(crate) mod json;
#[path = "../../cli/src/report/layout.rs"]
pub(crate) mod layout;
#[path = "../../cli/src/report/listing.rs"]
mod listing;
#[path = "../../cli/src/report/object.rs"]
mod object;
#[path = "../../cli/src/report/operations.rs"]
mod operations;
#[path = "../../cli/src/report/page/mod.rs"]
pub(crate) mod page;
#[path = "../../cli/src/report/parallel.rs"]
mod parallel;
#[path = "../../cli/src/report/state.rs"]
mod state;
#[path = "../../cli/src/report/summary.rs"]
pub(crate) mod summary;
#[path = "../../cli/src/report/wording.rs"]
mod wording;

/// The arguments that the writers look at.
pub(crate) mod args {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Format {
        Table,
        Json,
        Csv,
        Html,
    }

    #[derive(Debug)]
    pub(crate) struct ReportArgs {
        pub(crate) format: Format,
        pub(crate) proof: bool,
    }
}

#[path = "../../cli/src/report/table"]
pub(crate) mod table {
    #[path = "columns.rs"]
    pub(crate) mod columns;
    #[path = "event.rs"]
    mod event;
    #[path = "row.rs"]
    pub(crate) mod row;

    pub(crate) use event::describe;

    /// No terminal.
    pub(super) fn terminal_columns() -> Option<usize> {
        None
    }
}
