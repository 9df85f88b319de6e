//! Writing lines so that it is known which of them were written.

use super::line::LineWriter;
use crate::Failure;
use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len};
use crate::audit_sys::process::WriteSignals;
use crate::message::TEXT_ROOM;
use std::collections::TryReserveError;
use std::io::{self, ErrorKind, Write};
use std::time::SystemTime;

/// The lines of a burst.
pub(super) struct WholeLines {
    format: LineWriter,
    text: Vec<u8>,
    /// Where each line ends in `text`.
    ends: Vec<usize>,
}

/// How far a write came.
pub(super) struct Written {
    pub(super) bytes: usize,
    /// Lines that were written up to their ends.
    pub(super) lines: usize,
    /// The bytes of these lines.
    pub(super) whole: usize,
    /// Why the rest was not written.
    pub(super) result: io::Result<()>,
}

impl Written {
    /// Reports the outcome of each of `count` lines.
    pub(super) fn report(&self, count: usize, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        (0..self.lines).for_each(|i| outcome(i, Ok(())));
        if let Err(error) = &self.result {
            (self.lines..count).for_each(|i| outcome(i, Err(failure(error))));
        }
    }
}

impl WholeLines {
    /// With room for any single message.
    pub(super) fn with_room() -> Result<Self, Failure> {
        let mut lines = Self { format: LineWriter::default(), text: Vec::new(), ends: Vec::new() };
        lines.make_room(framed_len(TEXT_ROOM), 1).map_err(|_| Failure::Os(libc::ENOMEM))?;
        Ok(lines)
    }

    /// How many of `count` messages, of `bytes` in all, can be formatted at once: all, or one if
    /// there is no memory for all.
    pub(super) fn at_once(&mut self, bytes: usize, count: usize) -> usize {
        if self.make_room(bytes, count).is_ok() { count } else { 1 }
    }

    fn make_room(&mut self, bytes: usize, count: usize) -> Result<(), TryReserveError> {
        // No more messages than headers fit into the bytes.
        let count = count.min(1 + bytes / HEADER_LEN);
        self.text.clear();
        self.ends.clear();
        self.text.try_reserve(1 + bytes + count * self.format.overhead())?;
        self.ends.try_reserve(count)
    }

    /// Formats the messages, which get numbers after `serial`. The text begins with a line end if
    /// the last line was cut off. There must be room: see [`Self::at_once`].
    pub(super) fn format(&mut self, frames: &Frames<'_>, mut serial: u64, cut: bool) {
        self.text.clear();
        self.ends.clear();
        if cut {
            self.text.push(b'\n');
        }
        for (kind, message) in frames.iter() {
            serial += 1;
            self.format.write(&mut self.text, kind, message, SystemTime::now(), serial);
            self.ends.push(self.text.len());
        }
    }

    /// Writes the text. A signal about a pipe without a reader, or about the limit of a file's
    /// size, doesn't reach the program.
    pub(super) fn write(&self, out: &mut (impl Write + ?Sized)) -> Written {
        let signals = WriteSignals::block();
        let mut bytes = 0;
        let mut result = Ok(());
        while result.is_ok() && bytes < self.text.len() {
            match out.write(&self.text[bytes..]) {
                Ok(0) => result = Err(ErrorKind::WriteZero.into()),
                Ok(more) => bytes += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => result = Err(error),
            }
        }
        let mut lines = self.ends.partition_point(|&end| end <= bytes);
        if result.is_ok() {
            result = out.flush();
            // How much of a buffer was written isn't known.
            lines = if result.is_ok() { lines } else { 0 };
        }
        if result.is_err() {
            signals.discard();
        }
        let whole = if lines > 0 { self.ends[lines - 1] } else { 0 };
        Written { bytes, lines, whole, result }
    }
}

/// The failure of a record that could not be written to a file or a stream.
pub(super) fn failure(error: &io::Error) -> Failure {
    Failure::Os(error.raw_os_error().unwrap_or(libc::EIO))
}
