//! Work on many sessions, on all cores, with the results in order.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::thread;
use viraudit_trail::input::blocks::threads;
use viraudit_trail::report::Report;

/// How many sessions are worked on at once: few enough that what is made of them is still in a
/// core's cache when it is written.
const CHUNK: usize = 512;

/// Of fewer sessions, how many chunks are made if many events are shown, too: most of them may be
/// those of a few.
const SHARES: usize = 64;

/// How many events are worth a second thread.
const MANY: usize = 2000;

/// A report's sessions, some at a time.
#[derive(Clone, Copy)]
pub(super) struct Chunks {
    sessions: usize,
    size: usize,
}

impl Chunks {
    /// All sessions, `with_events` or only themselves.
    pub(super) fn of(report: &Report, with_events: bool) -> Self {
        let sessions = report.len();
        let shared = with_events && report.event_count() > MANY;
        let size = if shared { sessions.div_ceil(SHARES).clamp(1, CHUNK) } else { CHUNK };
        Self { sessions, size }
    }

    fn count(self) -> usize {
        self.sessions.div_ceil(self.size)
    }

    /// The chunks whose turn it is, of every `threads`.
    fn of_thread(self, first: usize, threads: usize) -> impl Iterator<Item = Range<usize>> {
        let Self { sessions, size } = self;
        let turns = (first..self.count()).step_by(threads);
        turns.map(move |at| at * size..sessions.min((at + 1) * size))
    }

    fn threads(self) -> usize {
        threads().min(self.count()).max(1)
    }
}

/// What is made of some sessions.
pub(super) trait Part: Default + Send {
    /// Forgets everything, but keeps the memory.
    fn clear(&mut self);
}

impl Part for Vec<u8> {
    fn clear(&mut self) {
        self.clear();
    }
}

/// Has all chunks worked on, each thread taking its own, and returns what each makes of those.
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

/// Makes parts of chunks, and hands them to `take`, in order, until that fails. Each thread gets a
/// worker of its own, which may remember things.
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
        // In turn, each with a way for its parts and one for them to come back.
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
            // Without a part, its thread has panicked, which the scope passes on.
            let Ok(part) = parts.recv() else { break };
            take(&part)?;
            // Nobody takes it back any more when all is done.
            let _ = give_back.send(part);
        }
        Ok(())
    })
}
