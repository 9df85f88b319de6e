//! The next block of all sources, one source after the other.

use super::whole_lines::{LineRange, fill, read_some};
use super::{BLOCK, ReadError};
use crate::input::{Log, Source};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The bytes that are read at once to find the end of a line.
const PEEK: usize = 4 * 1024;

/// A block that a thread has claimed.
pub(super) struct Claim {
    pub(super) index: u64,
    pub(super) source: usize,
    /// Whether the block is the first of its log.
    pub(super) first: bool,
    pub(super) lines: Lines,
}

/// The lines of a block.
pub(super) enum Lines {
    /// They are in the buffer, which holds `len` bytes of them, after `skipped` longer ones.
    InBuffer { skipped: u64, len: usize },
    /// They have not been read.
    InFile(LineRange),
}

/// All sources.
pub(super) struct Feed<'s> {
    sources: &'s [Source],
    progress: Arc<AtomicU64>,
    /// The index of the source to open next.
    next: usize,
    open: Option<Open>,
    first: bool,
    index: u64,
    errors: Vec<ReadError>,
}

/// The log that is being read.
enum Open {
    /// A plain file, and the offset of the next block.
    File(Arc<File>, u64),
    /// Any other log, and the beginning of a line that is not complete.
    Stream(Box<dyn Read + Send>, Vec<u8>),
}

impl<'s> Feed<'s> {
    pub(super) fn new(sources: &'s [Source], progress: &Arc<AtomicU64>) -> Self {
        let progress = Arc::clone(progress);
        let (next, first, index, errors) = (0, false, 0, Vec::new());
        Self { sources, progress, next, open: None, first, index, errors }
    }

    /// The first error of each log that could not be read to its end.
    pub(super) fn into_errors(self) -> Vec<ReadError> {
        self.errors
    }

    /// Stores an error, unless the log has one already.
    pub(super) fn fails(&mut self, source: usize, error: io::Error) {
        if self.errors.iter().all(|&(failed, _)| failed != source) {
            self.errors.push((source, error));
        }
    }

    /// Claims a block; `None` at the end of the last source.
    pub(super) fn claim(&mut self, buffer: &mut Vec<u8>) -> Option<Claim> {
        loop {
            let Some(open) = self.open.take() else {
                let source = self.sources.get(self.next)?;
                self.next += 1;
                match source.open_lines(&self.progress) {
                    Ok(Log::File(file)) => self.open = Some(Open::File(file, 0)),
                    Ok(Log::Stream(stream)) => self.open = Some(Open::Stream(stream, Vec::new())),
                    Err(error) => self.fails(self.next - 1, error),
                }
                self.first = true;
                continue;
            };
            let lines = match open {
                Open::File(file, at) => self.range(file, at).map(Lines::InFile),
                Open::Stream(stream, carry) => self.read(stream, carry, buffer),
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
    fn range(&mut self, file: Arc<File>, at: u64) -> Option<LineRange> {
        let mut peek = [0; PEEK];
        // A line that ends exactly where the block should is the last one.
        let mut end = at + BLOCK as u64 - 1;
        let mut result = Ok(());
        loop {
            let read = read_some(&mut result, || file.read_at(&mut peek, end));
            if read == 0 {
                // Text that is appended from now on is not part of this log.
                end = file.metadata().map_or(at, |found| found.len().clamp(at, end));
                break;
            }
            let line_end = memchr::memchr(b'\n', &peek[..read]);
            end += line_end.map_or(read, |at| at + 1) as u64;
            if line_end.is_some() {
                self.open = Some(Open::File(Arc::clone(&file), end));
                break;
            }
        }
        if let Err(error) = result {
            self.fails(self.next - 1, error);
        }
        Some(LineRange { file, at, end })
    }

    /// Reads a block into the buffer.
    fn read(
        &mut self,
        mut stream: Box<dyn Read + Send>,
        mut carry: Vec<u8>,
        buffer: &mut Vec<u8>,
    ) -> Option<Lines> {
        buffer.resize(buffer.len().max(carry.len()), 0);
        buffer[..carry.len()].copy_from_slice(&carry);
        let mut result = Ok(());
        let filled = fill(buffer, carry.len(), BLOCK, |buffer| {
            read_some(&mut result, || stream.read(buffer))
        });
        if let Err(error) = result {
            self.fails(self.next - 1, error);
        }
        if !filled.last {
            carry.clear();
            carry.extend_from_slice(&buffer[filled.lines..filled.len]);
            self.open = Some(Open::Stream(stream, carry));
        }
        let (skipped, len) = (filled.skipped, filled.lines);
        (skipped > 0 || len > 0).then_some(Lines::InBuffer { skipped, len })
    }
}
