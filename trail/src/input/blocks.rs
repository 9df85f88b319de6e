//! Logs in blocks of whole lines, scanned on all cores and handed on in their order.
//!
//! A free thread claims the next block. A block of a plain file is only a range: the thread reads
//! it piece by piece into a buffer that fits in its core's cache. Pipes and compressed logs can
//! only be read in order, so their blocks are read while they are claimed.

mod feed;
mod in_order;
mod whole_lines;

use super::Source;
use feed::{Feed, Lines};
use in_order::InOrder;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
pub use whole_lines::LINE_MAX;

/// The size of a block: large, as handing one on costs as much as scanning some hundred lines. Fuzz
/// targets fill many.
const BLOCK: usize = if cfg!(fuzzing) { 16 * 1024 } else { 2 * 1024 * 1024 };

/// The result of scanning a block. It is created once and cleared for each block.
pub trait BlockOutput: Default + Send {
    /// Counts a line of more than [`LINE_MAX`] bytes, whose text is skipped.
    fn skip_line(&mut self);

    /// Removes the contents, but keeps the memory.
    fn clear(&mut self);

    /// Whether `consume` needs the block after this one, too.
    fn needs_next(&self) -> bool {
        false
    }
}

/// A scanned block.
#[derive(Debug, Default)]
pub struct Block<T> {
    /// The index of the log in the list of sources.
    pub source: usize,
    /// Whether the block is the first of its log.
    pub first: bool,
    /// The result of the scan.
    pub output: T,
    index: u64,
}

/// An error that ended the reading of a log, with the log's index in the list of sources.
pub type ReadError = (usize, io::Error);

/// The number of threads that share work, at most eight: more would wait for each other. The
/// number is determined once, because that takes reading three files in /proc and /sys.
pub fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| thread::available_parallelism().map_or(1, |count| count.get().min(8)))
}

/// Reads all sources.
///
/// `scan` gets the lines of a block, some at a time, on any thread. `consume` gets the blocks in
/// their order, also on any thread: the block before, the block itself and, if
/// [`BlockOutput::needs_next`] asks for it, the block after.
pub fn run<T: BlockOutput>(
    sources: &[Source],
    progress: &Arc<AtomicU64>,
    scan: impl Fn(&[u8], &mut T) + Sync,
    consume: impl FnMut(Option<&Block<T>>, &Block<T>, Option<&Block<T>>) + Send,
) -> Vec<ReadError> {
    let threads = threads();
    let spare: Vec<Block<T>> = (0..2 * threads + 4).map(|_| Block::default()).collect();
    let shared = Shared {
        feed: Mutex::new(Feed::new(sources, progress)),
        progress,
        spare: Mutex::new((spare, false)),
        returned: Condvar::new(),
    };
    let order = InOrder::new(consume);
    let work = || {
        // A thread that ends, even by a panic, must leave no other one waiting for a block.
        let _closing = Closing(&shared);
        let mut buffer = Vec::new();
        while let Some(block) = shared.next(&mut buffer, &scan) {
            order.arrives(block, |done| shared.give_back(done));
        }
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    order.finish();
    shared.feed.into_inner().unwrap_or_else(PoisonError::into_inner).into_errors()
}

/// State that the threads share.
struct Shared<'s, T> {
    feed: Mutex<Feed<'s>>,
    progress: &'s AtomicU64,
    /// Unused blocks, and whether the reading has ended.
    spare: Mutex<(Vec<Block<T>>, bool)>,
    returned: Condvar,
}

/// Locks a mutex. A panic of another thread leaves its contents consistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: BlockOutput> Shared<'_, T> {
    /// Claims and scans the next block. The spare block is taken before the claim: a thread with
    /// a place in the order then always has a block to fill, so the order can't get stuck.
    fn next(&self, buffer: &mut Vec<u8>, scan: &impl Fn(&[u8], &mut T)) -> Option<Block<T>> {
        let mut block = self.spare()?;
        block.output.clear();
        let claim = lock(&self.feed).claim(buffer)?;
        (block.index, block.source, block.first) = (claim.index, claim.source, claim.first);
        match claim.lines {
            Lines::InBuffer { skipped, len } => {
                (0..skipped).for_each(|_| block.output.skip_line());
                scan(&buffer[..len], &mut block.output);
            }
            Lines::InFile(range) => {
                let take = |skipped, lines: &[u8]| {
                    (0..skipped).for_each(|_| block.output.skip_line());
                    scan(lines, &mut block.output);
                };
                if let Err(error) = range.read(self.progress, buffer, take) {
                    lock(&self.feed).fails(claim.source, error);
                }
            }
        }
        Some(block)
    }

    fn spare(&self) -> Option<Block<T>> {
        let mut spare = lock(&self.spare);
        loop {
            if spare.1 {
                return None;
            }
            match spare.0.pop() {
                Some(block) => return Some(block),
                None => spare = self.returned.wait(spare).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn give_back(&self, block: Block<T>) {
        lock(&self.spare).0.push(block);
        self.returned.notify_one();
    }
}

/// Ends the reading for all threads when dropped.
struct Closing<'c, 's, T>(&'c Shared<'s, T>);

impl<T> Drop for Closing<'_, '_, T> {
    fn drop(&mut self) {
        lock(&self.0.spare).1 = true;
        self.0.returned.notify_all();
    }
}
