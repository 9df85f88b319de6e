//! audit.log lines, as auditd writes them for records of this process.

use crate::audit_sys::host::Sender;
use crate::record::RecordType;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

/// Formats audit.log lines.
#[derive(Clone, Debug)]
pub(super) struct LineWriter {
    sender: Sender,
}

impl Default for LineWriter {
    fn default() -> Self {
        Self { sender: Sender::current() }
    }
}

impl LineWriter {
    /// The most bytes of a line besides its text.
    pub(super) fn overhead(&self) -> usize {
        200 + self.sender.subj.as_ref().map_or(0, Vec::len)
    }

    /// Appends one line, with its line end, to `out`. `serial` distinguishes events of the same
    /// millisecond.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        message_type: u16,
        text: &[u8],
        time: SystemTime,
        serial: u64,
    ) {
        let Sender { pid, uid, auid, ses, subj } = &self.sender;
        let time = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (seconds, millis) = (time.as_secs(), time.subsec_millis());
        // Writing to memory can't fail.
        let _ = match RecordType::from_number(message_type) {
            Some(kind) => write!(out, "type={kind}"),
            None => write!(out, "type=UNKNOWN[{message_type}]"),
        };
        let _ = write!(out, " msg=audit({seconds}.{millis:03}:{serial}): ");
        let _ = write!(out, "pid={pid} uid={uid} auid={auid} ses={ses}");
        if let Some(subj) = subj {
            out.extend_from_slice(b" subj=");
            out.extend_from_slice(subj);
        }
        out.extend_from_slice(b" msg='");
        out.extend_from_slice(text);
        out.extend_from_slice(b"'\n");
    }
}
