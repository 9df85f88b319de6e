//! The thread that delivers what is queued.

use super::core::Core;
use super::queue::Burst;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::without_signals;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

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
        let lane = self.lane.current();
        let mut burst = Burst::default();
        while lane.queue.take(&mut burst) {
            self.deliver_burst(&mut burst);
        }
    }

    /// Delivers what is queued now.
    fn deliver_waiting(&self) {
        let lane = self.lane.current();
        let mut burst = Burst::default();
        while lane.queue.take_waiting(&mut burst) {
            self.deliver_burst(&mut burst);
        }
    }

    fn deliver_burst(&self, burst: &mut Burst) {
        let frames = Frames::new(&mut burst.bytes, burst.count);
        // How it went is counted, and said where it changed: nobody waits for it.
        let _ = self.deliver_now(frames, super::Caller::default());
    }
}
