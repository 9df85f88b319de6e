//! A stream of records: standard input, a FIFO, a UNIX socket.

use super::records::Records;
use super::{Heard, Left, Waited, Wake, wait_for};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The size of one read.
const PIECE: usize = 64 * 1024;

/// The time between two attempts to connect again.
const INTERVAL: Duration = Duration::from_millis(250);

/// A stream of records.
#[derive(Debug)]
pub(super) struct Stream {
    /// `None` after its end.
    file: Option<File>,
    records: Records,
    /// The socket, which is connected again when its other end closes the connection.
    socket: Option<Socket>,
}

#[derive(Debug)]
struct Socket {
    path: PathBuf,
    /// The time of the last attempt.
    tried: Instant,
    /// Whether records came since the last loss.
    alive: bool,
    /// Whether a loss is to be reported.
    lost: bool,
}

impl Stream {
    pub(super) fn new(fd: impl Into<OwnedFd>) -> Self {
        Self { file: Some(File::from(fd.into())), records: Records::default(), socket: None }
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
            let stream = Self::new(UnixStream::connect(path)?);
            let tried = Instant::now();
            let socket = Socket { path: path.to_owned(), tried, alive: true, lost: false };
            return Ok(Some(Self { socket: Some(socket), ..stream }));
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
            if let Some(line) = self.records.pop() {
                return Ok(Heard::Line(line));
            }
            let Some(file) = &mut self.file else {
                let Some(socket) = &mut self.socket else { return Ok(Heard::End) };
                if std::mem::take(&mut socket.lost) {
                    return Ok(Heard::Lost);
                }
                let pause = INTERVAL.saturating_sub(socket.tried.elapsed());
                if pause.is_zero() {
                    socket.tried = Instant::now();
                    self.records = Records::default();
                    // It fails until auditd is there again.
                    self.file = UnixStream::connect(&socket.path)
                        .ok()
                        .map(|stream| File::from(OwnedFd::from(stream)));
                    continue;
                }
                if wait_for(None, wake, left.get().min(pause))? == Waited::Woken {
                    return Ok(Heard::Woken);
                }
                if left.get().is_zero() {
                    return Ok(Heard::Nothing);
                }
                continue;
            };
            match wait_for(Some(file.as_fd()), wake, left.get())? {
                Waited::Nothing => return Ok(Heard::Nothing),
                Waited::Woken => return Ok(Heard::Woken),
                Waited::Ready => {}
            }
            let mut piece = [0; PIECE];
            match file.read(&mut piece) {
                Ok(0) => self.end(),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => self.end(),
                Ok(len) => {
                    self.records.push(&piece[..len]);
                    if let Some(socket) = &mut self.socket {
                        socket.alive = true;
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes the end of the stream, or of this connection.
    fn end(&mut self) {
        self.file = None;
        self.records.finish();
        if let Some(socket) = &mut self.socket {
            // The next connection begins with a whole record.
            socket.lost = std::mem::take(&mut socket.alive);
            socket.tried = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_socket_is_connected_again_and_a_loss_is_reported_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events");
        let listener = UnixListener::bind(&path).unwrap();
        let mut stream = Stream::open(&path).unwrap().unwrap();
        let auditd = std::thread::spawn(move || {
            listener.accept().unwrap().0.write_all(b"a\ncut").unwrap();
            // Closed without a record, as auditd closes a second client's.
            drop(listener.accept().unwrap());
            drop(listener.accept().unwrap());
            drop(listener);
            std::fs::remove_file(&path).unwrap();
            let listener = UnixListener::bind(&path).unwrap();
            listener.accept().unwrap().0.write_all(b"b\n").unwrap();
        });
        let mut heard = || loop {
            match stream.next(Duration::from_millis(50), None).unwrap() {
                Heard::Nothing => {}
                heard => return heard,
            }
        };
        let line = |text: &[u8]| Heard::Line(text.to_vec());
        for expected in [line(b"a"), line(b"cut"), Heard::Lost, line(b"b"), Heard::Lost] {
            assert_eq!(heard(), expected);
        }
        auditd.join().unwrap();
        assert_eq!(stream.next(Duration::ZERO, None).unwrap(), Heard::Nothing);
    }
}
