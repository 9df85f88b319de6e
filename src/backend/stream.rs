//! Any stream, such as standard output, in the format of audit.log.

use super::{Backend, LineWriter, Sink};
use crate::Failure;
use crate::audit_sys::frame::Frames;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// Writes audit.log lines to a stream.
///
/// ```
/// use viraudit::{Auditor, Options, StreamBackend};
///
/// let auditor = Auditor::open(StreamBackend::new(std::io::stdout()), Options::new())?;
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone)]
pub struct StreamBackend {
    out: Arc<Mutex<dyn Write + Send>>,
}

impl fmt::Debug for StreamBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamBackend")
    }
}

impl StreamBackend {
    /// Writes to `out`, each burst with one `write_all`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self { out: Arc::new(Mutex::new(out)) }
    }
}

impl Backend for StreamBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        Ok(Box::new(StreamSink {
            out: Arc::clone(&self.out),
            lines: LineWriter::default(),
            serial: 0,
        }))
    }
}

struct StreamSink {
    out: Arc<Mutex<dyn Write + Send>>,
    lines: LineWriter,
    serial: u64,
}

impl Sink for StreamSink {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        let mut text = Vec::with_capacity(frames.bytes().len() + 160 * frames.count());
        for (kind, message) in frames.iter() {
            self.serial += 1;
            self.lines.write(&mut text, kind, message, SystemTime::now(), self.serial);
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let written = out.write_all(&text).and_then(|()| out.flush());
        let result = written.map_err(|error| failure(&error));
        (0..frames.count()).for_each(|i| outcome(i, result));
    }
}

/// The failure of a record that could not be written to a file or a stream.
pub(super) fn failure(error: &io::Error) -> Failure {
    Failure::Os(error.raw_os_error().unwrap_or(libc::EIO))
}
