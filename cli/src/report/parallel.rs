//! Work on many sessions, on all cores, with the results in order.

use std::ops::Range;
use std::sync::mpsc;
use std::thread;

/// How many sessions are worked on at once: few enough that what is made of them is still in a
/// core's cache when it is written.
const CHUNK: usize = 512;

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

/// How many threads to share that many chunks among.
fn threads(chunks: usize) -> usize {
    thread::available_parallelism().map_or(1, |count| count.get().min(8)).min(chunks).max(1)
}

/// Has ranges that together are these sessions worked on, and returns what each thread's worker made
/// of its own.
pub(super) fn in_any_order<T: Default + Send>(
    sessions: Range<usize>,
    work: impl Fn(&mut dyn Iterator<Item = Range<usize>>) -> T + Sync,
) -> Vec<T> {
    let Range { start, end } = sessions;
    let chunks = sessions.len().div_ceil(CHUNK);
    let threads = threads(chunks);
    let of_thread = &|first: usize| {
        let starts = (start + first * CHUNK..end).step_by(threads * CHUNK);
        work(&mut starts.map(|from| from..end.min(from + CHUNK)))
    };
    thread::scope(|scope| {
        let others: Vec<_> =
            (1..threads).map(|first| scope.spawn(move || of_thread(first))).collect();
        let mut all = vec![of_thread(0)];
        // One that has panicked passes that on with the scope.
        all.extend(others.into_iter().filter_map(|other| other.join().ok()));
        all
    })
}

/// Makes parts of ranges that together are these sessions, and hands them to `take`, in order, until
/// that fails. Each thread gets a worker of its own, which may remember things.
pub(super) fn in_order<T: Part, W: FnMut(Range<usize>, &mut T), E>(
    sessions: Range<usize>,
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(&mut T) -> Result<(), E>,
) -> Result<(), E> {
    let Range { start, end } = sessions;
    let range = |from: usize| from..end.min(from + CHUNK);
    let chunks = sessions.len().div_ceil(CHUNK);
    let threads = threads(chunks);
    if threads < 2 {
        let (mut work, mut part) = (worker(), T::default());
        return (start..end).step_by(CHUNK).try_for_each(|from| {
            part.clear();
            work(range(from), &mut part);
            take(&mut part)
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
                    for chunk in (first..chunks).step_by(threads) {
                        let mut part = spare.try_recv().unwrap_or_default();
                        part.clear();
                        work(range(start + chunk * CHUNK), &mut part);
                        if done.send(part).is_err() {
                            break;
                        }
                    }
                });
                (parts, give_back)
            })
            .collect();
        for (parts, give_back) in workers.iter().cycle().take(chunks) {
            // Without a part, its thread has panicked, which the scope passes on.
            let Ok(mut part) = parts.recv() else { break };
            take(&mut part)?;
            // Nobody takes it back any more when all is done.
            let _ = give_back.send(part);
        }
        Ok(())
    })
}
