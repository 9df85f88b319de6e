//! The thread that delivers what is queued.

use super::core::Core;
use super::process_state::ProcessState;
use super::queue::Burst;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::without_signals;
use crate::log::Caller;
use std::cell::Cell;
use std::ops::RangeInclusive;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The most messages, and bytes of them, that the thread sends at once, without a look at how far
/// auditd is behind. Together with [`UNREAD_MAX`] they fit into auditd's receive buffer, for which
/// the kernel reckons 2 KiB and more for each (208 KiB where nobody has changed that).
const BURST_MAX: usize = 32;
const BURST_BYTES_MAX: usize = 16 * 1024;

/// How many bytes auditd may be behind before the thread waits for it.
const UNREAD_MAX: u64 = 32 * 1024;

/// How long the thread waits between two looks.
const LOOK_AGAIN: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_millis(20);

/// How long the thread keeps messages for an auditd that doesn't read: as long as the kernel makes a
/// sender wait that finds its backlog full (`backlog_wait_time`, where nobody has changed that).
const HOLD_MAX: Duration = Duration::from_secs(60);

/// The thread that empties a process's queue. It is started for the first queued record, never before.
#[derive(Debug, Default)]
pub(super) struct Worker {
    running: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

thread_local! {
    /// The worker whose thread this is.
    static HERE: Cell<*const Worker> = const { Cell::new(ptr::null()) };
}

impl Worker {
    /// Sees to it that the thread runs; whether it does.
    pub(super) fn ensure(&self, core: &Arc<Core>) -> bool {
        if self.is_running() {
            return true;
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_running() {
            return true;
        }
        let theirs = Arc::clone(core);
        let builder = thread::Builder::new().name("viraudit".into());
        // The program's signals are its own threads' to handle.
        let Ok(started) = without_signals(|| builder.spawn(move || theirs.deliver_queued())) else {
            return false;
        };
        *thread = Some(started);
        self.running.store(true, Ordering::Release);
        true
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Whether this is the thread itself, which a log function may run in. It must not wait for
    /// its own work.
    pub(super) fn is_here(&self) -> bool {
        HERE.try_with(Cell::get).is_ok_and(|worker| ptr::eq(worker, self))
    }

    /// Waits for the end of the thread, which is near: its queue is closed and empty. So nothing of
    /// it runs when the process ends.
    pub(super) fn join(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            let _ = thread.join();
        }
    }
}

impl Core {
    /// Delivers what is queued until the queue is closed.
    fn deliver_queued(&self) {
        let state = self.state.get();
        HERE.set(&raw const state.worker);
        // A panic of a backend or a log sink of the program's own ends the thread. Without the
        // queue what comes later is delivered directly.
        let _unwinding = Unwinding { core: self, state };
        let mut burst = Burst::default();
        let mut pace = Pace::default();
        while state.queue.take(&mut burst) {
            let mut rest = Some(Frames::new(&mut burst.bytes, burst.count));
            while let Some(frames) = rest {
                let (head, tail) = frames.split(BURST_MAX, BURST_BYTES_MAX);
                pace.wait(state, &head);
                if !state.queue.begin(head.count()) {
                    break;
                }
                // How it went is counted, and said where it changed: nobody waits for it.
                let _ = self.deliver_now(head, Caller::default());
                rest = tail;
            }
        }
    }
}

struct Unwinding<'c> {
    core: &'c Core,
    state: &'c ProcessState,
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.state.queue.close();
            let _ = self.state.queue.begin(0);
            self.core.give_up();
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
    fn wait(&mut self, state: &ProcessState, next: &Frames<'_>) {
        self.messages += next.count();
        self.bytes += next.bytes().len();
        if self.messages <= BURST_MAX && self.bytes <= BURST_BYTES_MAX {
            return;
        }
        (self.messages, self.bytes) = (next.count(), next.bytes().len());
        let began = Instant::now();
        let mut pause = *LOOK_AGAIN.start();
        let mut before = 0;
        while let Some(unread) = state.unread().filter(|&unread| unread > UNREAD_MAX) {
            // Less than at the last look: auditd reads, only slowly. On a host where it is always
            // behind, records must not wait for ever.
            if unread < before || began.elapsed() > HOLD_MAX || state.queue.is_closed() {
                return;
            }
            before = unread;
            thread::sleep(pause);
            pause = (2 * pause).min(*LOOK_AGAIN.end());
        }
    }
}
