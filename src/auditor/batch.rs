//! Records that go out together.

use super::core::Core;
use super::{Auditor, USUAL_ROOM};
use crate::Failure;
use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len, seal};
use crate::audit_sys::process::generation;
use crate::log::Caller;
use crate::message::{Client, Composed, TEXT_ROOM, TextBody, compose};
use crate::record::{Fields, Record, RecordType};
use std::sync::Arc;

/// The most bytes that wait in a batch (1 MiB): some thousands of records. What comes behind them
/// doesn't wait for [`Batch::send`].
const BATCH_MAX: usize = 1 << 20;

/// Records for one burst: formatted as they come, sent together and in order.
///
/// They count as offered from the moment that they are added. What isn't sent when it is dropped
/// is sent then, so that no way out of a function loses records; call [`Batch::send`] to learn
/// how it went. A fork's child that has its parent's batch sends none of the parent's records.
///
/// ```
/// use viraudit::{Auditor, Change, Guest, MockBackend, Options, Record, Resource};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::default())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
///
/// let mut batch = auditor.batch();
/// for path in ["/images/a.qcow2", "/images/b.qcow2"] {
///     let disk = Resource::Disk(Change { old: None, new: Some(path.into()) });
///     batch.push(&Record::resource(guest.borrowed(), "start", disk, true));
/// }
/// batch.push(&Record::start(guest, "booted", 4711, true));
/// assert_eq!(mock.records().len(), 0);
/// batch.send()?;
/// assert_eq!(mock.records().len(), 3);
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Debug)]
pub struct Batch {
    core: Arc<Core>,
    caller: Caller<'static>,
    generation: u32,
    /// Messages, and behind them what earlier ones left.
    bytes: Vec<u8>,
    used: usize,
    count: usize,
    /// The first failure of records that went out before the end.
    failure: Option<Failure>,
}

impl Batch {
    pub(crate) fn new(auditor: &Auditor, caller: Caller<'static>) -> Self {
        let core = Arc::clone(&auditor.core);
        let bytes = core.state.get().lend_buffer();
        Self { core, caller, generation: generation(), bytes, used: 0, count: 0, failure: None }
    }

    /// Adds a record; it is logged now, if records are logged, and sent later.
    #[track_caller]
    pub fn push(&mut self, record: &Record<'_>) {
        self.push_for(record, Caller::here());
    }

    /// The same on behalf of a caller who can't be seen from here.
    pub(crate) fn push_for(&mut self, record: &Record<'_>, caller: Caller<'_>) {
        if record.is_worth_sending() {
            let kind = record.record_type();
            self.add(kind, record, record.success, Client::default(), caller);
        }
    }

    /// Adds a BODY that the caller has formatted, in libvirt's way.
    pub fn push_text(
        &mut self,
        kind: RecordType,
        text: &[u8],
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) {
        self.add(kind, &TextBody { kind, text }, success, client, caller);
    }

    /// Whether its records go to this auditor.
    #[cfg(feature = "capi")]
    pub(crate) fn belongs_to(&self, auditor: &Auditor) -> bool {
        Arc::ptr_eq(&self.core, &auditor.core)
    }

    fn add(
        &mut self,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) {
        if self.core.is_idle() {
            return;
        }
        self.disown_parents();
        let composed = self
            .compose_in(USUAL_ROOM, body, success, client)
            .or_else(|| self.compose_in(framed_len(TEXT_ROOM), body, success, client));
        // Any record fits into TEXT_ROOM bytes.
        let Some(composed) = composed else { return };
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
            self.failure = self.flush().err().or(self.failure);
        }
    }

    /// Composes a text behind what is there, with so much room for it as a message.
    fn compose_in(
        &mut self,
        room: usize,
        body: &impl Fields,
        success: bool,
        client: Client<'_>,
    ) -> Option<Composed> {
        let end = self.used + room;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        // A NUL and padding follow the text.
        let text = &mut self.bytes[self.used + HEADER_LEN..end - 4];
        compose(body, &self.core.suffix, client, success, text)
    }

    /// How many records wait in it.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Sends what was added.
    ///
    /// # Errors
    ///
    /// The first failure of any of its records; the counts tell how many failed.
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

    /// After a fork, what waits is the parent's to send.
    fn disown_parents(&mut self) {
        let now = generation();
        if self.generation != now {
            self.generation = now;
            (self.used, self.count) = (0, 0);
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // How it went was counted, and said where it changed.
        let _ = self.flush();
        self.core.state.get().take_back(std::mem::take(&mut self.bytes));
    }
}
