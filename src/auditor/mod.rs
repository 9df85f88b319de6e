//! Auditors: what the level demands, what is logged, how records are delivered and counted.

mod alone;
mod batch;
mod core;
mod guest_auditor;
mod options;
mod process_state;
mod queue;
mod stats;
mod sync;
mod worker;

pub use batch::Batch;
pub use core::CLOSE_WAIT;
pub use guest_auditor::{Destination, GuestAuditor, InBatch};
pub use options::{Delivery, Options};
pub(crate) use stats::SharedCounters;
pub use stats::Stats;

use crate::audit_sys::process::PerProcess;
use crate::backend::{Backend, Notice};
use crate::client::{self, ClientIdentity};
use crate::log::{Caller, LogLevel};
use crate::memory;
use crate::message::{Client, Suffix, TextBody};
use crate::record::{Record, RecordType};
use crate::{Error, Failure};
use core::Core;
use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Sends records about guests.
///
/// An auditor is `Send` and `Sync`, and a process may have several. A fork's child opens the
/// backend again for itself, and its counts start at 0. Dropping an auditor delivers the queued
/// records first, for at most [`CLOSE_WAIT`].
///
/// ```
/// use viraudit::{Auditor, Guest, MockBackend, Options, Record};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::new())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// auditor.emit(Record::start(&guest, "booted", 4711, true))?;
///
/// mock.fail_with(libc::EPERM); // the kernel's answer without CAP_AUDIT_WRITE
/// let refused = auditor.emit(Record::stop(&guest, "shutdown", 0)).unwrap_err();
/// assert_eq!(refused.errno(), libc::EPERM);
///
/// let stats = auditor.stats();
/// assert_eq!((stats.offered, stats.delivered, stats.failed), (2, 1, 1));
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Debug)]
pub struct Auditor {
    core: Arc<Core>,
}

impl Auditor {
    /// Opens `backend` as the level of `options` demands.
    ///
    /// ```
    /// use viraudit::{Auditor, Backend, KernelBackend, MockBackend, Options};
    ///
    /// let test = true;
    /// let backend: Box<dyn Backend> =
    ///     if test { Box::new(MockBackend::new()) } else { Box::new(KernelBackend) };
    /// let auditor = Auditor::open(backend, Options::new().level(2))?;
    /// # Ok::<(), viraudit::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// At level 0 nothing is opened, and nothing fails. At level 1, opening fails if the kernel has
    /// no audit support; this is logged at info level, because such hosts are common. At level 2 and
    /// above, it also fails if auditing is off or if this process may not write records; this is
    /// logged as a warning.
    #[track_caller]
    pub fn open(backend: impl Backend + 'static, options: Options) -> Result<Self, Error> {
        Self::open_for(backend, options, SharedCounters::default(), Caller::here())
    }

    /// [`Auditor::open`] for a caller that is not in Rust, with these counters.
    pub(crate) fn open_for(
        backend: impl Backend + 'static,
        options: Options,
        counters: SharedCounters,
        caller: Caller<'_>,
    ) -> Result<Self, Error> {
        memory::ensure(memory::OPENING)?;
        let mut opened = None;
        if options.level > 0 {
            let log = &options.log;
            let mut notice = |notice: Notice| log.log(notice.level, caller, &notice.message);
            match backend.open_at_level(options.level, &mut notice) {
                Ok(sink) => opened = Some(sink),
                Err(error) => {
                    let level = if options.level > 1 { LogLevel::Warning } else { LogLevel::Info };
                    log.log(level, caller, &format!("audit is not available: {error}"));
                    return Err(error);
                }
            }
        }
        let backend = (options.level > 0).then(|| Box::new(backend) as Box<dyn Backend>);
        let auditor = Self::new(backend, options, counters);
        auditor.core.process.get().adopt(opened);
        Ok(auditor)
    }

    /// An auditor that sends nothing. It logs records if `options` say so.
    pub fn closed(options: Options) -> Self {
        Self::new(None, options, SharedCounters::default())
    }

    fn new(backend: Option<Box<dyn Backend>>, options: Options, counters: SharedCounters) -> Self {
        let auditor = Self {
            core: Arc::new(Core {
                backend,
                level: options.level,
                logging: AtomicBool::new(options.logging),
                log: options.log,
                suffix: Suffix::new(options.origin),
                process: PerProcess::default(),
                counters,
                queue_limit: AtomicUsize::new(0),
                shut: AtomicBool::new(false),
            }),
        };
        auditor.set_delivery(options.delivery);
        auditor
    }

    /// Whether each record is also logged.
    pub fn logging(&self) -> bool {
        self.core.logging.load(Ordering::Relaxed)
    }

    /// Turns the logging of each record on or off.
    pub fn set_logging(&self, enabled: bool) {
        self.core.logging.store(enabled, Ordering::Relaxed);
    }

    /// Whether records are sent, not only logged.
    pub fn is_open(&self) -> bool {
        self.core.open_backend().is_some()
    }

    /// Changes the delivery of later records.
    ///
    /// A change to direct delivery first waits for the queued records, for at most [`CLOSE_WAIT`],
    /// so that the order is kept.
    pub fn set_delivery(&self, delivery: Delivery) {
        let limit = match delivery {
            Delivery::Direct => 0,
            Delivery::Queued { limit } => limit.max(1),
        };
        if self.core.queue_limit.swap(limit, Ordering::SeqCst) > 0 && limit == 0 {
            self.core.flush(Instant::now() + CLOSE_WAIT);
        }
    }

    /// Waits until the records queued so far are delivered. Returns `false` if that takes longer
    /// than `wait`.
    #[must_use = "whether all records were delivered in time"]
    pub fn flush(&self, wait: Duration) -> bool {
        self.core.flush(Instant::now() + wait)
    }

    /// Sends one record. With direct delivery it is in the kernel, or has failed, when the call
    /// returns.
    ///
    /// # Errors
    ///
    /// Why the record was not delivered, or with queued delivery not queued. Failures are counted,
    /// and the first of a run of failures is logged as a warning, so a daemon may ignore the result.
    #[track_caller]
    pub fn emit<'r>(&self, record: impl Borrow<Record<'r>>) -> Result<(), Failure> {
        self.emit_for(record.borrow(), Caller::here())
    }

    /// [`Auditor::emit`] for a caller that is not in Rust.
    pub(crate) fn emit_for(&self, record: &Record<'_>, caller: Caller<'_>) -> Result<(), Failure> {
        self.emit_of(record, client::current().as_deref(), caller)
    }

    /// [`Auditor::emit_for`] with this client.
    fn emit_of(
        &self,
        record: &Record<'_>,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        if !record.is_worth_sending() {
            return Ok(());
        }
        let kind = record.record_type();
        self.core.send_alone(kind, record, record.success, client, caller)
    }

    /// Sends records as one burst: however many, they take one system call to send and one for the
    /// answer.
    ///
    /// # Errors
    ///
    /// The first failure of any record.
    #[track_caller]
    pub fn emit_all<'r>(
        &self,
        records: impl IntoIterator<Item = impl Borrow<Record<'r>>>,
    ) -> Result<(), Failure> {
        self.emit_all_for(records, Caller::here())
    }

    /// [`Auditor::emit_all`] for a caller that is not in Rust.
    pub(crate) fn emit_all_for<'r>(
        &self,
        records: impl IntoIterator<Item = impl Borrow<Record<'r>>>,
        caller: Caller<'static>,
    ) -> Result<(), Failure> {
        let mut batch = self.batch_for(caller);
        for record in records {
            batch.push_for(record.borrow(), caller);
        }
        batch.send()
    }

    /// Collects records for one burst.
    #[track_caller]
    pub fn batch(&self) -> Batch {
        self.batch_for(Caller::here())
    }

    /// [`Auditor::batch`] for a caller that is not in Rust.
    pub(crate) fn batch_for(&self, caller: Caller<'static>) -> Batch {
        Batch::new(Arc::clone(&self.core), caller)
    }

    /// Whether the records of `batch` go to this auditor.
    #[cfg(feature = "capi")]
    pub(crate) fn owns(&self, batch: &Batch) -> bool {
        batch.belongs_to(&self.core)
    }

    /// Sends a BODY that the caller has formatted as libvirt does.
    ///
    /// # Errors
    ///
    /// As [`Auditor::emit`].
    pub fn send_text(
        &self,
        kind: RecordType,
        text: &[u8],
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        client.identified(client::current().as_deref(), |client| {
            self.send_text_of(kind, text, success, client, caller)
        })
    }

    /// [`Auditor::send_text`] with this client.
    pub(crate) fn send_text_of(
        &self,
        kind: RecordType,
        text: &[u8],
        success: bool,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        self.core.send_alone(kind, &TextBody { kind, text }, success, client, caller)
    }

    /// The counts of this process.
    pub fn stats(&self) -> Stats {
        self.core.counters.get().read()
    }

    /// Closes the backend for good, after the queued records are delivered, for at most
    /// [`CLOSE_WAIT`]. Later records are at most logged. A record that another thread is sending at
    /// that moment is still sent.
    pub fn shut(&self) {
        self.core.shut(Instant::now() + CLOSE_WAIT);
    }

    /// Delivers the queued records, for at most [`CLOSE_WAIT`]. Later records are delivered
    /// directly.
    pub(crate) fn end_queue(&self) {
        self.core.finish(Instant::now() + CLOSE_WAIT);
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        self.end_queue();
    }
}
