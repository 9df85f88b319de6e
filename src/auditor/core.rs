//! What an auditor shares with the thread that delivers for it.

use super::process_state::{Outcome, ProcessState, StateChange};
use super::queue::Refused;
use super::stats::SharedCounters;
use crate::Failure;
use crate::audit_sys::frame::{Frames, framed_len};
use crate::audit_sys::process::PerProcess;
use crate::backend::Backend;
use crate::log::{Caller, LogLevel, LogSink};
use crate::memory;
use crate::message::Suffix;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::time::{Duration, Instant};

/// Room for all but the longest records.
pub(super) const USUAL_ROOM: usize = framed_len(1000);

/// How long an auditor that is dropped or closed waits for its queue.
pub const CLOSE_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Core {
    pub(super) backend: Option<Box<dyn Backend>>,
    pub(super) level: u32,
    pub(super) logging: AtomicBool,
    pub(super) log: Arc<dyn LogSink>,
    pub(super) suffix: Suffix,
    pub(super) process: PerProcess<ProcessState>,
    pub(super) counters: SharedCounters,
    /// How many records may be queued; 0 for direct delivery.
    pub(super) queue_limit: AtomicUsize,
    /// Whether the backend is closed for good.
    pub(super) shut: AtomicBool,
}

impl Core {
    /// The backend, unless it is closed.
    pub(super) fn open_backend(&self) -> Option<&dyn Backend> {
        self.backend.as_deref().filter(|_| !self.shut.load(Ordering::SeqCst))
    }

    pub(super) fn log_record(&self, body: &[u8], success: bool, caller: Caller<'_>) {
        if self.logging.load(Ordering::Relaxed) {
            let body = String::from_utf8_lossy(body);
            let (level, success) =
                if success { (LogLevel::Info, "yes") } else { (LogLevel::Warning, "no") };
            self.log_line(level, caller, format_args!("success={success} {body}"));
        }
    }

    /// Logs a line, if there is memory for it.
    fn log_line(&self, level: LogLevel, caller: Caller<'_>, text: fmt::Arguments<'_>) {
        if let Ok(text) = memory::format(text) {
            self.log.log(level, caller, &text);
        }
    }

    /// Whether a record would be neither sent nor logged.
    pub(super) fn is_idle(&self) -> bool {
        !self.logging.load(Ordering::Relaxed) && self.open_backend().is_none()
    }

    /// Counts records as soon as they can get lost.
    pub(super) fn count_offered(&self, records: u64, truncated: u64) {
        let counters = self.counters.get();
        counters.offered.fetch_add(records, Ordering::Relaxed);
        if truncated > 0 {
            counters.truncated.fetch_add(truncated, Ordering::Relaxed);
        }
    }

    /// Delivers or queues a burst that is counted as offered.
    pub(super) fn offer(
        self: &Arc<Self>,
        frames: Frames<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let result = self.deliver_or_queue(frames, caller);
        self.counters.get().waited(began.elapsed());
        result
    }

    fn deliver_or_queue(
        self: &Arc<Self>,
        frames: Frames<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let process = self.process.get();
        let limit = self.queue_limit.load(Ordering::Relaxed);
        if limit > 0 && process.worker.ensure(self) {
            // A log callback on the worker must not block on its own queue.
            let limit = if process.worker.is_here() { usize::MAX } else { limit };
            match process.queue.push(&frames, limit, self.level > 1) {
                Ok(()) => return self.report(process.note_room(), caller),
                Err(Refused::Full) => {
                    let outcome = process.overflow(self.counters.get(), frames.count());
                    return self.report(outcome, caller);
                }
                // It was closed after the records were made.
                Err(Refused::Closed | Refused::NoMemory) => {}
            }
        }
        // Queued records go first, unless the kernel is stuck.
        if process.worker.is_running() {
            self.flush(Instant::now() + CLOSE_WAIT);
        }
        self.deliver_now(frames, caller)
    }

    /// Delivers a burst that is counted as offered.
    pub(super) fn deliver_now(
        &self,
        frames: Frames<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let Some(backend) = &self.backend else { return Ok(()) };
        let process = self.process.get();
        let outcome = process.deliver(self.counters.get(), &**backend, frames);
        // Either this load sees that it was shut, or `shut` finds the output's lock free.
        fence(Ordering::SeqCst);
        if self.shut.load(Ordering::SeqCst) {
            // The delivery may have opened the backend again.
            process.close();
        }
        self.report(outcome, caller)
    }

    pub(super) fn report(&self, outcome: Outcome, caller: Caller<'_>) -> Result<(), Failure> {
        let Outcome { failure, change } = outcome;
        match change {
            None => {}
            Some(StateChange::Failing(why)) => self.log_line(
                LogLevel::Warning,
                caller,
                format_args!(
                    "audit records of guests are being lost (errno {}): {why}",
                    why.errno()
                ),
            ),
            Some(StateChange::Recovered(lost)) => self.log_line(
                LogLevel::Warning,
                caller,
                format_args!("audit records of guests get through again; {lost} were lost"),
            ),
        }
        failure.map_or(Ok(()), Err)
    }

    /// Waits until the records queued so far are delivered, until the deadline at most. Returns
    /// whether they are.
    pub(super) fn flush(&self, deadline: Instant) -> bool {
        let process = self.process.get();
        // The worker would wait for itself.
        let deadline = if process.worker.is_here() { Instant::now() } else { deadline };
        process.queue.flush(deadline)
    }

    /// Ends the queue and its thread. Records that are still queued at the deadline are dropped.
    pub(super) fn finish(&self, deadline: Instant) {
        let process = self.process.get();
        process.queue.close();
        if process.worker.is_here() {
            // The worker delivers the rest before it ends.
        } else if process.queue.flush(deadline) {
            process.worker.join();
        } else {
            self.give_up();
        }
    }

    /// Drops the queued records, and logs how many.
    pub(super) fn give_up(&self) {
        let outcome = self.process.get().give_up(self.counters.get());
        let _ = self.report(outcome, Caller::default());
    }

    /// [`Core::finish`], then closes the backend.
    pub(super) fn shut(&self, deadline: Instant) {
        self.shut.store(true, Ordering::SeqCst);
        self.finish(deadline);
        fence(Ordering::SeqCst);
        self.process.get().close();
    }
}
