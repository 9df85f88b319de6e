//! The policy: what the level asks for, what is logged, how records are delivered and counted.

mod batch;
mod core;
mod guest_auditor;
mod process_state;
mod queue;
mod stats;
mod sync;
mod worker;

pub use batch::Batch;
pub use guest_auditor::GuestAuditor;
pub use stats::Stats;

use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len, seal};
use crate::audit_sys::process::PerProcess;
use crate::backend::{Backend, Notice};
use crate::log::{Caller, LogCrate, LogLevel, LogSink};
use crate::message::{Client, Composed, Origin, Suffix, TEXT_ROOM, TextBody, compose};
use crate::record::{Fields, Record, RecordType};
use crate::{Error, Failure};
use core::Core;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Room on the stack for all but the longest records.
const USUAL_ROOM: usize = framed_len(1000);

/// How long an auditor that is dropped or closed waits for its queue.
pub const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// Who waits for the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Delivery {
    /// The caller: when a call returns, its record is in the kernel or known to have failed. This
    /// is libvirt's way; a frozen auditd makes every record wait for up to a minute.
    #[default]
    Direct,
    /// A thread of the auditor's own. A caller never waits for the kernel; where `limit` records
    /// wait already, it waits for room at level 2 and above, and its record is dropped, and
    /// counted, at level 1.
    Queued {
        /// How many records may wait; at least 1 is taken.
        limit: usize,
    },
}

/// How an [`Auditor`] behaves.
///
/// ```
/// use viraudit::{Delivery, Options};
///
/// let options = Options {
///     level: 2, // fail where records get nowhere
///     delivery: Delivery::Queued { limit: 8192 },
///     ..Options::default()
/// };
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// libvirtd.conf's `audit_level`: 0 sends nothing, 1 sends where it can, 2 and above refuse to
    /// go on without auditing.
    pub level: u32,
    /// libvirtd.conf's `audit_logging`: whether each record is logged too.
    pub logging: bool,
    /// Where log lines go.
    pub log: Arc<dyn LogSink>,
    /// Who this process says it is.
    pub origin: Origin,
    /// Who waits for the kernel.
    pub delivery: Delivery,
}

impl Default for Options {
    /// libvirt's defaults: level 1, no logging; lines go to the `log` crate.
    fn default() -> Self {
        Self {
            level: 1,
            logging: false,
            log: Arc::new(LogCrate),
            origin: Origin::current(),
            delivery: Delivery::Direct,
        }
    }
}

/// Sends records about guests.
///
/// `Send` and `Sync`: any thread may use one at any time, and several may exist side by side. A
/// fork's child opens what it needs for itself, and counts from 0. Dropping one delivers what is
/// queued, for [`CLOSE_WAIT`] at most.
///
/// ```
/// use viraudit::{Auditor, Guest, MockBackend, Options, Record};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::default())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// auditor.emit(&Record::start(guest.borrowed(), "booted", 4711, true))?;
///
/// mock.fail_with(libc::EPERM); // what a process without CAP_AUDIT_WRITE gets
/// let refused = auditor.emit(&Record::stop(guest, "shutdown", 0)).unwrap_err();
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
    /// Opens `backend` as `options.level` asks for.
    ///
    /// # Errors
    ///
    /// At level 1, if the kernel has no audit support; above, also if auditing is off or this
    /// process may not write records. Both are logged: at info level for level 1, where a host
    /// without auditing is nothing unusual, as a warning above. At level 0 nothing is opened and
    /// nothing can fail.
    #[track_caller]
    pub fn open(backend: impl Backend + 'static, options: Options) -> Result<Self, Error> {
        Self::open_for(backend, options, Caller::here())
    }

    /// The same on behalf of a caller who can't be seen from here.
    pub(crate) fn open_for(
        backend: impl Backend + 'static,
        options: Options,
        caller: Caller<'_>,
    ) -> Result<Self, Error> {
        let mut opened = None;
        if options.level > 0 {
            let log = &options.log;
            let mut notice = |notice: Notice| log.log(notice.level, caller, &notice.message);
            match backend.open_at_level(options.level, &mut notice) {
                Ok(sink) => opened = Some(sink),
                Err(failure) => {
                    let level = if options.level > 1 { LogLevel::Warning } else { LogLevel::Info };
                    log.log(level, caller, &format!("audit is not available: {failure}"));
                    return Err(failure.into());
                }
            }
        }
        let backend = (options.level > 0).then(|| Box::new(backend) as Box<dyn Backend>);
        let auditor = Self::new(backend, options);
        auditor.core.state.get().adopt(opened);
        Ok(auditor)
    }

    /// An auditor that sends nothing, and logs if `options.logging` says so.
    pub fn closed(options: Options) -> Self {
        Self::new(None, options)
    }

    fn new(backend: Option<Box<dyn Backend>>, options: Options) -> Self {
        let auditor = Self {
            core: Arc::new(Core {
                backend,
                level: options.level,
                logging: AtomicBool::new(options.logging),
                log: options.log,
                suffix: Suffix::new(options.origin),
                state: PerProcess::default(),
                queue_limit: AtomicUsize::new(0),
                shut: AtomicBool::new(false),
            }),
        };
        auditor.set_delivery(options.delivery);
        auditor
    }

    /// Whether each record is logged too.
    pub fn logging(&self) -> bool {
        self.core.logging.load(Ordering::Relaxed)
    }

    /// Turns logging of each record on or off.
    pub fn set_logging(&self, enabled: bool) {
        self.core.logging.store(enabled, Ordering::Relaxed);
    }

    /// Whether records go anywhere but into the log.
    pub fn is_open(&self) -> bool {
        self.core.open_backend().is_some()
    }

    /// Who waits for the kernel from now on. On the way back to direct delivery what is queued
    /// goes first, so that the order is kept, unless that takes longer than [`CLOSE_WAIT`].
    pub fn set_delivery(&self, delivery: Delivery) {
        let limit = match delivery {
            Delivery::Direct => 0,
            Delivery::Queued { limit } => limit.max(1),
        };
        if self.core.queue_limit.swap(limit, Ordering::SeqCst) > 0 && limit == 0 {
            self.flush(CLOSE_WAIT);
        }
    }

    /// Waits until what was queued so far is delivered, for `wait` at most; whether it is.
    pub fn flush(&self, wait: Duration) -> bool {
        self.core.flush(Instant::now() + wait)
    }

    /// Sends one record. With direct delivery it is in the kernel, or known to have failed, when
    /// the call returns.
    ///
    /// # Errors
    ///
    /// Why it wasn't delivered, or with queued delivery not queued. It is counted, and the first
    /// of a row is logged as a warning, so a daemon may go on without looking.
    #[track_caller]
    pub fn emit(&self, record: &Record<'_>) -> Result<(), Failure> {
        self.emit_for(record, Caller::here())
    }

    /// The same on behalf of a caller who can't be seen from here.
    pub(crate) fn emit_for(&self, record: &Record<'_>, caller: Caller<'_>) -> Result<(), Failure> {
        if !record.is_worth_sending() {
            return Ok(());
        }
        self.offer(record.record_type(), record, record.success, Client::default(), caller)
    }

    /// Sends records as one burst: one system call to send and one for the answer, however many.
    ///
    /// # Errors
    ///
    /// The first failure of any of them.
    #[track_caller]
    pub fn emit_all<'r>(
        &self,
        records: impl IntoIterator<Item = Record<'r>>,
    ) -> Result<(), Failure> {
        self.emit_all_for(records, Caller::here())
    }

    /// The same on behalf of a caller who can't be seen from here.
    pub(crate) fn emit_all_for<'r>(
        &self,
        records: impl IntoIterator<Item = Record<'r>>,
        caller: Caller<'static>,
    ) -> Result<(), Failure> {
        let mut batch = Batch::new(self, caller);
        for record in records {
            batch.push_for(&record, caller);
        }
        batch.send()
    }

    /// Collects records for one burst.
    #[track_caller]
    pub fn batch(&self) -> Batch {
        Batch::new(self, Caller::here())
    }

    /// Sends a BODY that the caller has formatted, in libvirt's way.
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
        self.offer(kind, &TextBody { kind, text }, success, client, caller)
    }

    /// What became of the records so far, in this process.
    pub fn stats(&self) -> Stats {
        self.core.state.get().counters.read()
    }

    /// Closes it for good: delivers what is queued, for [`CLOSE_WAIT`] at most, and closes the
    /// backend. From then on records are only logged, if they are; what other threads are sending
    /// at that moment still goes out.
    pub fn shut(&self) {
        self.core.shut(Instant::now() + CLOSE_WAIT);
    }

    /// Delivers what is queued, for [`CLOSE_WAIT`] at most; what comes later is delivered directly.
    pub(crate) fn end_queue(&self) {
        self.core.finish(Instant::now() + CLOSE_WAIT);
    }

    fn offer(
        &self,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        if self.core.is_idle() {
            return Ok(());
        }
        let mut buffer = [0; USUAL_ROOM];
        let text = &mut buffer[HEADER_LEN..USUAL_ROOM - 4];
        match compose(body, &self.core.suffix, client, success, text) {
            Some(composed) => self.offer_composed(kind, composed, &mut buffer, success, caller),
            None => self.offer_long(kind, body, success, client, caller),
        }
    }

    /// The same with room for any record; apart, so that the usual one needs less stack.
    #[inline(never)]
    fn offer_long(
        &self,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let mut buffer = [0; framed_len(TEXT_ROOM)];
        let text = &mut buffer[HEADER_LEN..][..TEXT_ROOM];
        match compose(body, &self.core.suffix, client, success, text) {
            Some(composed) => self.offer_composed(kind, composed, &mut buffer, success, caller),
            None => Err(Failure::Rejected),
        }
    }

    fn offer_composed(
        &self,
        kind: RecordType,
        composed: Composed,
        buffer: &mut [u8],
        success: bool,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        self.core.log_record(&buffer[HEADER_LEN..][..composed.body_len], success, caller);
        if self.core.open_backend().is_none() {
            return Ok(());
        }
        let len = seal(buffer, kind.number(), composed.len);
        self.core.count_offered(1, u64::from(composed.truncated));
        self.core.offer(Frames::new(&mut buffer[..len], 1), caller)
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        self.end_queue();
    }
}
