//! The thread that delivers what is queued.

use super::core::Core;
use super::queue::Burst;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::without_signals;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The most messages that the thread sends at once. The kernel looks at its backlog only between
/// bursts: with auditd stuck, it takes the whole of a larger one, and then loses what its queues
/// have no room for. (Its backlog holds 64 where nobody has changed that.)
const BURST_MAX: usize = 32;

/// Whether a lane's thread runs. It is started by the first queued record, never before.
#[derive(Debug, Default)]
pub(super) struct Worker {
    running: AtomicBool,
    starting: Mutex<()>,
}

impl Worker {
    /// Sees to it that what is queued gets delivered: by the thread, or where none can be started,
    /// by the caller, now.
    pub(super) fn ensure(&self, core: &Arc<Core>) {
        if self.running.load(Ordering::Acquire) {
            return;
        }
        let _starting = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.running.load(Ordering::Acquire) {
            return;
        }
        let theirs = Arc::clone(core);
        let thread = thread::Builder::new().name("viraudit".into());
        // The program's signals are its own threads' to handle.
        match without_signals(|| thread.spawn(move || theirs.deliver_queued())) {
            Ok(_) => self.running.store(true, Ordering::Release),
            Err(_) => core.deliver_waiting(),
        }
    }
}

impl Core {
    /// Delivers what is queued until the queue is closed.
    fn deliver_queued(&self) {
        let lane = self.lane.get();
        let mut burst = Burst::default();
        while lane.queue.take(&mut burst) {
            self.deliver_burst(&mut burst);
        }
    }

    /// Delivers what is queued now.
    fn deliver_waiting(&self) {
        let lane = self.lane.get();
        let mut burst = Burst::default();
        while lane.queue.take_waiting(&mut burst) {
            self.deliver_burst(&mut burst);
        }
    }

    fn deliver_burst(&self, burst: &mut Burst) {
        let mut rest = Some(Frames::new(&mut burst.bytes, burst.count));
        while let Some(frames) = rest {
            let (head, tail) = frames.split_count(BURST_MAX);
            // How it went is counted, and said where it changed: nobody waits for it.
            let _ = self.deliver_now(head, super::Caller::default());
            rest = tail;
        }
    }
}
