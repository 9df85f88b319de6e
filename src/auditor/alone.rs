//! Records that are sent alone, from a buffer on the stack.

use super::core::{Core, USUAL_ROOM};
use crate::Failure;
use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len, seal};
use crate::client::ClientIdentity;
use crate::log::Caller;
use crate::message::{Composed, TEXT_ROOM, compose};
use crate::record::{Fields, RecordType};
use std::sync::Arc;

/// The size of a buffer for any record.
const LONGEST: usize = framed_len(TEXT_ROOM);

impl Core {
    /// Delivers or queues one record.
    pub(super) fn send_alone(
        self: &Arc<Self>,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        if self.is_idle() {
            return Ok(());
        }
        // A buffer for any record takes nine times the stack, and few records need it.
        self.offer_from::<USUAL_ROOM>(kind, body, success, client, caller)
            .or_else(|| self.offer_from::<LONGEST>(kind, body, success, client, caller))
            .unwrap_or(Err(Failure::Rejected))
    }

    /// Delivers or queues one record from a buffer of this size; `None` if it needs a larger one. Not
    /// inlined, so that only records that need a large buffer have one on the stack.
    #[inline(never)]
    fn offer_from<const SIZE: usize>(
        self: &Arc<Self>,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) -> Option<Result<(), Failure>> {
        let mut buffer = [0; SIZE];
        let text = &mut buffer[HEADER_LEN..SIZE - 4];
        let room = text.len().min(TEXT_ROOM);
        let composed = compose(body, &self.suffix, client, success, &mut text[..room])?;
        Some(self.offer_composed(kind, composed, &mut buffer, success, caller))
    }

    fn offer_composed(
        self: &Arc<Self>,
        kind: RecordType,
        composed: Composed,
        buffer: &mut [u8],
        success: bool,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        self.log_record(&buffer[HEADER_LEN..][..composed.body_len], success, caller);
        if self.open_backend().is_none() {
            return Ok(());
        }
        let len = seal(buffer, kind.number(), composed.len);
        self.count_offered(1, u64::from(composed.truncated));
        self.offer(Frames::new(&mut buffer[..len], 1), caller)
    }
}
