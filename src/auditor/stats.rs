//! Exact counts of records.

use crate::audit_sys::process::PerProcess;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

/// The counts of an auditor's records in this process. At any time,
/// `offered = delivered + failed + dropped + queued`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Stats {
    /// Records given to an open auditor.
    pub offered: u64,
    /// Records that the kernel, or another backend, accepted.
    pub delivered: u64,
    /// Records that it refused, or that could not be handed to it.
    pub failed: u64,
    /// Records given up: the queue was full, or a close took too long.
    pub dropped: u64,
    /// Offered records with values too long for the kernel, which were shortened.
    pub truncated: u64,
    /// Records that wait in the queue or in a batch.
    pub queued: u64,
    /// The errno of the last record that failed; 0 if none did.
    pub last_errno: i32,
    /// The longest call that sent or queued records, in microseconds.
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

/// Each process's counters. Auditors may share them: in C, the counts go on when a destination is
/// replaced.
pub(crate) type SharedCounters = Arc<PerProcess<Counters>>;

impl Counters {
    pub(crate) fn waited(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.longest_us.fetch_max(us, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        // Ends are read before beginnings, so that `queued` is never negative.
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
