//! Logs in blocks of whole lines, looked at by all cores and handed on in their order.
//!
//! Whoever is free claims the next block. Of a plain file that is only a range, which is then read
//! piece by piece into a buffer small enough to still be in the core's cache when its lines are
//! looked at; pipes and compressed logs are read while claiming, since that goes in order only.

mod in_order;

use super::{Log, Source};
use in_order::InOrder;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

/// A block's size: much, since handing one on costs as much as looking at some hundred lines.
const BLOCK: usize = 2 * 1024 * 1024;

/// How much of a file is read and looked at at once.
const PIECE: usize = 256 * 1024;

/// How much is looked at to find where a line ends.
const PEEK: usize = 4 * 1024;

/// A line that is longer is taken for several: nothing that audits writes such.
const LINE_MAX: usize = 16 * 1024 * 1024;

/// What is found in a block. Made once and cleared for each block.
pub trait BlockOutput: Default + Send {
    /// Forgets everything, but keeps the memory.
    fn clear(&mut self);

    /// Whether the block behind may tell more about this one.
    fn goes_on(&self) -> bool {
        false
    }
}

/// What was found in some lines of a log.
#[derive(Debug, Default)]
pub struct Block<T> {
    /// The log's place in the list of sources.
    pub source: usize,
    /// Whether its lines are the first of their log.
    pub first: bool,
    /// What was found.
    pub found: T,
    index: u64,
}

/// An error that ended the reading of a log, with its place in the list of sources.
pub type ReadError = (usize, io::Error);

/// How many threads share work: more than a few wait for each other. To find out takes three files
/// of the kernel's, so it is done once.
pub fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| thread::available_parallelism().map_or(1, |count| count.get().min(8)))
}

/// Reads all sources. `scan` looks at a block's lines, some at a time, on any thread; `consume`
/// gets what was found in the blocks' order, on any thread too, each with the one before it and,
/// where [`BlockOutput::goes_on`] asks for it, the one behind it.
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
        // However this ends, nobody is to wait for a block for ever.
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
    shared.feed.into_inner().unwrap_or_else(PoisonError::into_inner).errors
}

struct Shared<'s, T> {
    feed: Mutex<Feed<'s>>,
    progress: &'s AtomicU64,
    /// Blocks that nobody uses, and whether no more are wanted.
    spare: Mutex<(Vec<Block<T>>, bool)>,
    returned: Condvar,
}

/// A thread that panicked has left nothing half done that matters here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T: BlockOutput> Shared<'_, T> {
    /// Claims the next block, and looks at it. The spare block comes first: whoever has a place
    /// in the order has room for it too, so that the order can't get stuck.
    fn next(&self, buffer: &mut Vec<u8>, scan: &impl Fn(&[u8], &mut T)) -> Option<Block<T>> {
        let mut block = self.spare()?;
        block.found.clear();
        let claim = lock(&self.feed).claim(buffer)?;
        (block.index, block.source, block.first) = (claim.index, claim.source, claim.first);
        match claim.lines {
            Lines::Read(len) => scan(&buffer[..len], &mut block.found),
            Lines::Of(range) => {
                let take = |lines: &[u8]| scan(lines, &mut block.found);
                if let Err(error) = range.pieces(self.progress, buffer, take) {
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

struct Closing<'c, 's, T>(&'c Shared<'s, T>);

impl<T> Drop for Closing<'_, '_, T> {
    fn drop(&mut self) {
        lock(&self.0.spare).1 = true;
        self.0.returned.notify_all();
    }
}

/// The next block, as one thread gets it.
struct Claim {
    index: u64,
    source: usize,
    first: bool,
    lines: Lines,
}

/// A block's lines.
enum Lines {
    /// So many bytes of the buffer.
    Read(usize),
    /// Still to be read.
    Of(Range),
}

/// The lines from one place of a file to another.
struct Range {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Range {
    /// Gives all its lines to `take`, as many at a time as the buffer has room for.
    fn pieces(
        mut self,
        progress: &AtomicU64,
        buffer: &mut Vec<u8>,
        mut take: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        let mut result = Ok(());
        let mut carry = 0;
        loop {
            let piece = fill(buffer, carry, PIECE, |buffer| {
                let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
                let room = left.min(buffer.len());
                let read = read(&mut result, || self.file.read_at(&mut buffer[..room], self.at));
                self.at += read as u64;
                progress.fetch_add(read as u64, Ordering::Relaxed);
                read
            });
            take(&buffer[..piece.lines]);
            if piece.last {
                return result;
            }
            buffer.copy_within(piece.lines..piece.len, 0);
            carry = piece.len - piece.lines;
        }
    }
}

/// Reads; an error is kept, and ends the text.
fn read(result: &mut io::Result<()>, mut from: impl FnMut() -> io::Result<usize>) -> usize {
    loop {
        match from() {
            Ok(read) => return read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                *result = Err(error);
                return 0;
            }
        }
    }
}

/// What a buffer holds.
struct Piece {
    len: usize,
    /// How much of it is whole lines. Only a text's last line may lack its end.
    lines: usize,
    /// Nothing follows.
    last: bool,
}

/// Fills a buffer that holds `carry` bytes already, up to `size` bytes or to the end of at least
/// one line. `read` gives 0 at the end of the text.
fn fill(
    buffer: &mut Vec<u8>,
    carry: usize,
    size: usize,
    mut read: impl FnMut(&mut [u8]) -> usize,
) -> Piece {
    let mut size = size.max(2 * carry);
    let (mut len, mut searched) = (carry, carry);
    loop {
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        match read(&mut buffer[len..size]) {
            0 => return Piece { len, lines: len, last: true },
            read => len += read,
        }
        if len < size {
            continue;
        }
        if let Some(at) = memchr::memrchr(b'\n', &buffer[searched..len]) {
            return Piece { len, lines: searched + at + 1, last: false };
        }
        if len >= LINE_MAX {
            return Piece { len, lines: len, last: false };
        }
        searched = len;
        size = 2 * len;
    }
}

/// The text of all sources, one after the other.
struct Feed<'s> {
    sources: &'s [Source],
    progress: Arc<AtomicU64>,
    /// The next source to open.
    next: usize,
    open: Option<Open>,
    first: bool,
    index: u64,
    errors: Vec<ReadError>,
}

/// A log that is being read.
enum Open {
    /// A plain file, and the place of the next block.
    File(Arc<File>, u64),
    /// Anything else, and the beginning of a line whose end hasn't been read.
    Stream(Box<dyn Read + Send>, Vec<u8>),
}

impl<'s> Feed<'s> {
    fn new(sources: &'s [Source], progress: &Arc<AtomicU64>) -> Self {
        let progress = Arc::clone(progress);
        let (next, first, index, errors) = (0, false, 0, Vec::new());
        Self { sources, progress, next, open: None, first, index, errors }
    }

    /// Keeps the first error of a log.
    fn fails(&mut self, source: usize, error: io::Error) {
        if self.errors.iter().all(|&(failed, _)| failed != source) {
            self.errors.push((source, error));
        }
    }

    /// Claims a block; `None` when there is nothing left.
    fn claim(&mut self, buffer: &mut Vec<u8>) -> Option<Claim> {
        loop {
            let Some(open) = self.open.take() else {
                let source = self.sources.get(self.next)?;
                self.next += 1;
                match source.open(&self.progress) {
                    Ok(Log::File(file)) => self.open = Some(Open::File(Arc::new(file), 0)),
                    Ok(Log::Stream(stream)) => self.open = Some(Open::Stream(stream, Vec::new())),
                    Err(error) => self.fails(self.next - 1, error),
                }
                self.first = true;
                continue;
            };
            let lines = match open {
                Open::File(file, at) => self.range(file, at).map(Lines::Of),
                Open::Stream(stream, carry) => self.read(stream, carry, buffer).map(Lines::Read),
            };
            if let Some(lines) = lines {
                let claim =
                    Claim { index: self.index, source: self.next - 1, first: self.first, lines };
                self.first = false;
                self.index += 1;
                return Some(claim);
            }
        }
    }

    /// The lines from `at` on, about a block of them.
    fn range(&mut self, file: Arc<File>, at: u64) -> Option<Range> {
        let mut peek = [0; PEEK];
        // A line that ends where the block should is the last.
        let mut end = at + BLOCK as u64 - 1;
        let mut result = Ok(());
        loop {
            let read = read(&mut result, || file.read_at(&mut peek, end));
            if read == 0 {
                // What is written from now on isn't in this log.
                end = file.metadata().map_or(at, |found| found.len().clamp(at, end));
                break;
            }
            let line_end = memchr::memchr(b'\n', &peek[..read]);
            end += line_end.map_or(read, |at| at + 1) as u64;
            if line_end.is_some() || end - at >= LINE_MAX as u64 {
                self.open = Some(Open::File(Arc::clone(&file), end));
                break;
            }
        }
        if let Err(error) = result {
            self.fails(self.next - 1, error);
        }
        Some(Range { file, at, end })
    }

    /// Reads a block into the buffer.
    fn read(
        &mut self,
        mut stream: Box<dyn Read + Send>,
        mut carry: Vec<u8>,
        buffer: &mut Vec<u8>,
    ) -> Option<usize> {
        buffer.resize(buffer.len().max(carry.len()), 0);
        buffer[..carry.len()].copy_from_slice(&carry);
        let mut result = Ok(());
        let piece =
            fill(buffer, carry.len(), BLOCK, |buffer| read(&mut result, || stream.read(buffer)));
        if let Err(error) = result {
            self.fails(self.next - 1, error);
        }
        if !piece.last {
            carry.clear();
            carry.extend_from_slice(&buffer[piece.lines..piece.len]);
            self.open = Some(Open::Stream(stream, carry));
        }
        (piece.lines > 0).then_some(piece.lines)
    }
}
