//! A stream of lines: standard input, a FIFO, a UNIX socket.

use super::lines::Lines;
use super::{Heard, Left, Waited, Wake, wait_for};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The size of one read.
const PIECE: usize = 64 * 1024;

/// A stream of lines.
#[derive(Debug)]
pub(super) struct Stream {
    /// `None` after its end.
    file: Option<File>,
    lines: Lines,
}

impl Stream {
    pub(super) fn new(fd: impl Into<OwnedFd>) -> Self {
        Self { file: Some(File::from(fd.into())), lines: Lines::default() }
    }

    pub(super) fn stdin() -> io::Result<Self> {
        Ok(Self::new(io::stdin().as_fd().try_clone_to_owned()?))
    }

    pub(super) fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        self.file.as_ref().map(AsFd::as_fd)
    }

    /// The stream at a path; `None` if another kind of file, or none, is there.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let kind = match std::fs::metadata(path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if kind.is_socket() {
            return Ok(Some(Self::new(UnixStream::connect(path)?)));
        }
        if kind.is_fifo() {
            // With a writer of its own, opening it doesn't wait, and it doesn't end between two
            // writers.
            let file = OpenOptions::new().read(true).write(true).open(path)?;
            return Ok(Some(Self::new(file)));
        }
        Ok(None)
    }

    pub(super) fn next(&mut self, wait: Duration, wake: Option<Wake<'_>>) -> io::Result<Heard> {
        let left = Left::of(wait);
        loop {
            if let Some(line) = self.lines.pop() {
                return Ok(Heard::Line(line));
            }
            let Some(file) = &mut self.file else { return Ok(Heard::End) };
            match wait_for(Some(file.as_fd()), wake, left.get())? {
                Waited::Nothing => return Ok(Heard::Nothing),
                Waited::Woken => return Ok(Heard::Woken),
                Waited::Ready => {}
            }
            let mut piece = [0; PIECE];
            match file.read(&mut piece) {
                Ok(0) => {
                    self.file = None;
                    self.lines.finish();
                }
                Ok(len) => self.lines.push(&piece[..len]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
