//! The thread that delivers what is queued.

use super::core::Core;
use super::lane::Lane;
use super::queue::Burst;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::without_signals;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The most messages, and bytes of them, that the thread sends at once, without a look at how far
/// auditd is behind. Together with [`UNREAD_MAX`] they fit into auditd's receive buffer, for which
/// the kernel reckons 2 KiB and more for each (208 KiB where nobody has changed that).
const BURST_MAX: usize = 32;
const BURST_BYTES_MAX: usize = 16 * 1024;

/// How many bytes auditd may be behind before the thread waits for it.
const UNREAD_MAX: u64 = 32 * 1024;

/// How long the thread waits between two looks.
const LOOK_AGAIN: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_millis(20);

/// Whether a lane's thread runs. It is started by the first queued record, never before.
#[derive(Debug, Default)]
pub(super) struct Worker {
    running: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Sees to it that what is queued gets delivered: by the thread, or where none can be started,
    /// by the caller, now.
    pub(super) fn ensure(&self, core: &Arc<Core>) {
        if self.running.load(Ordering::Acquire) {
            return;
        }
        let mut started = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if self.running.load(Ordering::Acquire) {
            return;
        }
        let theirs = Arc::clone(core);
        let thread = thread::Builder::new().name("viraudit".into());
        // The program's signals are its own threads' to handle.
        match without_signals(|| thread.spawn(move || theirs.deliver_queued())) {
            Ok(thread) => {
                *started = Some(thread);
                self.running.store(true, Ordering::Release);
            }
            Err(_) => core.deliver_waiting(),
        }
    }

    /// Waits for the end of the thread, which is near: its queue is closed and empty. Nothing of it
    /// then runs while the process ends, or in a library that is unloaded.
    pub(super) fn join(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A log function that runs in the thread may close, too.
        if let Some(thread) = thread.filter(|it| it.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

impl Core {
    /// Delivers what is queued until the queue is closed.
    fn deliver_queued(&self) {
        let lane = self.lane.get();
        let mut burst = Burst::default();
        let mut pace = Pace::default();
        while lane.queue.take(&mut burst) {
            self.deliver_burst(&mut burst, |head| pace.wait(lane, head));
        }
    }

    /// Delivers what is queued now.
    fn deliver_waiting(&self) {
        let lane = self.lane.get();
        let mut burst = Burst::default();
        while lane.queue.take_waiting(&mut burst) {
            self.deliver_burst(&mut burst, |_| {});
        }
    }

    fn deliver_burst(&self, burst: &mut Burst, mut wait: impl FnMut(&Frames<'_>)) {
        let mut rest = Some(Frames::new(&mut burst.bytes, burst.count));
        while let Some(frames) = rest {
            let (head, tail) = frames.split(BURST_MAX, BURST_BYTES_MAX);
            wait(&head);
            // How it went is counted, and said where it changed: nobody waits for it.
            let _ = self.deliver_now(head, super::Caller::default());
            rest = tail;
        }
    }
}

/// Keeps records until auditd reads them. The kernel takes them at any time, but drops most of
/// those that auditd doesn't read within half a second; here they are safe, and counted.
#[derive(Default)]
struct Pace {
    /// What was sent since the last look.
    messages: usize,
    bytes: usize,
}

impl Pace {
    /// Waits until the next messages may be sent. Not for a closed queue: what is left then is
    /// better with the kernel than nowhere.
    fn wait(&mut self, lane: &Lane, next: &Frames<'_>) {
        self.messages += next.count();
        self.bytes += next.bytes().len();
        if self.messages <= BURST_MAX && self.bytes <= BURST_BYTES_MAX {
            return;
        }
        (self.messages, self.bytes) = (next.count(), next.bytes().len());
        let mut pause = *LOOK_AGAIN.start();
        let mut before = 0;
        while let Some(unread) = lane.unread(UNREAD_MAX) {
            // Less than at the last look: auditd reads, only slowly. On a host where it is always
            // behind, records must not wait for ever.
            if unread < before || lane.queue.is_closed() {
                return;
            }
            before = unread;
            thread::sleep(pause);
            pause = (2 * pause).min(*LOOK_AGAIN.end());
        }
    }
}
