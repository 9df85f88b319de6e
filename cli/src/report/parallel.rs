//! Processes sessions on all cores, with the results in order.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;
use viraudit_trail::input::blocks::threads;
use viraudit_trail::report::Report;

/// The most rows in a chunk: few enough that their output is still in the core's cache when it is
/// written.
const CHUNK: usize = 512;

/// The number of chunks if there are few sessions but many events: a few sessions may have most of
/// the events.
const SHARES: usize = 64;

/// The number of events from which on a second thread pays off.
const MANY: usize = 2000;

/// The sessions of a report, or other rows, split into chunks.
#[derive(Clone, Copy)]
pub(super) struct Chunks {
    rows: usize,
    size: usize,
}

impl Chunks {
    /// Chunks of all sessions; `with_events` if their events are processed too.
    pub(super) fn of(report: &Report, with_events: bool) -> Self {
        let rows = report.len();
        let shared = with_events && report.event_count() > MANY;
        let size = if shared { rows.div_ceil(SHARES).clamp(1, CHUNK) } else { CHUNK };
        Self { rows, size }
    }

    /// Chunks of that many rows of any kind.
    pub(super) fn of_count(rows: usize) -> Self {
        Self { rows, size: CHUNK }
    }

    fn count(self) -> usize {
        self.rows.div_ceil(self.size)
    }

    /// The chunks of one thread: every `threads`-th one.
    fn of_thread(self, first: usize, threads: usize) -> impl Iterator<Item = Range<usize>> {
        let Self { rows, size } = self;
        let turns = (first..self.count()).step_by(threads);
        turns.map(move |at| at * size..rows.min((at + 1) * size))
    }

    fn threads(self) -> usize {
        threads().min(self.count()).max(1)
    }
}

/// The output of a chunk.
pub(super) trait Part: Default + Send {
    /// Clears the content and keeps the memory.
    fn clear(&mut self);
}

impl Part for Vec<u8> {
    fn clear(&mut self) {
        self.clear();
    }
}

/// Processes all chunks and returns the result of each thread.
pub(super) fn in_any_order<T: Send>(
    chunks: Chunks,
    work: impl Fn(&mut dyn Iterator<Item = Range<usize>>) -> T + Sync,
) -> Vec<T> {
    let threads = chunks.threads();
    let of_thread = &|first| work(&mut chunks.of_thread(first, threads));
    thread::scope(|scope| {
        let others: Vec<_> =
            (1..threads).map(|first| scope.spawn(move || of_thread(first))).collect();
        let mut all = vec![of_thread(0)];
        let joined = others.into_iter().map(|other| other.join());
        all.extend(joined.map(|made| made.unwrap_or_else(|panic| resume_unwind(panic))));
        all
    })
}

/// Turns chunks into parts and passes these to `take` in order, until it fails. Each thread has its own
/// worker, which may keep state.
pub(super) fn in_order<T: Part, W: FnMut(Range<usize>, &mut T), E>(
    chunks: Chunks,
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(&T) -> Result<(), E>,
) -> Result<(), E> {
    let threads = chunks.threads();
    if threads < 2 {
        let (mut work, mut part) = (worker(), T::default());
        return chunks.of_thread(0, 1).try_for_each(|range| {
            part.clear();
            work(range, &mut part);
            take(&part)
        });
    }
    thread::scope(|scope| {
        // Each has a channel for its parts, and one that returns them for reuse.
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                let (done, parts) = mpsc::sync_channel(2);
                let (give_back, spare) = mpsc::channel::<T>();
                let worker = &worker;
                scope.spawn(move || {
                    let mut work = worker();
                    for range in chunks.of_thread(first, threads) {
                        let mut part = spare.try_recv().unwrap_or_default();
                        part.clear();
                        work(range, &mut part);
                        if done.send(part).is_err() {
                            break;
                        }
                    }
                });
                (parts, give_back)
            })
            .collect();
        for (parts, give_back) in workers.iter().cycle().take(chunks.count()) {
            // No part: the thread has panicked, and the scope propagates that.
            let Ok(part) = parts.recv() else { break };
            take(&part)?;
            // The worker may have ended; then the part is dropped.
            let _ = give_back.send(part);
        }
        Ok(())
    })
}
