//! A file in the format of audit.log, which ausearch and auvirt read.

use super::stream::failure;
use super::{Backend, LineWriter, Notice, Sink};
use crate::audit_sys::frame::Frames;
use crate::audit_sys::lock::FileLock;
use crate::{Error, Failure};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How many bytes at the end of a file are searched for its last line: more than any line has.
const TAIL: u64 = 16 * 1024;

/// Appends audit.log lines to a file.
///
/// Lines stay whole while several processes append to the file with viraudit: each burst holds the
/// file's lock (`flock`). A line that a full disk cuts off is removed. A process that is killed while
/// it writes may leave a cut line; the next writer begins a new one.
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
#[derive(Clone, Debug)]
pub struct FileBackend {
    path: PathBuf,
}

impl FileBackend {
    /// The file at `path`. If it doesn't exist, it is created with mode 0600.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned() }
    }
}

impl FileBackend {
    fn open_file(&self) -> io::Result<FileSink> {
        let mut append = OpenOptions::new();
        append.append(true).create(true).mode(0o600);
        // A pipe without a reader is an error, not a reason to wait.
        append.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let mut file = append.open(&self.path)?;
        if file.metadata().is_ok_and(|file| file.is_file()) {
            // Reading is for the last line's serial number. Without permission to read, this
            // process's records are numbered from 1.
            file = append.read(true).open(&self.path).unwrap_or(file);
        }
        Ok(FileSink { file, journal: Journal::default() })
    }
}

impl Backend for FileBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        let sink = self.open_file().map_err(|error| failure(&error))?;
        Ok(Box::new(sink))
    }

    fn open_at_level(
        &self,
        _level: u32,
        _notice: &mut dyn FnMut(Notice),
    ) -> Result<Box<dyn Sink>, Error> {
        let failed =
            |source| Error::Io { what: format!("can't open {}", self.path.display()), source };
        let sink = self.open_file().map_err(failed)?;
        Ok(Box::new(sink))
    }
}

struct FileSink {
    file: File,
    journal: Journal,
}

/// What this process knows about the end of the file.
#[derive(Default)]
struct Journal {
    lines: LineWriter,
    /// The last serial number in the first `end` bytes of the file.
    serial: u64,
    end: u64,
}

impl Journal {
    fn append(&mut self, mut file: &File, frames: &Frames<'_>) -> io::Result<()> {
        let end = file.metadata()?.len();
        let mut text = Vec::with_capacity(frames.bytes().len() + 160 * frames.count());
        if end != self.end {
            let tail = last_bytes(file, end).unwrap_or_default();
            self.serial = last_serial(&tail).max(self.serial);
            // SIGKILL lets the kernel cut a write at a page's end: the line stays, by itself.
            if tail.last().is_some_and(|&byte| byte != b'\n') {
                text.push(b'\n');
            }
        }
        let mut serial = self.serial;
        for (kind, message) in frames.iter() {
            serial += 1;
            self.lines.write(&mut text, kind, message, SystemTime::now(), serial);
        }
        if let Err(error) = file.write_all(&text) {
            // The next line would be appended to a line that was cut off.
            if file.metadata().is_ok_and(|file| file.is_file() && file.len() > end) {
                file.set_len(end)?;
            }
            return Err(error);
        }
        self.serial = serial;
        self.end = end + text.len() as u64;
        Ok(())
    }
}

/// The file's end, as far back as its last line may begin.
fn last_bytes(mut file: &File, end: u64) -> io::Result<Vec<u8>> {
    let mut tail = Vec::new();
    if end > 0 && file.metadata()?.is_file() {
        file.seek(SeekFrom::Start(end.saturating_sub(TAIL)))?;
        file.take(TAIL).read_to_end(&mut tail)?;
    }
    Ok(tail)
}

/// The serial number of the last line. Readers identify an event by its time and serial number, so
/// two processes must not use the same ones.
fn last_serial(tail: &[u8]) -> u64 {
    tail.rsplit(|&byte| byte == b'\n').find_map(serial_of).unwrap_or(0)
}

/// The serial number of an audit.log line.
fn serial_of(line: &[u8]) -> Option<u64> {
    let stamp = line.windows(6).position(|window| window == b"audit(").map(|at| &line[at + 6..])?;
    let stamp = &stamp[..stamp.iter().position(|&byte| byte == b')')?];
    let serial = &stamp[stamp.iter().position(|&byte| byte == b':')? + 1..];
    std::str::from_utf8(serial).ok()?.parse().ok()
}

impl Sink for FileSink {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        let Self { file, journal } = self;
        // A device can't be locked: its lines may get mixed.
        let lock = FileLock::acquire(file);
        let result = journal.append(file, &frames).map_err(|error| failure(&error));
        drop(lock);
        (0..frames.count()).for_each(|i| outcome(i, result));
    }
}
