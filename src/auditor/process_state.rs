//! What one process needs to deliver records: an open backend, its lock and its counts.
//!
//! A fork's child must neither use its parent's socket nor wait for a lock that another thread of
//! the parent held at that moment, so each process has a state of its own.

use super::queue::Queue;
use super::stats::Counters;
use super::worker::Worker;
use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::backend::{Backend, Sink};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// A change that somebody should hear of, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Records began to fail, or fail for another reason.
    Failing(Failure),
    /// Records get through again; this many didn't.
    Recovered(u64),
}

/// How a burst went.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) failure: Option<Failure>,
    pub(super) change: Option<Change>,
}

#[derive(Default)]
struct Output {
    sink: Option<Box<dyn Sink>>,
    /// Why the last record failed, and how many have since the last one that didn't.
    trouble: Option<(Failure, u64)>,
}

#[derive(Default)]
pub(super) struct ProcessState {
    output: Mutex<Output>,
    pub(super) counters: Counters,
    pub(super) queue: Queue,
    /// The thread that empties the queue.
    pub(super) worker: Worker,
    /// How many records the queue had no room for since it last had some.
    overflow: AtomicU64,
    /// A batch's memory, for the next one.
    spare: Mutex<Vec<u8>>,
}

impl std::fmt::Debug for ProcessState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessState").field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl ProcessState {
    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Memory for a batch: what an earlier one has left, where there is any.
    pub(super) fn lend_buffer(&self) -> Vec<u8> {
        self.spare.try_lock().map(|mut spare| std::mem::take(&mut *spare)).unwrap_or_default()
    }

    /// Keeps a batch's memory for the next one.
    pub(super) fn take_back(&self, buffer: Vec<u8>) {
        if let Ok(mut spare) = self.spare.try_lock()
            && spare.len() < buffer.len()
        {
            *spare = buffer;
        }
    }

    /// Uses what is open already.
    pub(super) fn adopt(&self, sink: Option<Box<dyn Sink>>) {
        self.output().sink = sink;
    }

    /// Delivers a burst that is counted as offered, opening the backend first where that has to be
    /// done (again).
    pub(super) fn deliver(&self, backend: &dyn Backend, frames: Frames<'_>) -> Outcome {
        let count = frames.count() as u64;
        let mut output = self.output();
        let mut failure = None;
        let mut failed = 0;
        let opened = match &mut output.sink {
            Some(sink) => Ok(sink),
            none => backend.open().map(|sink| none.insert(sink)),
        };
        match opened {
            Ok(sink) => sink.send(frames, &mut |_, result| match result {
                Ok(()) => {}
                Err(why) => {
                    failure.get_or_insert(why);
                    failed += 1;
                }
            }),
            Err(why) => {
                failure = Some(why);
                failed = count;
            }
        }
        let change = output.note(failure, failed);
        drop(output);
        self.counters.delivered.fetch_add(count - failed, Ordering::Release);
        if let Some(why) = failure {
            self.counters.last_errno.store(why.errno(), Ordering::Relaxed);
            self.counters.failed.fetch_add(failed, Ordering::Release);
        }
        Outcome { failure, change }
    }

    /// See [`Sink::unread`]; `None` also when nothing is open.
    pub(super) fn unread(&self) -> Option<u64> {
        self.output().sink.as_mut()?.unread()
    }

    /// Closes what is open. Who delivers at the moment isn't waited for, and has to call it again.
    pub(super) fn close(&self) {
        match self.output.try_lock() {
            Ok(mut output) => output.sink = None,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().sink = None,
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// There was room in the queue.
    pub(super) fn note_room(&self) -> Outcome {
        let lost = match self.overflow.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.overflow.swap(0, Ordering::Relaxed),
        };
        let change = (lost > 0).then_some(Change::Recovered(lost));
        Outcome { failure: None, change }
    }

    /// Counts records that the queue has no room for.
    pub(super) fn overflow(&self, count: usize) -> Outcome {
        let first = self.overflow.fetch_add(count as u64, Ordering::Relaxed) == 0;
        self.count_dropped(count, Failure::QueueFull, first)
    }

    /// Counts records that were queued, and given up.
    pub(super) fn give_up(&self, count: usize) -> Outcome {
        if count == 0 {
            return Outcome::default();
        }
        self.count_dropped(count, Failure::GivenUp, true)
    }

    fn count_dropped(&self, count: usize, failure: Failure, new: bool) -> Outcome {
        self.counters.dropped.fetch_add(count as u64, Ordering::Release);
        self.counters.last_errno.store(failure.errno(), Ordering::Relaxed);
        Outcome { failure: Some(failure), change: new.then_some(Change::Failing(failure)) }
    }
}

impl Output {
    fn note(&mut self, failure: Option<Failure>, failed: u64) -> Option<Change> {
        let before = self.trouble.take();
        let Some(why) = failure else {
            return before.map(|(_, lost)| Change::Recovered(lost));
        };
        let lost = before.map_or(0, |(_, lost)| lost) + failed;
        self.trouble = Some((why, lost));
        (before.map(|(why, _)| why) != Some(why)).then_some(Change::Failing(why))
    }
}
