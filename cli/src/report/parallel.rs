//! Work on many sessions, on all cores, with the results in order.

use std::ops::Range;
use std::thread;
use viraudit_trail::report::Report;

/// How many sessions are worth a thread's while.
const CHUNK: usize = 4096;

/// Calls `work` for ranges that together are all of the report's sessions, and hands what it gives
/// back to `take`, in order, until that fails.
pub(super) fn in_order<T: Send, E>(
    report: &Report,
    work: impl Fn(Range<usize>) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let count = report.len();
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(8));
    let ranges: Vec<_> =
        (0..count).step_by(CHUNK).map(|from| from..count.min(from + CHUNK)).collect();
    for ranges in ranges.chunks(threads) {
        let (first, rest) = ranges.split_at(1);
        let work = &work;
        let results: Vec<T> = thread::scope(|scope| {
            let others: Vec<_> =
                rest.iter().cloned().map(|range| scope.spawn(move || work(range))).collect();
            let first = first.iter().cloned().map(work).collect::<Vec<T>>();
            let others = others.into_iter().map(|other| match other.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            first.into_iter().chain(others).collect()
        });
        results.into_iter().try_for_each(&mut take)?;
    }
    Ok(())
}
