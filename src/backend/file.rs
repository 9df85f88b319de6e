//! A file in audit.log's form, which ausearch and auvirt read.

use super::stream::failure;
use super::{Backend, LineWriter, Sink};
use crate::Failure;
use crate::audit_sys::frame::Frames;
use crate::audit_sys::lock::FileLock;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How far back from a file's end its last line is looked for; more than any record's line takes.
const TAIL: u64 = 16 * 1024;

/// Appends audit.log lines to a file.
///
/// Lines are appended whole, whatever else writes to the file through viraudit at the same time:
/// each burst holds the file's lock (`flock`), and what a full disk cuts is taken back.
///
/// ```
/// use viraudit::{Auditor, FileBackend, Guest, Options, Record};
///
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("audit.log");
/// let auditor = Auditor::open(FileBackend::new(&path), Options::default())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// auditor.emit(&Record::start(guest, "booted", 4711, true))?;
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
    /// The file at `path`; it is made (mode 0600) when it doesn't exist.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned() }
    }
}

impl Backend for FileBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        let mut append = OpenOptions::new();
        append.append(true).create(true).mode(0o600);
        // A pipe that nobody reads is an error, not a reason to wait.
        append.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let mut file = append.open(&self.path).map_err(|error| failure(&error))?;
        if file.metadata().is_ok_and(|file| file.is_file()) {
            // To find the last line's number it has to be read; where that isn't permitted, this
            // process's records are numbered from 1.
            file = append.read(true).open(&self.path).unwrap_or(file);
        }
        Ok(Box::new(FileSink { file, journal: Journal::default() }))
    }
}

struct FileSink {
    file: File,
    journal: Journal,
}

/// What this process knows of the file's end.
#[derive(Default)]
struct Journal {
    lines: LineWriter,
    /// The last serial number in the file, as far as it was `end` bytes long.
    serial: u64,
    end: u64,
}

impl Journal {
    fn append(&mut self, mut file: &File, frames: &Frames<'_>) -> io::Result<()> {
        let end = file.metadata()?.len();
        if end != self.end {
            self.serial = last_serial(file, end).unwrap_or(0).max(self.serial);
        }
        let mut text = Vec::with_capacity(frames.bytes().len() + 160 * frames.count());
        let mut serial = self.serial;
        for (kind, message) in frames.iter() {
            serial += 1;
            self.lines.write(&mut text, kind, message, SystemTime::now(), serial);
        }
        if let Err(error) = file.write_all(&text) {
            // A line that was cut would spoil the next one too.
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

/// The serial number of the file's last line, so that readers, who tell events apart by time and
/// serial number, don't take two processes' records for one event.
fn last_serial(mut file: &File, end: u64) -> io::Result<u64> {
    let mut tail = Vec::new();
    if end > 0 && file.metadata()?.is_file() {
        file.seek(SeekFrom::Start(end.saturating_sub(TAIL)))?;
        file.take(TAIL).read_to_end(&mut tail)?;
    }
    let mut lines = tail.rsplit(|&byte| byte == b'\n');
    Ok(lines.find_map(serial_of).unwrap_or(0))
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
        // Where a file can't be locked (a device), nobody's lines can be kept apart.
        let lock = FileLock::acquire(file);
        let result = journal.append(file, &frames).map_err(|error| failure(&error));
        drop(lock);
        (0..frames.count()).for_each(|i| outcome(i, result));
    }
}
