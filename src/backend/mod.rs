//! Where records go: the kernel, a file in the format of audit.log, a stream, or a test's memory.
//!
//! A backend of one's own implements [`Backend`], which opens, and [`Sink`], which sends:
//!
//! ```
//! use std::sync::mpsc;
//! use viraudit::backend::{Backend, Frames, Sink};
//! use viraudit::{Auditor, Failure, Guest, Options, Record};
//!
//! /// Passes records on to another thread.
//! #[derive(Clone, Debug)]
//! struct Channel(mpsc::Sender<String>);
//!
//! impl Backend for Channel {
//!     fn open(&self) -> Result<Box<dyn Sink>, Failure> {
//!         Ok(Box::new(self.clone()))
//!     }
//! }
//!
//! impl Sink for Channel {
//!     fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
//!         for (i, (_kind, text)) in frames.iter().enumerate() {
//!             let sent = self.0.send(String::from_utf8_lossy(text).into_owned());
//!             outcome(i, sent.map_err(|_| Failure::from_answer(libc::EPIPE)));
//!         }
//!     }
//! }
//!
//! let (sender, receiver) = mpsc::channel();
//! let auditor = Auditor::open(Channel(sender), Options::new())?;
//! let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
//! auditor.emit(Record::start(&guest, "booted", 4711, true))?;
//! assert!(receiver.recv().unwrap().starts_with("virt=kvm op=start reason=booted vm=\"web1\""));
//! # Ok::<(), viraudit::Error>(())
//! ```

mod file;
pub(crate) mod kernel;
mod line;
mod mock;
mod stream;
mod whole_lines;

pub use crate::audit_sys::frame::Frames;
pub use file::FileBackend;
pub use kernel::KernelBackend;
pub use mock::{MockBackend, MockRecord};
pub use stream::StreamBackend;

use crate::log::LogLevel;
use crate::{Error, Failure};
use std::sync::Arc;

/// A log line about an opening that succeeds.
#[derive(Debug)]
pub struct Notice {
    /// The log level.
    pub level: LogLevel,
    /// The line, without a line end.
    pub message: String,
}

/// A destination of records. It may be opened more than once: each process opens it for itself.
pub trait Backend: Send + Sync + std::fmt::Debug {
    /// Opens the destination.
    ///
    /// # Errors
    ///
    /// Why no record can be delivered now. The records that were to be delivered then fail.
    fn open(&self) -> Result<Box<dyn Sink>, Failure>;

    /// Opens the destination for the first time, as `level` (1 or above) demands: see
    /// [`Auditor::open`](crate::Auditor::open). `notice` logs a line. Without an implementation of
    /// its own, all levels are the same.
    ///
    /// # Errors
    ///
    /// Why the demands of the level aren't met.
    fn open_at_level(
        &self,
        level: u32,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Box<dyn Sink>, Error> {
        let _ = (level, notice);
        self.open().map_err(Error::from)
    }
}

/// Pointers to a backend are backends, so that a program can choose one at run time.
macro_rules! pointers {
    ($($pointer:ident),+) => { $(
        impl<B: Backend + ?Sized> Backend for $pointer<B> {
            fn open(&self) -> Result<Box<dyn Sink>, Failure> {
                (**self).open()
            }

            fn open_at_level(
                &self,
                level: u32,
                notice: &mut dyn FnMut(Notice),
            ) -> Result<Box<dyn Sink>, Error> {
                (**self).open_at_level(level, notice)
            }
        }
    )+ };
}

pointers!(Box, Arc);

/// An open backend.
pub trait Sink: Send {
    /// Delivers the messages in order. Calls `outcome` exactly once for each, with its number.
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>));

    /// How many bytes of earlier records their reader hasn't read yet; `None` if unknown. Queued
    /// delivery waits while there are too many, because the kernel may drop records then.
    fn unread(&mut self) -> Option<u64> {
        None
    }
}
