//! Records that are sent together.

use super::core::{Core, USUAL_ROOM};
use crate::Failure;
use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len, seal};
use crate::audit_sys::process::generation;
use crate::client::{self, ClientIdentity};
use crate::log::Caller;
use crate::message::{Client, Composed, TEXT_ROOM, TextBody, compose};
use crate::record::{Fields, Record, RecordType};
use std::borrow::Borrow;
use std::collections::TryReserveError;
use std::sync::Arc;

/// The size at which a batch sends its records early (1 MiB): some thousands of records.
const BATCH_MAX: usize = 1 << 20;

/// Records for one burst: formatted when they are added, sent together and in order.
///
/// A record counts as offered when it is added. Dropping a batch sends its records too, so that an
/// early return loses none; [`Batch::send`] also returns the result. In a fork's child, a batch of
/// the parent sends none of the parent's records.
///
/// ```
/// use viraudit::{Auditor, Change, Guest, MockBackend, Options, Record, Resource};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::new())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
///
/// let mut batch = auditor.batch();
/// for path in ["/images/a.qcow2", "/images/b.qcow2"] {
///     let disk = Resource::Disk(Change { old: None, new: Some(path.into()) });
///     batch.push(Record::resource(&guest, "start", disk, true));
/// }
/// batch.guest(&guest).start("booted", 4711, true);
/// assert_eq!(mock.records().len(), 0);
/// batch.send()?;
/// assert_eq!(mock.records().len(), 3);
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping a batch sends its records, but loses the result"]
pub struct Batch {
    core: Arc<Core>,
    caller: Caller<'static>,
    generation: u32,
    /// Messages, then bytes that an earlier batch left.
    bytes: Vec<u8>,
    used: usize,
    count: usize,
    /// The first failure of records that were sent early.
    failure: Option<Failure>,
}

impl Batch {
    pub(super) fn new(core: Arc<Core>, caller: Caller<'static>) -> Self {
        let bytes = core.process.get().lend_buffer();
        Self { core, caller, generation: generation(), bytes, used: 0, count: 0, failure: None }
    }

    /// Adds a record. If records are logged, it is logged now; it is sent later.
    #[track_caller]
    pub fn push<'r>(&mut self, record: impl Borrow<Record<'r>>) {
        self.push_for(record.borrow(), Caller::here());
    }

    /// [`Batch::push`] for a caller that is not in Rust.
    pub(crate) fn push_for(&mut self, record: &Record<'_>, caller: Caller<'_>) {
        self.push_of(record, client::current().as_deref(), caller);
    }

    /// [`Batch::push_for`] with this client.
    pub(super) fn push_of(
        &mut self,
        record: &Record<'_>,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) {
        if record.is_worth_sending() {
            self.add(record.record_type(), record, record.success, client, caller);
        }
    }

    /// Adds a BODY that the caller has formatted as libvirt does.
    pub fn push_text(
        &mut self,
        kind: RecordType,
        text: &[u8],
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) {
        client.identified(client::current().as_deref(), |client| {
            self.push_text_of(kind, text, success, client, caller);
        });
    }

    /// [`Batch::push_text`] with this client.
    pub(crate) fn push_text_of(
        &mut self,
        kind: RecordType,
        text: &[u8],
        success: bool,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) {
        self.add(kind, &TextBody { kind, text }, success, client, caller);
    }

    /// Whether its records go to the auditor with this core.
    #[cfg(feature = "capi")]
    pub(super) fn belongs_to(&self, core: &Arc<Core>) -> bool {
        Arc::ptr_eq(&self.core, core)
    }

    fn add(
        &mut self,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) {
        if self.core.is_idle() {
            return;
        }
        self.disown_parents();
        let composed = match self.compose_in(USUAL_ROOM, body, success, client) {
            // Any record fits into TEXT_ROOM bytes.
            Ok(None) => self.compose_in(framed_len(TEXT_ROOM), body, success, client),
            usual => usual,
        };
        let Ok(Some(composed)) = composed else {
            // There is no memory for it. It follows the records before, with their failures.
            self.flush_early();
            let sent = self.core.send_alone(kind, body, success, client, caller);
            self.failure = self.failure.or(sent.err());
            return;
        };
        let record = &mut self.bytes[self.used..];
        self.core.log_record(&record[HEADER_LEN..][..composed.body_len], success, caller);
        if self.core.open_backend().is_none() {
            return;
        }
        let len = seal(record, kind.number(), composed.len);
        self.used += len;
        self.count += 1;
        self.core.count_offered(1, u64::from(composed.truncated));
        if self.used > BATCH_MAX {
            self.flush_early();
        }
    }

    /// Composes a text after the messages, in `room` bytes for the whole message.
    fn compose_in(
        &mut self,
        room: usize,
        body: &impl Fields,
        success: bool,
        client: Option<&ClientIdentity<'_>>,
    ) -> Result<Option<Composed>, TryReserveError> {
        let end = self.used + room;
        if let Some(more) = end.checked_sub(self.bytes.len()) {
            self.bytes.try_reserve(more)?;
            self.bytes.resize(end, 0);
        }
        // A NUL and padding follow the text.
        let text = &mut self.bytes[self.used + HEADER_LEN..end - 4];
        Ok(compose(body, &self.core.suffix, client, success, text))
    }

    /// Sends the records before the batch's end.
    fn flush_early(&mut self) {
        let last = self.flush();
        self.failure = self.failure.or(last.err());
    }

    /// How many records wait to be sent.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether no record waits to be sent.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Sends the records.
    ///
    /// # Errors
    ///
    /// The first failure of any record. The auditor's counts have the number of failures.
    pub fn send(mut self) -> Result<(), Failure> {
        let last = self.flush();
        self.failure.map_or(last, Err)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.disown_parents();
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return Ok(());
        }
        let used = std::mem::take(&mut self.used);
        self.core.offer(Frames::new(&mut self.bytes[..used], count), self.caller)
    }

    /// Forgets the records of the parent process, which the parent sends.
    fn disown_parents(&mut self) {
        let now = generation();
        if self.generation != now {
            self.generation = now;
            (self.used, self.count) = (0, 0);
        }
    }
}

impl<'r, R: Borrow<Record<'r>>> Extend<R> for Batch {
    #[track_caller]
    fn extend<I: IntoIterator<Item = R>>(&mut self, records: I) {
        let caller = Caller::here();
        records.into_iter().for_each(|record| self.push_for(record.borrow(), caller));
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // Already counted; logged on a state change.
        let _ = self.flush();
        self.core.process.get().take_back(std::mem::take(&mut self.bytes));
    }
}
