//! The state of one process: an open backend, a queue and counts.
//!
//! A fork's child must not use its parent's socket. Nor may it wait for a lock that another thread
//! of the parent held at the fork. So each process has a state of its own.

use super::queue::Queue;
use super::stats::Counters;
use super::worker::Worker;
use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::backend::{Backend, Sink};
use crate::memory;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// A state change, logged once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StateChange {
    /// Records began to fail, or fail for another reason.
    Failing(Failure),
    /// Records get through again, after so many were lost.
    Recovered(u64),
}

/// The outcome of a burst.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) failure: Option<Failure>,
    pub(super) change: Option<StateChange>,
}

#[derive(Default)]
struct Output {
    sink: Option<Box<dyn Sink>>,
    /// Why the last record failed, and how many have failed since the last success.
    trouble: Option<(Failure, u64)>,
}

#[derive(Default)]
pub(super) struct ProcessState {
    output: Mutex<Output>,
    pub(super) queue: Queue,
    /// The thread that empties the queue.
    pub(super) worker: Worker,
    /// How many records were dropped since the queue last had room.
    overflow: AtomicU64,
    /// The buffer of an earlier batch, for the next one.
    spare: Mutex<Vec<u8>>,
}

impl std::fmt::Debug for ProcessState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProcessState").finish_non_exhaustive()
    }
}

impl ProcessState {
    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer for a batch: an earlier batch's if there is one.
    pub(super) fn lend_buffer(&self) -> Vec<u8> {
        self.spare.try_lock().map(|mut spare| std::mem::take(&mut *spare)).unwrap_or_default()
    }

    /// Keeps a batch's buffer for the next one.
    pub(super) fn take_back(&self, buffer: Vec<u8>) {
        if let Ok(mut spare) = self.spare.try_lock()
            && spare.len() < buffer.len()
        {
            *spare = buffer;
        }
    }

    /// Uses a sink that is open already.
    pub(super) fn adopt(&self, sink: Option<Box<dyn Sink>>) {
        self.output().sink = sink;
    }

    /// Delivers a burst that is counted as offered. Opens the backend first if necessary.
    pub(super) fn deliver(
        &self,
        counters: &Counters,
        backend: &dyn Backend,
        frames: Frames<'_>,
    ) -> Outcome {
        let count = frames.count() as u64;
        let mut output = self.output();
        let mut failure = None;
        let mut failed = 0;
        let opened = match &mut output.sink {
            Some(sink) => Ok(sink),
            none => memory::ensure(memory::OPENING)
                .and_then(|()| backend.open())
                .map(|sink| none.insert(sink)),
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
        counters.delivered.fetch_add(count - failed, Ordering::Release);
        if let Some(why) = failure {
            counters.last_errno.store(why.errno(), Ordering::Relaxed);
            counters.failed.fetch_add(failed, Ordering::Release);
        }
        Outcome { failure, change }
    }

    /// See [`Sink::unread`]; `None` also if nothing is open.
    pub(super) fn unread(&self) -> Option<u64> {
        self.output().sink.as_mut()?.unread()
    }

    /// Closes the sink. A thread that is delivering isn't waited for, and has to call this too.
    pub(super) fn close(&self) {
        match self.output.try_lock() {
            Ok(mut output) => output.sink = None,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner().sink = None,
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Notes that the queue had room.
    pub(super) fn note_room(&self) -> Outcome {
        let lost = match self.overflow.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.overflow.swap(0, Ordering::Relaxed),
        };
        let change = (lost > 0).then_some(StateChange::Recovered(lost));
        Outcome { failure: None, change }
    }

    /// Counts records that found the queue full.
    pub(super) fn overflow(&self, counters: &Counters, count: usize) -> Outcome {
        let first = self.overflow.fetch_add(count as u64, Ordering::Relaxed) == 0;
        count_dropped(counters, count, Failure::QueueFull, first)
    }

    /// Drops and counts the queued records.
    pub(super) fn give_up(&self, counters: &Counters) -> Outcome {
        match self.queue.abandon() {
            0 => Outcome::default(),
            count => count_dropped(counters, count, Failure::GivenUp, true),
        }
    }
}

fn count_dropped(counters: &Counters, count: usize, failure: Failure, new: bool) -> Outcome {
    counters.dropped.fetch_add(count as u64, Ordering::Release);
    counters.last_errno.store(failure.errno(), Ordering::Relaxed);
    let change = new.then_some(StateChange::Failing(failure));
    Outcome { failure: Some(failure), change }
}

impl Output {
    fn note(&mut self, failure: Option<Failure>, failed: u64) -> Option<StateChange> {
        let before = self.trouble.take();
        let Some(why) = failure else {
            return before.map(|(_, lost)| StateChange::Recovered(lost));
        };
        let lost = before.map_or(0, |(_, lost)| lost) + failed;
        self.trouble = Some((why, lost));
        (before.map(|(why, _)| why) != Some(why)).then_some(StateChange::Failing(why))
    }
}
