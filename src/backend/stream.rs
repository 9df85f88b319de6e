//! Any stream, such as standard output, in the format of audit.log.

use super::whole_lines::WholeLines;
use super::{Backend, Sink};
use crate::Failure;
use crate::audit_sys::frame::Frames;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Writes audit.log lines to a stream.
///
/// ```
/// use viraudit::{Auditor, Options, StreamBackend};
///
/// let auditor = Auditor::open(StreamBackend::new(std::io::stdout()), Options::new())?;
/// # Ok::<(), viraudit::Error>(())
/// ```
pub struct StreamBackend {
    out: Arc<Mutex<dyn Write + Send>>,
}

impl fmt::Debug for StreamBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamBackend")
    }
}

impl StreamBackend {
    /// Writes to `out`. A burst is one `write`, unless that takes only a part.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self { out: Arc::new(Mutex::new(out)) }
    }
}

impl Backend for StreamBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        Ok(Box::new(StreamSink {
            out: Arc::clone(&self.out),
            lines: WholeLines::with_room()?,
            serial: 0,
            cut: false,
        }))
    }
}

struct StreamSink {
    out: Arc<Mutex<dyn Write + Send>>,
    lines: WholeLines,
    serial: u64,
    /// Whether the last line was cut off.
    cut: bool,
}

impl Sink for StreamSink {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let at_once = self.lines.at_once(frames.bytes().len(), frames.count());
        let mut done = 0;
        let mut rest = Some(frames);
        while let Some(frames) = rest {
            let (piece, tail) = frames.split(at_once, usize::MAX);
            self.lines.format(&piece, self.serial, self.cut);
            // A line that is cut off has used its number too.
            self.serial += piece.count() as u64;
            let written = self.lines.write(&mut *out);
            if written.bytes > 0 {
                self.cut = written.bytes > written.whole;
            }
            written.report(piece.count(), &mut |i, result| outcome(done + i, result));
            done += piece.count();
            rest = tail;
        }
    }
}
