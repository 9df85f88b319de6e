//! What one process needs to deliver records: an open backend, its lock and its counts.
//!
//! A fork's child must neither use its parent's socket nor wait for a lock that another thread of
//! the parent held at that moment. So it gets a lane of its own, in a list that is only ever
//! appended to, without a lock.

use super::queue::Queue;
use super::stats::Counters;
use super::worker::Worker;
use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::generation;
use crate::backend::{Backend, Sink};
use once_cell::race::OnceBox;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

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
struct State {
    sink: Option<Box<dyn Sink>>,
    /// Why the last record failed, and how many have since the last one that didn't.
    trouble: Option<(Failure, u64)>,
}

pub(super) struct Lane {
    generation: u32,
    state: Mutex<State>,
    pub(super) counters: Counters,
    pub(super) queue: Queue,
    /// Whether the thread that empties the queue runs.
    pub(super) worker: Worker,
    /// Whether the queue overflowed, and nothing got through it since.
    overflow: AtomicBool,
    child: OnceBox<Lane>,
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lane").field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl Lane {
    pub(super) fn new(sink: Option<Box<dyn Sink>>) -> Self {
        Self {
            generation: generation(),
            state: Mutex::new(State { sink, trouble: None }),
            counters: Counters::default(),
            queue: Queue::new(),
            worker: Worker::default(),
            overflow: AtomicBool::new(false),
            child: OnceBox::new(),
        }
    }

    /// This process's lane.
    pub(super) fn current(&self) -> &Self {
        let now = generation();
        let mut lane = self;
        while lane.generation != now {
            lane = lane.child.get_or_init(|| Box::new(Self::new(None)));
        }
        lane
    }

    /// Delivers a burst that is counted as offered, opening the backend first where that has to be
    /// done (again).
    pub(super) fn deliver(&self, backend: &dyn Backend, frames: Frames<'_>) -> Outcome {
        let count = frames.count() as u64;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failure = None;
        let mut failed = 0;
        let opened = match &mut state.sink {
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
        let change = state.note(failure, failed);
        drop(state);
        self.counters.delivered.fetch_add(count - failed, Ordering::Release);
        if let Some(why) = failure {
            self.counters.last_errno.store(why.errno(), Ordering::Relaxed);
            self.counters.failed.fetch_add(failed, Ordering::Release);
        }
        Outcome { failure, change }
    }

    /// Leaves a burst that is counted as offered to the thread; counts it as dropped where the
    /// queue doesn't take it.
    pub(super) fn enqueue(&self, frames: &Frames<'_>, limit: usize, wait: bool) -> Outcome {
        match self.queue.push(frames.bytes(), frames.count(), limit, wait) {
            Ok(()) => {
                self.overflow.store(false, Ordering::Relaxed);
                Outcome::default()
            }
            Err(_) => self.drop_records(frames.count()),
        }
    }

    /// Counts records that were given up.
    pub(super) fn drop_records(&self, count: usize) -> Outcome {
        if count == 0 {
            return Outcome::default();
        }
        let failure = Failure::QueueFull;
        self.counters.dropped.fetch_add(count as u64, Ordering::Release);
        self.counters.last_errno.store(failure.errno(), Ordering::Relaxed);
        let first = !self.overflow.swap(true, Ordering::Relaxed);
        Outcome { failure: Some(failure), change: first.then_some(Change::Failing(failure)) }
    }
}

impl State {
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
