//! The thread that delivers queued records.

use super::core::Core;
use super::process_state::ProcessState;
use super::queue::Burst;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::without_signals;
use crate::log::Caller;
use crate::memory;
use std::cell::Cell;
use std::ops::RangeInclusive;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The most messages, and the most bytes, that the thread sends without checking how far auditd is
/// behind. Together with [`UNREAD_MAX`] they fit into auditd's receive buffer of 208 KiB (the
/// default), in which the kernel charges at least 2 KiB for each.
const BURST_MAX: usize = 32;
const BURST_BYTES_MAX: usize = 16 * 1024;

/// How many bytes auditd may be behind before the thread waits.
const UNREAD_MAX: u64 = 32 * 1024;

/// How long the thread waits between two checks.
const CHECK_AGAIN: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_millis(20);

/// How long the thread holds messages back for an auditd that doesn't read: as long as the kernel
/// makes a sender wait while its backlog is full (the default of `backlog_wait_time`).
const HOLD_MAX: Duration = Duration::from_secs(60);

/// The thread's stack, with room for a log function of the program's own. Otherwise the standard
/// library takes the size from RUST_MIN_STACK, which a privileged program's caller may set.
const STACK_LEN: usize = 2 << 20;

/// The thread that empties a process's queue. The first queued record starts it.
#[derive(Debug, Default)]
pub(super) struct Worker {
    running: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

thread_local! {
    /// The worker that runs in this thread.
    static HERE: Cell<*const Worker> = const { Cell::new(ptr::null()) };
}

impl Worker {
    /// Starts the thread if necessary. Returns whether it runs.
    pub(super) fn ensure(&self, core: &Arc<Core>) -> bool {
        if self.is_running() {
            return true;
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_running() {
            return true;
        }
        if memory::ensure(memory::OPENING).is_err() {
            return false;
        }
        let core = Arc::clone(core);
        let builder = thread::Builder::new().name("viraudit".into()).stack_size(STACK_LEN);
        // The program's own threads handle its signals.
        let Ok(started) = without_signals(|| builder.spawn(move || core.deliver_queued())) else {
            return false;
        };
        *thread = Some(started);
        self.running.store(true, Ordering::Release);
        true
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.load(Ordering::Acquire)
    }

    /// Whether this is the worker's thread, as in a log callback. It must not wait for itself.
    pub(super) fn is_here(&self) -> bool {
        HERE.try_with(Cell::get).is_ok_and(|worker| ptr::eq(worker, self))
    }

    /// Waits until the thread has ended, so that it doesn't run while the process exits. Its queue
    /// is closed and empty by now.
    pub(super) fn join(&self) {
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = thread.take() {
            let _ = thread.join();
        }
    }
}

impl Core {
    /// Delivers queued records until the queue is closed and empty.
    fn deliver_queued(&self) {
        let process = self.process.get();
        HERE.set(&raw const process.worker);
        // A panic of the program's backend or log sink ends the thread. Closing the queue makes
        // later deliveries direct.
        let _unwinding = Unwinding { core: self, process };
        let mut burst = Burst::default();
        let mut pace = Pace::default();
        while process.queue.take(&mut burst) {
            let mut rest = Some(Frames::new(&mut burst.bytes, burst.count));
            while let Some(frames) = rest {
                let (head, tail) = frames.split(BURST_MAX, BURST_BYTES_MAX);
                pace.wait(process, &head);
                if !process.queue.begin(head.count()) {
                    break;
                }
                // Already counted; logged on a state change.
                let _ = self.deliver_now(head, Caller::default());
                rest = tail;
            }
        }
    }
}

struct Unwinding<'c> {
    core: &'c Core,
    process: &'c ProcessState,
}

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.process.queue.close();
            let _ = self.process.queue.begin(0);
            self.core.give_up();
        }
    }
}

/// Holds records back until auditd reads. The kernel would accept them, but it drops most of those
/// that auditd doesn't read within half a second. In the queue they are safe, and counted.
#[derive(Default)]
struct Pace {
    /// Sent since the last check.
    messages: usize,
    bytes: usize,
}

impl Pace {
    /// Waits until the next messages may be sent. A closed queue doesn't wait: the kernel may still
    /// deliver its rest, which would otherwise be dropped.
    fn wait(&mut self, process: &ProcessState, next: &Frames<'_>) {
        self.messages += next.count();
        self.bytes += next.bytes().len();
        if self.messages <= BURST_MAX && self.bytes <= BURST_BYTES_MAX {
            return;
        }
        (self.messages, self.bytes) = (next.count(), next.bytes().len());
        let began = Instant::now();
        let mut pause = *CHECK_AGAIN.start();
        let mut before = 0;
        while let Some(unread) = process.unread().filter(|&unread| unread > UNREAD_MAX) {
            // Less than at the last check: auditd reads, only slowly. On a host where it is always
            // behind, records must not wait forever.
            if unread < before || began.elapsed() > HOLD_MAX || process.queue.is_closed() {
                return;
            }
            before = unread;
            thread::sleep(pause);
            pause = (2 * pause).min(*CHECK_AGAIN.end());
        }
    }
}
