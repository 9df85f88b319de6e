//! All events of a log, interned.

mod line_counts;
mod scan;
mod store;

pub use line_counts::LineCounts;
pub use scan::{
    AuxRecord, Found, FoundRecord, RecordContent, Scanner, Sender, Span, VirtSpans, Wants,
};
pub(crate) use store::{Event, EventKind, NOBODY, SenderCache, User};
pub use store::{Interner, Store};
