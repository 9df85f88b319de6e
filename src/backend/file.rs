//! A file in the format of audit.log, which ausearch and auvirt read.

mod journal;

use super::whole_lines::failure;
use super::{Backend, Notice, Sink};
use crate::audit_sys::descriptor::{Descriptor, Identity};
use crate::audit_sys::frame::Frames;
use crate::audit_sys::lock::FileLock;
use crate::{Error, Failure};
use journal::Journal;
use std::fs::{FileType, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a burst waits for the file's lock.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// The bytes of messages that are written at once.
const PIECE_MAX: usize = 64 * 1024;

/// Appends audit.log lines to a regular file, or to a character device such as `/dev/null`.
///
/// If the file is renamed or removed, as log rotation does, the next burst opens the path again. A
/// relative path is relative to the working directory at [`FileBackend::new`].
///
/// Several processes may append to the file with viraudit. Lines stay whole, because the file is
/// opened with O_APPEND, and no two lines have the same number, because each burst holds the file's
/// lock (`flock`). A burst waits at most a second for the lock. Then it is written without it, and
/// its numbers may be another line's too. On network filesystems, appending without the lock may
/// mix lines.
///
/// A line that a full disk cuts off is removed. If another process left a line without its end,
/// the next burst begins on a new line.
///
/// ```
/// use viraudit::{Auditor, FileBackend, Guest, Options, Record};
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("audit.log");
/// let auditor = Auditor::open(FileBackend::new(&path), Options::new())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// auditor.emit(Record::start(&guest, "booted", 4711, true))?;
///
/// let line = std::fs::read_to_string(&path).unwrap();
/// assert!(line.starts_with("type=VIRT_CONTROL msg=audit("));
/// assert!(line.ends_with(" res=success'\n"));
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Debug)]
pub struct FileBackend {
    path: PathBuf,
}

impl FileBackend {
    /// The file at `path`. If it doesn't exist, it is created with mode 0600.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        // The program may change its working directory before the file is opened again.
        Self { path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) }
    }

    fn open_sink(&self) -> io::Result<FileSink> {
        Ok(FileSink {
            descriptor: Some(open(&self.path)?),
            path: self.path.clone(),
            journal: Journal::new().map_err(|why| io::Error::from_raw_os_error(why.errno()))?,
            lock_wait: LOCK_WAIT,
        })
    }
}

/// Opens the file, if it can take records.
fn open(path: &Path) -> io::Result<Descriptor> {
    // Opening a FIFO would already have an effect on its reader.
    match std::fs::metadata(path) {
        Ok(metadata) => check(metadata.file_type())?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600);
    options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    // Reading is for the end of the last line, and its number.
    let opened = match options.clone().read(true).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => options.open(path)?,
        opened => opened?,
    };
    check(opened.metadata()?.file_type())?;
    Descriptor::new(opened)
}

/// Only a regular file or a character device can take records. The reader of a FIFO or a socket may
/// stop reading in the middle of a burst.
fn check(file_type: FileType) -> io::Result<()> {
    if file_type.is_fifo() || file_type.is_socket() || file_type.is_block_device() {
        return Err(io::Error::from_raw_os_error(libc::ENOTSUP));
    }
    Ok(())
}

impl Backend for FileBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        let sink = self.open_sink().map_err(|error| failure(&error))?;
        Ok(Box::new(sink))
    }

    fn open_at_level(
        &self,
        _level: u32,
        _notice: &mut dyn FnMut(Notice),
    ) -> Result<Box<dyn Sink>, Error> {
        let failed = |source: io::Error| {
            let path = self.path.display();
            let what = match source.raw_os_error() {
                Some(libc::ENOTSUP) => format!(
                    "can't open {path}: records can be appended to a regular file or a character \
                     device only"
                ),
                _ => format!("can't open {path}"),
            };
            Error::Io { what, source }
        };
        let sink = self.open_sink().map_err(failed)?;
        Ok(Box::new(sink))
    }
}

struct FileSink {
    path: PathBuf,
    /// `None` while the file can't be opened again.
    descriptor: Option<Descriptor>,
    journal: Journal,
    /// 0 after the lock was not free in time, until it is free again.
    lock_wait: Duration,
}

impl FileSink {
    /// The file at the path, opened again if it is another one by now.
    fn file(&mut self) -> io::Result<&Descriptor> {
        let path = &self.path;
        let current = self
            .descriptor
            .take()
            .filter(|opened| opened.is_ours() && is_at(path, opened.identity()));
        let opened = match current {
            Some(opened) => opened,
            None => {
                self.journal.begin_another_file();
                open(path)?
            }
        };
        Ok(self.descriptor.insert(opened))
    }

    /// Appends the messages piece by piece. Returns how many were written, and why the others were
    /// not.
    fn append(&mut self, frames: Frames<'_>) -> (usize, io::Result<()>) {
        let file = match self.file() {
            Ok(descriptor) => descriptor.as_file(),
            Err(error) => return (0, Err(error)),
        };
        let lock = FileLock::acquire(&file, self.lock_wait);
        let timed_out = lock.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        self.lock_wait = if timed_out { Duration::ZERO } else { LOCK_WAIT };
        let mut count = 0;
        let mut rest = Some(frames);
        while let Some(frames) = rest {
            let at_once = self.journal.at_once(frames.bytes().len().min(PIECE_MAX), frames.count());
            let (piece, tail) = frames.split(at_once, PIECE_MAX);
            let (lines, result) = self.journal.append(&file, &piece, lock.is_ok());
            count += lines;
            if result.is_err() {
                return (count, result);
            }
            rest = tail;
        }
        (count, Ok(()))
    }
}

/// Whether the path is that file's. If that can't be known, as after privileges were dropped, it
/// is.
fn is_at(path: &Path, identity: Identity) -> bool {
    match std::fs::metadata(path) {
        Ok(metadata) => Identity::from(&metadata) == identity,
        Err(error) => !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
    }
}

impl Sink for FileSink {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        let count = frames.count();
        let (written, result) = self.append(frames);
        (0..written).for_each(|i| outcome(i, Ok(())));
        if let Err(error) = result {
            (written..count).for_each(|i| outcome(i, Err(failure(&error))));
        }
    }
}
