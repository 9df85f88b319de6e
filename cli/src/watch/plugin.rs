//! `watch --plugin`: the events go to a file, and the messages to the system log.

use crate::console::{self, reason, shown};
use crate::terminal::escape;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The system log's socket.
const SYSTEM_LOG: &str = "/dev/log";

/// The facility `daemon` with the severity `warning`.
const PRIORITY: u8 = 3 << 3 | 4;

/// Reports a warning on standard error, which leads nowhere under auditd, and in the system log.
pub(super) fn warn(message: String) {
    log(&message);
    console::eprint(message);
}

/// Writes a message to the system log.
pub(super) fn log(message: &str) {
    let text = format!("<{PRIORITY}>viraudit[{}]: {}", std::process::id(), escape(message));
    // Without a system log, standard error is all that is left.
    let _ = UnixDatagram::unbound().and_then(|socket| {
        // A full log must not delay auditd.
        socket.set_nonblocking(true)?;
        socket.send_to(text.as_bytes(), SYSTEM_LOG)
    });
}

/// A file that events are appended to.
///
/// Writing never fails: while auditd's records aren't read, auditd and then the whole host wait. So an
/// event that can't be written is dropped. A warning is reported when this begins and when it ends.
pub(super) struct EventFile {
    path: PathBuf,
    file: File,
    /// Whether the file is to be opened again.
    reopen: Arc<AtomicBool>,
    /// The number of events that were dropped since the last one that was written.
    dropped: u64,
}

impl EventFile {
    /// Opens the file. It is opened again whenever SIGHUP comes.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let reopen = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&reopen))?;
        Ok(Self { path: path.to_owned(), file: open(path)?, reopen, dropped: 0 })
    }

    fn append(&mut self, event: &[u8]) -> io::Result<()> {
        if self.reopen.swap(false, Ordering::AcqRel) {
            self.file =
                open(&self.path).inspect_err(|_| self.reopen.store(true, Ordering::Release))?;
        }
        let before = self.file.metadata()?;
        self.file.write_all(event).inspect_err(|_| {
            // A part of a line would spoil the next one.
            if before.is_file() {
                let _ = self.file.set_len(before.len());
            }
        })
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

impl Write for EventFile {
    /// Writes one event.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        match self.append(event) {
            Ok(()) if self.dropped > 0 => {
                let dropped = std::mem::take(&mut self.dropped);
                warn(format!(
                    "{} is written again; {dropped} events were dropped",
                    shown(&self.path)
                ));
            }
            Ok(()) => {}
            Err(error) => {
                if self.dropped == 0 {
                    warn(format!(
                        "can't write to {}: {}; events are dropped",
                        shown(&self.path),
                        reason(&error)
                    ));
                }
                self.dropped += 1;
            }
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
