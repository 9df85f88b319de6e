//! A test's memory: what would have been sent, and failures on demand.

mod expect;

use super::{Backend, Sink};
use crate::audit_sys::frame::Frames;
use crate::audit_sys::process::PerProcess;
use crate::message::Sealed;
use crate::record::{ParseError, RecordType, Style, style_of};
use crate::{Failure, Record};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A record as the kernel would have got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockRecord {
    /// Its type.
    pub kind: RecordType,
    /// Its whole text: BODY and origin suffix.
    pub text: Vec<u8>,
}

impl MockRecord {
    /// The record, typed.
    ///
    /// # Errors
    ///
    /// When it isn't one that viraudit writes: a C caller's own format, say.
    pub fn record(&self) -> Result<Record<'_>, ParseError> {
        self.sealed().map(|sealed| sealed.record)
    }

    /// The record and its origin suffix.
    ///
    /// # Errors
    ///
    /// As [`MockRecord::record`].
    pub fn sealed(&self) -> Result<Sealed<'_>, ParseError> {
        Sealed::parse(self.kind, &self.text)
    }

    /// A field's value as it stands in the text; the first of that name.
    pub fn raw_field(&self, key: &str) -> Option<&[u8]> {
        self.text.split(|&byte| byte == b' ').find_map(|word| {
            word.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b"="))
        })
    }

    /// A field's value, decoded where it is encoded.
    pub fn field(&self, key: &str) -> Option<Vec<u8>> {
        let raw = self.raw_field(key)?;
        Some(match style_of(key.as_bytes(), self.raw_field("resrc")) {
            Style::Encoded => crate::encode::decode(raw).map_or(raw.to_vec(), Into::into),
            Style::Raw => crate::encode::decode_raw(raw).into_owned(),
            Style::Plain | Style::Verbatim => raw.to_vec(),
        })
    }
}

/// Keeps records in memory. Clones share it: keep one, and open an auditor with the other. A
/// fork's child starts with none.
///
/// ```
/// use viraudit::{Auditor, Change, Guest, MockBackend, Options, Record, Resource};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::default())?;
/// let guest = Guest::new("kvm", "web 1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
/// let disk = Resource::Disk(Change { old: None, new: Some("/images/a.qcow2".into()) });
/// let record = Record::resource(guest, "attach", disk, true);
/// auditor.emit(&record)?;
///
/// let sent = mock.records();
/// // Field by field, decoded; or whole, typed.
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
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was sent so far; others may send meanwhile only once this is dropped.
    pub fn records(&self) -> MutexGuard<'_, Vec<MockRecord>> {
        self.shared.records.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what was sent.
    pub fn clear(&self) {
        self.records().clear();
    }

    /// Lets every record from now on fail with this errno, as if the kernel had answered it; 0
    /// lets them succeed again. Records that fail aren't kept.
    pub fn fail_with(&self, errno: i32) {
        self.shared.errno.store(errno, Ordering::SeqCst);
    }
}

impl Backend for MockBackend {
    fn open(&self) -> Result<Box<dyn Sink>, Failure> {
        Ok(Box::new(self.clone()))
    }
}

impl Sink for MockBackend {
    fn send(&mut self, frames: Frames<'_>, outcome: &mut dyn FnMut(usize, Result<(), Failure>)) {
        for (i, (number, text)) in frames.iter().enumerate() {
            let result = match (self.shared.errno.load(Ordering::SeqCst), number) {
                (0, number) => {
                    RecordType::from_number(number).ok_or(Failure::Rejected).map(|kind| {
                        self.records().push(MockRecord { kind, text: text.to_vec() });
                    })
                }
                (errno, _) => Err(Failure::from_answer(errno)),
            };
            outcome(i, result);
        }
    }
}
