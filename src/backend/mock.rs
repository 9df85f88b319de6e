//! A backend for tests: records in memory, and failures on demand.

mod expect;
#[cfg(feature = "capi")]
mod fields;

use super::{Backend, Notice, Sink};
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::PerProcess;
use crate::memory;
use crate::message::ParsedMessage;
use crate::record::{ParseError, RecordType, wanted};
use crate::{Error, Failure, Record, Value};
use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A record as the kernel would have received it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MockRecord {
    /// The type.
    pub kind: RecordType,
    /// The whole text: BODY and origin suffix.
    pub text: Vec<u8>,
}

/// The text is shown as text.
impl fmt::Debug for MockRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Value::new(&self.text);
        f.debug_struct("MockRecord").field("kind", &self.kind).field("text", &text).finish()
    }
}

impl MockRecord {
    /// The typed record.
    ///
    /// # Errors
    ///
    /// If the record isn't one of viraudit's own, such as a C caller's.
    pub fn record(&self) -> Result<Record<'_>, ParseError> {
        ParsedMessage::parse(self.kind, &self.text).map(|message| message.record)
    }

    /// The value of the first field with that key, as it is in the text.
    pub fn raw_field(&self, key: &str) -> Option<&[u8]> {
        wanted::raw_field(&self.text, key)
    }

    /// The value of the first field with that key, decoded.
    pub fn field(&self, key: &str) -> Option<Vec<u8>> {
        wanted::field(&self.text, key).map(Into::into)
    }
}

/// Keeps records in memory. Clones share them: open an auditor with one, and keep another. A fork's
/// child starts without records.
///
/// ```
/// use viraudit::{Auditor, Change, Guest, MockBackend, Options, Record, Resource};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::new())?;
/// let guest = Guest::new("kvm", "web 1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// let disk = Resource::Disk(Change { old: None, new: Some("/images/a.qcow2".into()) });
/// let record = Record::resource(&guest, "attach", disk, true);
/// auditor.emit(&record)?;
///
/// let sent = mock.records();
/// // Field by field, as it was sent or decoded; or the whole record, typed.
/// assert_eq!(sent[0].raw_field("vm"), Some(&b"7765622031"[..]));
/// assert_eq!(sent[0].field("vm").as_deref(), Some(&b"web 1"[..]));
/// assert_eq!(sent[0].record().unwrap(), record);
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct MockBackend {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    records: PerProcess<Mutex<Vec<MockRecord>>>,
    errno: AtomicI32,
}

impl MockBackend {
    /// A backend without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of the records sent so far.
    pub fn records(&self) -> Vec<MockRecord> {
        self.with_records(|records| records.clone())
    }

    /// Forgets the records sent so far.
    pub fn clear(&self) {
        self.with_records(Vec::clear);
    }

    /// Looks at the records without a copy. Sending waits meanwhile.
    pub(crate) fn with_records<R>(&self, look: impl FnOnce(&mut Vec<MockRecord>) -> R) -> R {
        look(&mut self.shared.records.get().lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes every record from now on fail with this errno, as if the kernel had answered it; 0
    /// makes them succeed again. Failed records aren't kept.
    ///
    /// An opening fails where the kernel's would: at level 2 with any errno, at level 1 without
    /// audit support (EPROTONOSUPPORT, EAFNOSUPPORT) or a file descriptor (EMFILE, ENFILE).
    /// ENOTCONN at level 2 is [`Failure::Disabled`]: auditing is off.
    ///
    /// ```
    /// use viraudit::{Auditor, MockBackend, Options};
    ///
    /// let mock = MockBackend::new();
    /// mock.fail_with(libc::EPERM);
    /// assert!(Auditor::open(mock.clone(), Options::new()).is_ok());
    /// let must_not_start = Auditor::open(mock, Options::new().level(2));
    /// assert_eq!(must_not_start.unwrap_err().errno(), libc::EPERM);
    /// ```
    pub fn fail_with(&self, errno: i32) {
        self.shared.errno.store(errno, Ordering::SeqCst);
    }

    fn errno(&self) -> i32 {
        self.shared.errno.load(Ordering::SeqCst)
    }
}

impl Backend for MockBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        Ok(Box::new(self.clone()))
    }

    fn open_at_level(
        &self,
        level: u32,
        _notice: &mut dyn FnMut(Notice),
    ) -> Result<Box<dyn Sink>, Error> {
        let failure = match self.errno() {
            0 => return Ok(self.open()?),
            libc::ENOTCONN => Failure::Disabled,
            errno => Failure::from_answer(errno),
        };
        match failure {
            Failure::Unsupported(_) | Failure::NoDescriptor(_) => Err(failure.into()),
            // The kernel refuses only the records then.
            _ if level == 1 => Ok(self.open()?),
            _ => Err(failure.into()),
        }
    }
}

impl Sink for MockBackend {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        for (i, (number, text)) in frames.iter().enumerate() {
            let result = match (self.errno(), number) {
                (0, number) => {
                    RecordType::from_number(number).ok_or(Failure::Rejected).and_then(|kind| {
                        let record = MockRecord { kind, text: memory::copy(text)? };
                        self.with_records(|records| {
                            records.try_reserve(1).map_err(|_| Failure::Os(libc::ENOMEM))?;
                            records.push(record);
                            Ok(())
                        })
                    })
                }
                (errno, _) => Err(Failure::from_answer(errno)),
            };
            outcome(i, result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Auditor, Options};

    #[test]
    fn openings_fail_where_the_kernels_would() {
        let mock = MockBackend::new();
        let open = |level, errno| {
            mock.fail_with(errno);
            let options = Options::new().level(level);
            Auditor::open(mock.clone(), options).err().map(|error| error.to_string())
        };
        for errno in [libc::EPERM, libc::ECONNREFUSED, libc::EACCES, libc::ENOTCONN] {
            assert_eq!(open(1, errno), None);
            assert!(open(2, errno).is_some() && open(3, errno).is_some());
        }
        for errno in [libc::EPROTONOSUPPORT, libc::EAFNOSUPPORT, libc::EMFILE, libc::ENFILE] {
            assert_eq!(open(1, errno), Some(Failure::from_socket(errno).to_string()));
            assert_eq!(open(2, errno), open(1, errno));
        }
        assert_eq!(open(2, libc::ENOTCONN), Some(Failure::Disabled.to_string()));
        assert_eq!(open(2, 0), None);
        assert_eq!(open(0, libc::EPERM), None);
    }
}
