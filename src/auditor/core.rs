//! What an auditor shares with the thread that delivers for it.

use super::lane::{Change, Lane, Outcome};
use super::{Caller, LogLevel, LogSink};
use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::backend::Backend;
use crate::message::Origin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Core {
    pub(super) backend: Option<Box<dyn Backend>>,
    pub(super) level: u32,
    pub(super) logging: AtomicBool,
    pub(super) log: Arc<dyn LogSink>,
    pub(super) origin: Origin,
    pub(super) lane: Lane,
    /// How many records may be queued; 0: none is, delivery is direct.
    pub(super) queue_limit: AtomicUsize,
}

impl Core {
    pub(super) fn log_record(&self, body: &[u8], success: bool, caller: Caller<'_>) {
        if self.logging.load(Ordering::Relaxed) {
            let body = String::from_utf8_lossy(body);
            let (level, success) =
                if success { (LogLevel::Info, "yes") } else { (LogLevel::Warning, "no") };
            self.log.log(level, caller, &format!("success={success} {body}"));
        }
    }

    /// Delivers a burst as the settings ask for, and counts it.
    pub(super) fn offer(
        self: &Arc<Self>,
        frames: Frames<'_>,
        truncated: u64,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        if self.backend.is_none() {
            return Ok(());
        }
        let began = Instant::now();
        let lane = self.lane.current();
        lane.counters.offered.fetch_add(frames.count() as u64, Ordering::Relaxed);
        lane.counters.truncated.fetch_add(truncated, Ordering::Relaxed);
        let result = match self.queue_limit.load(Ordering::Relaxed) {
            0 => self.deliver_now(frames, caller),
            limit => {
                let outcome = lane.enqueue(&frames, limit, self.level > 1);
                lane.worker.ensure(self);
                self.report(outcome, caller)
            }
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
        let outcome = self.lane.current().deliver(&**backend, frames);
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
        self.lane.current().queue.flush(deadline)
    }

    /// Ends the queue: waits for it until the deadline, then gives up what is left, and says so.
    pub(super) fn finish(self: &Arc<Self>, deadline: Instant) {
        let lane = self.lane.current();
        lane.queue.close();
        if !lane.queue.flush(deadline) {
            let outcome = lane.drop_records(lane.queue.abandon());
            let _ = self.report(outcome, Caller::default());
        }
    }
}
