//! What an auditor shares with the thread that delivers for it.

use super::lane::{Change, Lane, Outcome};
use super::queue::Refused;
use super::{Caller, LogLevel, LogSink};
use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::PerProcess;
use crate::backend::Backend;
use crate::message::Suffix;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Core {
    pub(super) backend: Option<Box<dyn Backend>>,
    pub(super) level: u32,
    pub(super) logging: AtomicBool,
    pub(super) log: Arc<dyn LogSink>,
    pub(super) suffix: Suffix,
    pub(super) lane: PerProcess<Lane>,
    /// How many records may be queued; 0: none is, delivery is direct.
    pub(super) queue_limit: AtomicUsize,
    /// Whether the backend is closed for good.
    pub(super) shut: AtomicBool,
}

impl Core {
    /// Where records go, unless it is closed.
    pub(super) fn open_backend(&self) -> Option<&dyn Backend> {
        self.backend.as_deref().filter(|_| !self.shut.load(Ordering::SeqCst))
    }

    pub(super) fn log_record(&self, body: &[u8], success: bool, caller: Caller<'_>) {
        if self.logging.load(Ordering::Relaxed) {
            let body = String::from_utf8_lossy(body);
            let (level, success) =
                if success { (LogLevel::Info, "yes") } else { (LogLevel::Warning, "no") };
            self.log.log(level, caller, &format!("success={success} {body}"));
        }
    }

    /// Whether a record would go nowhere at all.
    pub(super) fn is_idle(&self) -> bool {
        !self.logging.load(Ordering::Relaxed) && self.open_backend().is_none()
    }

    /// Counts records from the moment that they can get lost.
    pub(super) fn count_offered(&self, records: u64, truncated: u64) {
        let counters = &self.lane.get().counters;
        counters.offered.fetch_add(records, Ordering::Relaxed);
        if truncated > 0 {
            counters.truncated.fetch_add(truncated, Ordering::Relaxed);
        }
    }

    /// Delivers a burst, which is counted as offered, as the settings ask for.
    pub(super) fn offer(
        self: &Arc<Self>,
        frames: Frames<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let began = Instant::now();
        let lane = self.lane.get();
        let result = match self.queue_limit.load(Ordering::Relaxed) {
            0 => self.deliver_now(frames, caller),
            limit => match lane.queue.push(&frames, limit, self.level > 1) {
                Ok(()) => {
                    lane.worker.ensure(self);
                    self.report(lane.note_room(), caller)
                }
                Err(Refused::Full) => self.report(lane.drop_records(frames.count()), caller),
                // It was closed since the records were made.
                Err(Refused::Closed) => self.deliver_now(frames, caller),
            },
        };
        lane.counters.waited(began.elapsed());
        result
    }

    /// Delivers a burst that is counted as offered.
    pub(super) fn deliver_now(
        &self,
        frames: Frames<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let Some(backend) = &self.backend else { return Ok(()) };
        let lane = self.lane.get();
        let outcome = lane.deliver(&**backend, frames);
        // Either this sees that it was shut, or `shut` finds the lane's lock free.
        fence(Ordering::SeqCst);
        if self.shut.load(Ordering::SeqCst) {
            // These records may have opened it again.
            lane.close();
        }
        self.report(outcome, caller)
    }

    pub(super) fn report(&self, outcome: Outcome, caller: Caller<'_>) -> Result<(), Failure> {
        let Outcome { failure, change } = outcome;
        match change {
            None => {}
            Some(Change::Failing(why)) => self.log.log(
                LogLevel::Warning,
                caller,
                &format!("audit records of guests are being lost (errno {}): {why}", why.errno()),
            ),
            Some(Change::Recovered(lost)) => self.log.log(
                LogLevel::Warning,
                caller,
                &format!("audit records of guests get through again; {lost} were lost"),
            ),
        }
        failure.map_or(Ok(()), Err)
    }

    /// Waits until what was queued is delivered, until the deadline at most; whether it is.
    pub(super) fn flush(self: &Arc<Self>, deadline: Instant) -> bool {
        self.lane.get().queue.flush(deadline)
    }

    /// Ends the queue, and its thread: waits for it until the deadline, then gives up what is left,
    /// and says so.
    pub(super) fn finish(self: &Arc<Self>, deadline: Instant) {
        let lane = self.lane.get();
        lane.queue.close();
        if lane.queue.flush(deadline) {
            lane.worker.join();
        } else {
            let outcome = lane.drop_records(lane.queue.abandon());
            let _ = self.report(outcome, Caller::default());
        }
    }

    /// Ends the queue as [`Core::finish`] does, and closes the backend.
    pub(super) fn shut(self: &Arc<Self>, deadline: Instant) {
        self.shut.store(true, Ordering::SeqCst);
        self.finish(deadline);
        fence(Ordering::SeqCst);
        self.lane.get().close();
    }
}
