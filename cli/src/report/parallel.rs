//! Work on many sessions, on all cores, with the results in order.

use std::ops::Range;
use std::sync::mpsc;
use std::thread;
use viraudit_trail::report::Report;

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

/// Makes parts of ranges that together are all of the report's sessions, and hands them to `take`,
/// in order, until that fails. Each thread gets a worker of its own, which may remember things.
pub(super) fn in_order<T: Part, W: FnMut(Range<usize>, &mut T), E>(
    report: &Report,
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(&T) -> Result<(), E>,
) -> Result<(), E> {
    let count = report.len();
    let range = |from: usize| from..count.min(from + CHUNK);
    let chunks = count.div_ceil(CHUNK);
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(8)).min(chunks);
    if threads < 2 {
        let (mut work, mut part) = (worker(), T::default());
        return (0..count).step_by(CHUNK).try_for_each(|from| {
            part.clear();
            work(range(from), &mut part);
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
                    for chunk in (first..chunks).step_by(threads) {
                        let mut part = spare.try_recv().unwrap_or_default();
                        part.clear();
                        work(range(chunk * CHUNK), &mut part);
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
            let Ok(part) = parts.recv() else { break };
            take(&part)?;
            // Nobody takes it back any more when all is done.
            let _ = give_back.send(part);
        }
        Ok(())
    })
}
