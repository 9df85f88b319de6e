//! Records that are sent alone, from a buffer on the stack.

use super::core::{Core, USUAL_ROOM};
use crate::Failure;
use crate::audit_sys::frame::{Frames, HEADER_LEN, framed_len, seal};
use crate::client::ClientIdentity;
use crate::log::Caller;
use crate::message::{Composed, TEXT_ROOM, compose};
use crate::record::{Fields, RecordType};
use std::sync::Arc;

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
        let mut buffer = [0; USUAL_ROOM];
        let text = &mut buffer[HEADER_LEN..USUAL_ROOM - 4];
        match compose(body, &self.suffix, client, success, text) {
            Some(composed) => self.offer_composed(kind, composed, &mut buffer, success, caller),
            None => self.offer_long(kind, body, success, client, caller),
        }
    }

    /// [`Core::send_alone`] with room for any record. Not inlined, so that short records need less
    /// stack.
    #[inline(never)]
    fn offer_long(
        self: &Arc<Self>,
        kind: RecordType,
        body: &impl Fields,
        success: bool,
        client: Option<&ClientIdentity<'_>>,
        caller: Caller<'_>,
    ) -> Result<(), Failure> {
        let mut buffer = [0; framed_len(TEXT_ROOM)];
        let text = &mut buffer[HEADER_LEN..][..TEXT_ROOM];
        match compose(body, &self.suffix, client, success, text) {
            Some(composed) => self.offer_composed(kind, composed, &mut buffer, success, caller),
            None => Err(Failure::Rejected),
        }
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
