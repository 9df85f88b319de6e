//! Records that go out together.

use super::{Auditor, Caller};
use crate::Failure;
use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len, seal};
use crate::message::{Client, TEXT_ROOM, TextBody, compose};
use crate::record::{Fields, Record, RecordType};

/// What one more record may need at most.
const RECORD_ROOM: usize = framed_len(TEXT_ROOM);

/// Records for one burst: formatted as they come, sent together and in order.
///
/// What isn't sent when it is dropped is sent then, so that no way out of a function loses
/// records; call [`Batch::send`] to learn how it went.
#[derive(Debug)]
pub struct Batch<'a> {
    auditor: &'a Auditor,
    caller: Caller<'static>,
    frames: FrameBuffer,
}

/// Framed messages in memory of their own.
#[derive(Debug, Default)]
pub(crate) struct FrameBuffer {
    bytes: Vec<u8>,
    count: usize,
    truncated: u64,
}

impl<'a> Batch<'a> {
    pub(super) fn new(auditor: &'a Auditor, caller: Caller<'static>) -> Self {
        Self { auditor, caller, frames: FrameBuffer::default() }
    }

    /// Adds a record; it is logged now, if records are logged, and sent later.
    #[track_caller]
    pub fn push(&mut self, record: &Record<'_>) {
        if record.is_worth_sending() {
            let kind = record.record_type();
            self.add(kind, record, record.success, Client::default(), Caller::here());
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

    fn add(
        &mut self,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Client<'_>,
        caller: Caller<'_>,
    ) {
        let auditor = self.auditor;
        let bytes = &mut self.frames.bytes;
        let at = bytes.len();
        bytes.resize(at + RECORD_ROOM, 0);
        let text = &mut bytes[at + HEADER_LEN..][..TEXT_ROOM];
        // TEXT_ROOM bytes are room for any record.
        let Some(composed) = compose(body, &auditor.core.origin, client, success, text) else {
            bytes.truncate(at);
            return;
        };
        auditor.core.log_record(&text[..composed.body_len], success, caller);
        let len = seal(&mut bytes[at..], kind.number(), composed.len);
        bytes.truncate(at + len);
        self.frames.count += 1;
        self.frames.truncated += u64::from(composed.truncated);
    }

    /// How many records wait in it.
    pub fn len(&self) -> usize {
        self.frames.count
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.frames.count == 0
    }

    /// Sends what was added.
    ///
    /// # Errors
    ///
    /// The first failure of any of its records; the counts tell how many failed.
    pub fn send(mut self) -> Result<(), Failure> {
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let FrameBuffer { mut bytes, count, truncated } = std::mem::take(&mut self.frames);
        if count == 0 {
            return Ok(());
        }
        self.auditor.core.offer(Frames::new(&mut bytes, count), truncated, self.caller)
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // How it went was counted, and said where it changed.
        let _ = self.flush();
    }
}
