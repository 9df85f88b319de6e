//! Expectations: whether the records that are heard are those that a test expects.
//!
//! A [`Hearing`] reads the records of a source and notes losses.
//! A [`Matcher`] has [`Expectation`]s, and is fed with each [`HeardRecord`]. Its [`Verdict`] shows for
//! each expectation that isn't met the nearest record and the fields in which it differs.
//!
//! ```
//! use viraudit_trail::expect::{Expectation, Matcher, Progress, RecordReader};
//! use viraudit_trail::time::Clock;
//!
//! let disk = Expectation::new().kind("VIRT_RESOURCE")?.field("resrc=disk")?.field("new-disk~/images/.*")?;
//! let mut matcher = Matcher::new(vec![vec![disk]])?;
//!
//! let line = b"type=VIRT_RESOURCE msg=audit(1795292517.231:26): pid=1 uid=0 auid=0 ses=1 \
//!     msg='virt=kvm resrc=disk reason=attach vm=\"web1\" uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab \
//!     old-disk=\"?\" new-disk=2F696D616765732F612062 exe=\"/usr/sbin/libvirtd\" hostname=? addr=? \
//!     terminal=? res=success'";
//! let record = RecordReader::new(Clock::system()).read(line).unwrap();
//! assert_eq!(record.field("new-disk").as_deref(), Some(&b"/images/a b"[..]));
//! assert_eq!(matcher.feed(record), Progress::Met);
//! # Ok::<(), String>(())
//! ```

mod expectation;
mod hearing;
mod matcher;
mod record;
mod verdict;

pub use expectation::{Expectation, Selection};
pub use hearing::{Answer, Hearing, Next};
pub use matcher::{Matcher, Progress};
pub use record::{HeardRecord, RecordReader};
pub use verdict::{Nearest, Unmet, Verdict};
pub use viraudit::internal::record::wanted::{Difference, Fields};
