//! Reading whole lines into a buffer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of a range that are read and scanned at once.
const PIECE: usize = 256 * 1024;

/// The longest line, in bytes. A longer one is skipped and counted: no program writes such records,
/// and memory must not follow the input.
pub const LINE_MAX: usize = 1024 * 1024;

/// A range of a plain file that consists of whole lines.
pub(super) struct LineRange {
    pub(super) file: Arc<File>,
    pub(super) at: u64,
    pub(super) end: u64,
}

impl LineRange {
    /// Passes all lines to `take`, as many at a time as fit in the buffer, each time with the number
    /// of skipped lines before them.
    pub(super) fn read(
        mut self,
        progress: &AtomicU64,
        buffer: &mut Vec<u8>,
        mut take: impl FnMut(u64, &[u8]),
    ) -> io::Result<()> {
        let mut result = Ok(());
        let mut carry = 0;
        loop {
            let filled = fill(buffer, carry, PIECE, |buffer| {
                let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
                let room = left.min(buffer.len());
                let read =
                    read_some(&mut result, || self.file.read_at(&mut buffer[..room], self.at));
                self.at += read as u64;
                progress.fetch_add(read as u64, Ordering::Relaxed);
                read
            });
            take(filled.skipped, &buffer[..filled.lines]);
            if filled.last {
                return result;
            }
            buffer.copy_within(filled.lines..filled.len, 0);
            carry = filled.len - filled.lines;
        }
    }
}

/// Reads once, repeated if interrupted. An error is stored in `result` and counts as the end.
pub(super) fn read_some(
    result: &mut io::Result<()>,
    mut read: impl FnMut() -> io::Result<usize>,
) -> usize {
    loop {
        match read() {
            Ok(len) => return len,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                *result = Err(error);
                return 0;
            }
        }
    }
}

/// The contents of a buffer.
pub(super) struct Filled {
    /// The number of lines before these that were too long, and skipped.
    pub(super) skipped: u64,
    pub(super) len: usize,
    /// The length of its whole lines. Only the last line of a log may lack its line end.
    pub(super) lines: usize,
    /// Whether the text ends here.
    pub(super) last: bool,
}

/// Fills a buffer, which already holds `carry` bytes, up to `size` bytes or up to the end of at
/// least one line. `read` returns 0 at the end of the text.
pub(super) fn fill(
    buffer: &mut Vec<u8>,
    carry: usize,
    size: usize,
    mut read: impl FnMut(&mut [u8]) -> usize,
) -> Filled {
    let mut size = size.max(2 * carry);
    let (mut skipped, mut skipping) = (0, false);
    let (mut len, mut searched) = (carry, carry);
    loop {
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        match read(&mut buffer[len..size]) {
            0 => return Filled { skipped, len, lines: len, last: true },
            read => len += read,
        }
        if skipping {
            // Up to here there is only the rest of the long line.
            let end = memchr::memchr(b'\n', &buffer[..len]).map(|at| at + 1);
            skipping = end.is_none();
            buffer.copy_within(end.unwrap_or(len)..len, 0);
            len -= end.unwrap_or(len);
            continue;
        }
        if len < size {
            continue;
        }
        if let Some(at) = memchr::memrchr(b'\n', &buffer[searched..len]) {
            return Filled { skipped, len, lines: searched + at + 1, last: false };
        }
        if len > LINE_MAX {
            // All of the buffer is one line.
            (skipped, skipping) = (skipped + 1, true);
            (len, searched) = (0, 0);
            continue;
        }
        searched = len;
        size = 2 * len;
    }
}
