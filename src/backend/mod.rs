//! Where records go: the kernel, a file in audit.log's form, any stream, or a test's memory.

mod file;
pub(crate) mod kernel;
mod line;
mod mock;
mod stream;

pub use file::FileBackend;
pub use kernel::KernelBackend;
use line::LineWriter;
#[cfg(feature = "capi")]
pub(crate) use mock::WantedFields;
pub use mock::{MockBackend, MockRecord};
pub use stream::StreamBackend;

pub use crate::audit_sys::frame::Frames;

use crate::Failure;
use crate::log::LogLevel;

/// Something that was noticed while a backend was opened, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How urgent it is.
    pub level: LogLevel,
    /// What it is.
    pub message: String,
}

/// A place that records go to. It may be opened more than once: each process opens its own.
pub trait Backend: Send + Sync + std::fmt::Debug {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// Why no record can be delivered now.
    fn open(&self) -> Result<Box<dyn Sink>, Failure>;

    /// Opens it for the first time, as `level` (1 or above) asks for.
    ///
    /// # Errors
    ///
    /// Why the level's demands aren't met.
    fn open_at_level(
        &self,
        level: u32,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Box<dyn Sink>, Failure> {
        let _ = (level, notice);
        self.open()
    }
}

/// An open backend.
pub trait Sink: Send {
    /// Delivers each message, in order, and tells for each exactly once how it went.
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>));

    /// How many bytes of records wait for their reader; `None` where that isn't known. Behind too
    /// many of them others could get lost on their way, so queued delivery waits.
    fn unread(&mut self) -> Option<u64> {
        None
    }
}
