//! Logs in blocks of whole lines, looked at by all cores and handed on in their order.
//!
//! Reading is done by one thread at a time, so that pipes and compressed files work like any
//! other; while one reads, the others look at what they have read. Blocks are small enough to be
//! still in a core's cache then, and are used again and again.

use crate::source::Source;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

/// A block's size, unless a single line is longer.
const BLOCK: usize = 512 * 1024;

/// A line that is longer is taken for several: nothing that audits writes such.
const LINE_MAX: usize = 16 * 1024 * 1024;

/// What is found in a block. Made once and cleared for each block.
pub trait Found: Default + Send {
    /// Forgets everything, but keeps the memory.
    fn clear(&mut self);
}

/// Some lines of a log, and what was found in them.
#[derive(Debug, Default)]
pub struct Block<T> {
    buffer: Vec<u8>,
    len: usize,
    /// The log's place in the list of sources.
    pub source: usize,
    /// Whether its lines are the first of their log.
    pub first: bool,
    /// What was found.
    pub found: T,
    index: u64,
}

impl<T> Block<T> {
    /// The lines. Only a log's last line may lack its end.
    pub fn text(&self) -> &[u8] {
        &self.buffer[..self.len]
    }
}

/// An error that ended the reading of a log, with its place in the list of sources.
pub type ReadError = (usize, io::Error);

/// Reads all sources. `scan` looks at blocks, in any order and on several threads; `consume` gets
/// them in their order, each with the one before it and the one behind it.
pub fn run<T: Found>(
    sources: &[Source],
    progress: &Arc<AtomicU64>,
    scan: impl Fn(&[u8], bool, &mut T) + Sync,
    mut consume: impl FnMut(Option<&Block<T>>, &Block<T>, Option<&Block<T>>),
) -> Vec<ReadError> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get().min(8));
    let spare: Vec<Block<T>> = (0..2 * threads + 4).map(|_| Block::default()).collect();
    let shared = Shared {
        feed: Mutex::new(Feed::new(sources, progress)),
        spare: Mutex::new((spare, false)),
        returned: Condvar::new(),
    };
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..threads {
            let sender = sender.clone();
            let (shared, scan) = (&shared, &scan);
            scope.spawn(move || {
                while let Some(mut block) = shared.next() {
                    block.found.clear();
                    let (text, first) = (&block.buffer[..block.len], block.first);
                    scan(text, first, &mut block.found);
                    if sender.send(block).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // However this ends, nobody is to wait for a block for ever.
        let _closing = Closing(&shared);
        let mut waiting = BTreeMap::new();
        let mut next = 0;
        let mut before: Option<Block<T>> = None;
        let mut current: Option<Block<T>> = None;
        for block in receiver {
            waiting.insert(block.index, block);
            while let Some(block) = waiting.remove(&next) {
                next += 1;
                if let Some(current) = current.take() {
                    consume(before.as_ref(), &current, Some(&block));
                    if let Some(done) = before.replace(current) {
                        shared.give_back(done);
                    }
                }
                current = Some(block);
            }
        }
        if let Some(current) = current {
            consume(before.as_ref(), &current, None);
        }
    });
    shared.feed.into_inner().unwrap_or_else(PoisonError::into_inner).errors
}

struct Shared<'s, T> {
    feed: Mutex<Feed<'s>>,
    /// Blocks that nobody uses, and whether no more are wanted.
    spare: Mutex<(Vec<Block<T>>, bool)>,
    returned: Condvar,
}

/// A thread that panicked has left nothing half done that matters here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Shared<'_, T> {
    /// Reads the next block. The spare block comes first: whoever has a place in the order has
    /// room for it too, so that the order can't get stuck.
    fn next(&self) -> Option<Block<T>> {
        let mut spare = lock(&self.spare);
        let mut block = loop {
            if spare.1 {
                return None;
            }
            match spare.0.pop() {
                Some(block) => break block,
                None => spare = self.returned.wait(spare).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(spare);
        lock(&self.feed).fill(&mut block).then_some(block)
    }

    fn give_back(&self, block: Block<T>) {
        lock(&self.spare).0.push(block);
        self.returned.notify_one();
    }
}

struct Closing<'c, 's, T>(&'c Shared<'s, T>);

impl<T> Drop for Closing<'_, '_, T> {
    fn drop(&mut self) {
        lock(&self.0.spare).1 = true;
        self.0.returned.notify_all();
    }
}

/// The text of all sources, one after the other.
struct Feed<'s> {
    sources: &'s [Source],
    progress: Arc<AtomicU64>,
    /// The next source to open.
    next: usize,
    open: Option<Box<dyn Read + Send>>,
    first: bool,
    /// The beginning of a line whose end hasn't been read.
    carry: Vec<u8>,
    index: u64,
    errors: Vec<ReadError>,
}

impl<'s> Feed<'s> {
    fn new(sources: &'s [Source], progress: &Arc<AtomicU64>) -> Self {
        Self {
            sources,
            progress: Arc::clone(progress),
            next: 0,
            open: None,
            first: false,
            carry: Vec::new(),
            index: 0,
            errors: Vec::new(),
        }
    }

    /// Fills a block; `false` when there is nothing left.
    fn fill<T>(&mut self, block: &mut Block<T>) -> bool {
        loop {
            if self.open.is_none() {
                let Some(source) = self.sources.get(self.next) else { return false };
                self.next += 1;
                match source.open(&self.progress) {
                    Ok(reader) => self.open = Some(reader),
                    Err(error) => self.errors.push((self.next - 1, error)),
                }
                self.first = true;
                continue;
            }
            self.fill_from_open(block);
            if block.len > 0 {
                block.source = self.next - 1;
                block.first = self.first;
                block.index = self.index;
                self.first = false;
                self.index += 1;
                return true;
            }
        }
    }

    fn fill_from_open<T>(&mut self, block: &mut Block<T>) {
        let buffer = &mut block.buffer;
        let mut len = self.carry.len();
        if buffer.len() < BLOCK.max(2 * len) {
            buffer.resize(BLOCK.max(2 * len), 0);
        }
        buffer[..len].copy_from_slice(&self.carry);
        self.carry.clear();
        let mut searched = len;
        while let Some(open) = &mut self.open {
            match open.read(&mut buffer[len..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Ok(0) => self.open = None,
                Err(error) => {
                    self.errors.push((self.next - 1, error));
                    self.open = None;
                }
                Ok(read) => {
                    len += read;
                    if len < buffer.len() {
                        continue;
                    }
                    if let Some(at) = memchr::memrchr(b'\n', &buffer[searched..len]) {
                        let end = searched + at + 1;
                        self.carry.extend_from_slice(&buffer[end..len]);
                        len = end;
                        break;
                    }
                    if len >= LINE_MAX {
                        break;
                    }
                    searched = len;
                    buffer.resize(2 * len, 0);
                }
            }
        }
        block.len = len;
    }
}
