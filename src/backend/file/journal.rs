//! The end of a file that several processes append to.

use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::backend::whole_lines::{WholeLines, Written};
use crate::memory;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// How many bytes at the end of a file are searched for its last line: more than any line has.
const TAIL: u64 = 16 * 1024;

/// The end of the file, as far as this process knows it.
pub(super) struct Journal {
    lines: WholeLines,
    /// The last number in use.
    serial: u64,
    /// The file's length after the last piece; `None` if the end must be read.
    end: Option<u64>,
    /// Whether the file ends in the middle of a line.
    cut: bool,
}

impl Journal {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self { lines: WholeLines::with_room()?, serial: 0, end: None, cut: false })
    }

    /// See [`WholeLines::at_once`].
    pub(super) fn at_once(&mut self, bytes: usize, count: usize) -> usize {
        self.lines.at_once(bytes, count)
    }

    /// Prepares for another file. The numbers go on.
    pub(super) fn begin_another_file(&mut self) {
        (self.end, self.cut) = (None, false);
    }

    /// Appends the messages. Returns how many were written, and why the others were not.
    pub(super) fn append(
        &mut self,
        mut file: &File,
        frames: &Frames<'_>,
        locked: bool,
    ) -> (usize, io::Result<()>) {
        let metadata = match file.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return (0, Err(error)),
        };
        let begin = metadata.len();
        if metadata.is_file() && self.end != Some(begin) {
            self.read_end(file, begin);
        }
        self.lines.format(frames, self.serial, self.cut);
        let Written { bytes, lines, whole, result } = self.lines.write(&mut file);
        self.serial += lines as u64;
        let end = begin + bytes as u64;
        // Without the lock, another process may have written meanwhile.
        self.end = locked.then_some(end);
        if bytes > whole {
            self.end = None;
            // Only under the lock nothing of another process can be behind it.
            let last =
                locked && file.metadata().is_ok_and(|file| file.is_file() && file.len() == end);
            // A file that can only be appended to keeps the cut line, and its number with it.
            if !(last && file.set_len(begin + whole as u64).is_ok()) {
                self.serial += 1;
                self.cut = true;
                return (lines, result);
            }
        }
        if whole > 0 {
            self.cut = false;
        }
        (lines, result)
    }

    /// Reads the last number, and whether the last line is cut off.
    fn read_end(&mut self, file: &File, end: u64) {
        match tail(file, end) {
            Ok(tail) => {
                let mut lines = tail.rsplit(|&byte| byte == b'\n');
                self.cut = tail.last().is_some_and(|&last| last != b'\n');
                self.serial = lines.find_map(serial_of).unwrap_or(0).max(self.serial);
            }
            // It can't be read. An empty line is better than two records on one.
            Err(_) => self.cut = end > 0,
        }
    }
}

/// The last bytes of a file of length `end`.
fn tail(file: &File, end: u64) -> io::Result<Vec<u8>> {
    let begin = end.saturating_sub(TAIL);
    let len = (end - begin) as usize;
    let mut tail =
        memory::with_room(len).map_err(|why| io::Error::from_raw_os_error(why.errno()))?;
    tail.resize(len, 0);
    file.read_exact_at(&mut tail, begin)?;
    Ok(tail)
}

/// The serial number of an audit.log line. Readers identify an event by its time and serial number,
/// so two processes must not use the same ones.
fn serial_of(line: &[u8]) -> Option<u64> {
    let stamp = line.windows(6).position(|window| window == b"audit(").map(|at| &line[at + 6..])?;
    let stamp = &stamp[..stamp.iter().position(|&byte| byte == b')')?];
    let serial = &stamp[stamp.iter().position(|&byte| byte == b':')? + 1..];
    std::str::from_utf8(serial).ok()?.parse().ok()
}
