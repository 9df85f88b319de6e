//! Exact counts of what became of every record.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

/// What became of the records of one auditor in this process. Always
/// `offered = delivered + failed + dropped + queued`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stats {
    /// Records that were to be sent.
    pub offered: u64,
    /// Records that the kernel, or what stands in for it, took.
    pub delivered: u64,
    /// Records that it refused, or that could not be handed to it.
    pub failed: u64,
    /// Records given up because the queue was full, or because the deadline of a close was over.
    pub dropped: u64,
    /// Records, out of those offered, with values that had to be shortened.
    pub truncated: u64,
    /// Records that wait in the queue now.
    pub queued: u64,
    /// The errno of the last record that failed; 0 when none has.
    pub last_errno: i32,
    /// The longest that a caller had to wait for one call, in microseconds.
    pub longest_us: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) offered: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) truncated: AtomicU64,
    pub(crate) last_errno: AtomicI32,
    pub(crate) longest_us: AtomicU64,
}

impl Counters {
    pub(crate) fn waited(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.longest_us.fetch_max(us, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        // What is over is read before what began, so that a count in between is never negative.
        let (delivered, failed, dropped) =
            (get(&self.delivered), get(&self.failed), get(&self.dropped));
        let offered = get(&self.offered);
        Stats {
            offered,
            delivered,
            failed,
            dropped,
            truncated: get(&self.truncated),
            queued: offered.saturating_sub(delivered + failed + dropped),
            last_errno: self.last_errno.load(Ordering::Relaxed),
            longest_us: get(&self.longest_us),
        }
    }
}
