//! The policy: what the level asks for, what is logged, how records are delivered and counted.

mod batch;
mod lane;
mod log;
mod stats;

pub use batch::Batch;
pub use log::{Caller, LogCrate, LogLevel, LogSink};
pub use stats::Stats;

use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len, seal};
use crate::backend::{Backend, Notice};
use crate::message::{Client, Composed, Origin, TEXT_ROOM, TextBody, compose};
use crate::record::{Fields, Record, RecordType};
use crate::{Error, Failure};
use lane::{Change, Lane, Outcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Room on the stack for all but the longest records.
const USUAL_ROOM: usize = framed_len(1000);

/// How an [`Auditor`] behaves.
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
}

impl Default for Options {
    /// libvirt's defaults: level 1, no logging; lines go to the `log` crate.
    fn default() -> Self {
        Self { level: 1, logging: false, log: Arc::new(LogCrate), origin: Origin::current() }
    }
}

/// Sends records about guests.
///
/// `Send` and `Sync`: any thread may use one at any time, and several may exist side by side. A
/// fork's child opens what it needs for itself, and counts from 0.
#[derive(Debug)]
pub struct Auditor {
    backend: Option<Box<dyn Backend>>,
    shut: AtomicBool,
    logging: AtomicBool,
    log: Arc<dyn LogSink>,
    origin: Origin,
    lane: Lane,
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
        let Options { level, logging, log, origin } = options;
        let caller = Caller::here();
        let mut opened = None;
        if level > 0 {
            let mut notice = |notice: Notice| log.log(notice.level, caller, &notice.message);
            match backend.open_at_level(level, &mut notice) {
                Ok(sink) => opened = Some(sink),
                Err(failure) => {
                    let severity = if level > 1 { LogLevel::Warning } else { LogLevel::Info };
                    log.log(severity, caller, &format!("audit is not available: {failure}"));
                    return Err(failure.into());
                }
            }
        }
        Ok(Self {
            backend: (level > 0).then(|| Box::new(backend) as Box<dyn Backend>),
            shut: AtomicBool::new(false),
            logging: AtomicBool::new(logging),
            log,
            origin,
            lane: Lane::new(opened),
        })
    }

    /// An auditor that sends nothing, and logs if `options.logging` says so.
    pub fn closed(options: Options) -> Self {
        Self {
            backend: None,
            shut: AtomicBool::new(false),
            logging: AtomicBool::new(options.logging),
            log: options.log,
            origin: options.origin,
            lane: Lane::new(None),
        }
    }

    /// Whether each record is logged too.
    pub fn logging(&self) -> bool {
        self.logging.load(Ordering::Relaxed)
    }

    /// Turns logging of each record on or off.
    pub fn set_logging(&self, enabled: bool) {
        self.logging.store(enabled, Ordering::Relaxed);
    }

    /// Whether records go anywhere but into the log.
    pub fn is_open(&self) -> bool {
        self.open_backend().is_some()
    }

    fn open_backend(&self) -> Option<&dyn Backend> {
        self.backend.as_deref().filter(|_| !self.shut.load(Ordering::Acquire))
    }

    /// Sends one record. When it returns, the record is in the kernel or known to have failed.
    ///
    /// # Errors
    ///
    /// Why it wasn't delivered. It is counted, and the first of a row is logged as a warning, so
    /// a daemon may go on without looking.
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
    pub fn batch(&self) -> Batch<'_> {
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
        self.lane.current().counters.read()
    }

    /// Closes the backend; the next record opens it again.
    pub fn close(&self) {
        self.lane.current().close();
    }

    /// Closes the backend for good: from now on records are only logged, if they are. What other
    /// threads are sending now still goes out.
    pub fn shut(&self) {
        self.shut.store(true, Ordering::Release);
        self.close();
    }

    fn offer(
        &self,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        if !self.is_open() && !self.logging() {
            return Ok(());
        }
        let mut buffer = [0; USUAL_ROOM];
        let text = &mut buffer[HEADER_LEN..USUAL_ROOM - 4];
        match compose(body, &self.origin, client, success, text) {
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
        match compose(body, &self.origin, client, success, text) {
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
        self.log_record(&buffer[HEADER_LEN..][..composed.body_len], success, caller);
        let len = seal(buffer, kind.number(), composed.len);
        let truncated = u64::from(composed.truncated);
        self.deliver(Frames::new(&mut buffer[..len], 1), truncated, caller)
    }

    fn log_record(&self, body: &[u8], success: bool, caller: Caller<'_>) {
        if self.logging() {
            let body = String::from_utf8_lossy(body);
            let (level, success) =
                if success { (LogLevel::Info, "yes") } else { (LogLevel::Warning, "no") };
            self.log.log(level, caller, &format!("success={success} {body}"));
        }
    }

    fn deliver(
        &self,
        frames: Frames<'_>,
        truncated: u64,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let Some(backend) = self.open_backend() else { return Ok(()) };
        let lane = self.lane.current();
        lane.counters.truncated.fetch_add(truncated, Ordering::Relaxed);
        let Outcome { failure, change } = lane.deliver(backend, frames);
        if self.shut.load(Ordering::Acquire) {
            // It was shut meanwhile, and this record may have opened it again.
            lane.close();
        }
        match change {
            None => {}
            Some(Change::Failing(why)) => self.log.log(
                LogLevel::Warning,
                caller,
                &format!("audit records of guests are being lost (errno {}): {why}", why.errno()),
            ),
            Some(Change::Recovered(lost)) => self.log.log(
                LogLevel::Warning,
                caller,
                &format!("audit records of guests get through again; {lost} were lost"),
            ),
        }
        failure.map_or(Ok(()), Err)
    }
}
