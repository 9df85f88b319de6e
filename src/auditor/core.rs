//! What an auditor shares with the thread that delivers for it.

use super::CLOSE_WAIT;
use super::process_state::{Change, Outcome, ProcessState};
use super::queue::Refused;
use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::PerProcess;
use crate::backend::Backend;
use crate::log::{Caller, LogLevel, LogSink};
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
    pub(super) state: PerProcess<ProcessState>,
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
        let counters = &self.state.get().counters;
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
        let result = self.deliver_or_queue(frames, caller);
        self.state.get().counters.waited(began.elapsed());
        result
    }

    fn deliver_or_queue(
        self: &Arc<Self>,
        frames: Frames<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let state = self.state.get();
        let limit = self.queue_limit.load(Ordering::Relaxed);
        if limit > 0 && state.worker.ensure(self) {
            // What a log function sends in the thread that makes room can't wait for it.
            let limit = if state.worker.is_here() { usize::MAX } else { limit };
            match state.queue.push(&frames, limit, self.level > 1) {
                Ok(()) => return self.report(state.note_room(), caller),
                Err(Refused::Full) => return self.report(state.overflow(frames.count()), caller),
                // It was closed since the records were made.
                Err(Refused::Closed) => {}
            }
        }
        // What was queued before goes first, unless the kernel is stuck.
        if state.worker.is_running() {
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
        let state = self.state.get();
        let outcome = state.deliver(&**backend, frames);
        // Either this sees that it was shut, or `shut` finds the state's lock free.
        fence(Ordering::SeqCst);
        if self.shut.load(Ordering::SeqCst) {
            // These records may have opened it again.
            state.close();
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
    pub(super) fn flush(&self, deadline: Instant) -> bool {
        let state = self.state.get();
        // The thread itself would wait for what it does at the moment.
        let deadline = if state.worker.is_here() { Instant::now() } else { deadline };
        state.queue.flush(deadline)
    }

    /// Ends the queue, and its thread: waits for it until the deadline, then gives up what is left,
    /// and says so.
    pub(super) fn finish(&self, deadline: Instant) {
        let state = self.state.get();
        state.queue.close();
        match () {
            // It delivers what is left, and ends.
            () if state.worker.is_here() => {}
            () if state.queue.flush(deadline) => state.worker.join(),
            () => self.give_up(),
        }
    }

    /// Gives up what is queued, and says so.
    pub(super) fn give_up(&self) {
        let state = self.state.get();
        let outcome = state.give_up(state.queue.abandon());
        let _ = self.report(outcome, Caller::default());
    }

    /// Ends the queue as [`Core::finish`] does, and closes the backend.
    pub(super) fn shut(&self, deadline: Instant) {
        self.shut.store(true, Ordering::SeqCst);
        self.finish(deadline);
        fence(Ordering::SeqCst);
        self.state.get().close();
    }
}
