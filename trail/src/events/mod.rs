//! All events of a log: [`Store`] scans its blocks and collects the records about guests and hosts
//! in little memory.

mod id;
mod line_counts;
mod prefetch;
mod scan;
mod store;

pub(crate) use id::{EventId, GuestId, UserId, WordId, define_id};
pub use line_counts::LineCounts;
pub(crate) use prefetch::prefetch;
pub use scan::Wants;
pub(crate) use scan::{Found, Scanner};
pub(crate) use store::{Batch, Event, EventKind, User};
pub use store::{Gap, Store};
