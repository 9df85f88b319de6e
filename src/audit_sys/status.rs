//! The kernel's audit status.

use super::bindings::audit_status;

/// The kernel's audit status (AUDIT_GET). Fields that an older kernel doesn't have are 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct KernelStatus {
    /// 0: off. 1: on. 2: on, and locked until the next boot.
    pub enabled: u32,
    /// The kernel's reaction to a lost record. 0: none. 1: a log line. 2: a panic.
    pub failure: u32,
    /// The process id of auditd; 0 without auditd.
    pub auditd_pid: u32,
    /// The most records a second; 0 for no limit.
    pub rate_limit: u32,
    /// The most records that may wait for auditd.
    pub backlog_limit: u32,
    /// Records lost since boot.
    pub lost: u32,
    /// Records that wait for auditd now.
    pub backlog: u32,
    /// How long a sender waits while the backlog is full, in jiffies.
    pub backlog_wait_time: u32,
}

impl KernelStatus {
    pub(super) fn read(payload: &[u8]) -> Self {
        const WORDS: usize = size_of::<audit_status>() / 4;
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(payload.chunks_exact(4)) {
            *word = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        let [
            _,
            enabled,
            failure,
            auditd_pid,
            rate_limit,
            backlog_limit,
            lost,
            backlog,
            _,
            wait,
            ..,
        ] = words;
        Self {
            enabled,
            failure,
            auditd_pid,
            rate_limit,
            backlog_limit,
            lost,
            backlog,
            backlog_wait_time: wait,
        }
    }
}
