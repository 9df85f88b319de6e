//! The library's version, and the counts of the current auditor.

use super::boundary::{Problem, guard};
use super::current;
use crate::Stats;
use std::ffi::{c_char, c_int};
use std::mem::offset_of;

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditVersion() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The header's virAuditStats. Grows only at its end.
#[derive(Default)]
#[repr(C)]
struct CStats {
    offered: u64,
    delivered: u64,
    failed: u64,
    dropped: u64,
    truncated: u64,
    queued: u64,
    last_errno: c_int,
    /// C's padding, as a member: it is always initialised.
    padding: c_int,
    longest_us: u64,
}

const _: () = assert!(offset_of!(CStats, longest_us) == 56 && size_of::<CStats>() == 64);

impl From<Stats> for CStats {
    fn from(stats: Stats) -> Self {
        Self {
            offered: stats.offered,
            delivered: stats.delivered,
            failed: stats.failed,
            dropped: stats.dropped,
            truncated: stats.truncated,
            queued: stats.queued,
            last_errno: stats.last_errno,
            padding: 0,
            longest_us: stats.longest_us,
        }
    }
}

/// # Safety
///
/// `stats` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn virAuditGetStats(stats: *mut CStats, size: usize) -> c_int {
    guard(-1, || {
        if stats.is_null() {
            return Err(Problem::Null("stats"));
        }
        let now = current::opened().map_or(CStats::default(), |auditor| auditor.stats().into());
        let len = size.min(size_of::<CStats>());
        let from: *const CStats = &now;
        // SAFETY: the caller's room is `size` bytes, and `now` has no padding.
        unsafe { std::ptr::copy_nonoverlapping(from.cast::<u8>(), stats.cast(), len) };
        Ok(0)
    })
}
