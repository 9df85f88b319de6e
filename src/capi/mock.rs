//! The mock, for tests: its records as C strings.

use super::args::{MaybeText, Text, Texts};
use super::boundary::{Problem, guard, quietly, status};
use super::current;
use super::fork_slot::ForkSlot;
use crate::audit_sys::process::PerProcess;
use crate::auditor::SharedCounters;
use crate::memory;
use crate::record::wanted::{Exactly, Wanted};
use crate::{MockBackend, RecordType};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The current mock. It outlives virAuditClose, so that a test can look at the records.
static MOCK: ForkSlot<Mock> = ForkSlot::new();

/// The text of the mock host's libvirtd.conf; while it is set, the kernel is a mock.
static HOST: ForkSlot<Vec<u8>> = ForkSlot::new();

/// The mock in the place of the kernel, and of /etc/libvirt/libvirtd.conf.
pub(super) struct Host {
    pub(super) backend: MockBackend,
    pub(super) counters: SharedCounters,
    pub(super) config: Arc<Vec<u8>>,
}

pub(super) fn host() -> Option<Host> {
    let config = HOST.get()?;
    let mock = MOCK.get()?;
    Some(Host { backend: mock.backend.clone(), counters: Arc::clone(&mock.counters), config })
}

#[derive(Default)]
struct Mock {
    backend: MockBackend,
    /// Each mock's counts start at 0, as its records do.
    counters: SharedCounters,
    strings: PerProcess<Mutex<Strings>>,
}

/// The strings that were returned to C: a record, or a field of it. A `CString`'s text doesn't move
/// when the map grows.
type Strings = BTreeMap<(usize, Option<CString>), CString>;

impl Mock {
    fn strings(&self) -> MutexGuard<'_, Strings> {
        self.strings.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The string for record `i`, or for its field `key`.
    fn string(&self, i: usize, key: Option<CString>) -> Option<*const c_char> {
        let mut strings = self.strings();
        if let Some(text) = strings.get(&(i, key.clone())) {
            return Some(text.as_ptr());
        }
        let bytes = self.backend.with_records(|records| {
            let record = records.get(i)?;
            match key.as_deref() {
                None => Some([record.kind.name().as_bytes(), b" ", &record.text].concat()),
                Some(key) => record.field(key.to_str().ok()?),
            }
        })?;
        // Only a field that is decoded from a caller's own hex can have a NUL.
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        let text = CString::new(text).unwrap_or_default();
        Some(strings.entry((i, key)).or_insert(text).as_ptr())
    }
}

fn mock() -> Result<Arc<Mock>, Problem> {
    MOCK.get().ok_or(Problem::NotFound(
        "there is no mock: call virAuditOpenMock or virAuditMockHost first",
    ))
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditOpenMock() -> c_int {
    status(|| {
        memory::ensure(memory::OPENING)?;
        let mock = Mock::default();
        current::open(mock.backend.clone(), 1, Arc::clone(&mock.counters))?;
        MOCK.replace(Some(Arc::new(mock)));
        Ok(())
    })
}

/// Opens the mock as the target that is chosen from outside. Another opening keeps its records.
pub(super) fn open_target(level: u32) -> Result<(), Problem> {
    let mock = MOCK.get().unwrap_or_default();
    MOCK.replace(Some(Arc::clone(&mock)));
    current::open(mock.backend.clone(), level, Arc::clone(&mock.counters))
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockHost(config: MaybeText<'_>) {
    quietly((), || {
        let config = config.get().map(|text| Arc::new(text.to_bytes().to_owned()));
        if config.is_some() {
            MOCK.replace(Some(Arc::default()));
        }
        HOST.replace(config);
    });
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockCount() -> usize {
    quietly(0, || MOCK.get().map_or(0, |mock| mock.backend.with_records(|records| records.len())))
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockRecord(i: usize) -> *const c_char {
    guard(ptr::null(), || mock()?.string(i, None).ok_or(Problem::NotFound("no such record")))
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockField(i: usize, key: Text<'_>) -> *const c_char {
    guard(ptr::null(), || {
        let key = key.named("key")?.to_owned();
        mock()?
            .string(i, Some(key))
            .ok_or(Problem::NotFound("no such record, or no such field in it"))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockFind(key: Text<'_>, value: Text<'_>, from: usize) -> isize {
    guard(-1, || {
        let key = key.named("key")?.to_str().unwrap_or_default();
        let value = value.named("value")?.to_bytes();
        let found = mock()?.backend.with_records(|records| {
            let mut rest = records.iter().enumerate().skip(from);
            let found = rest.find(|(_, record)| record.field(key).as_deref() == Some(value));
            found.map(|(i, _)| i as isize)
        });
        found.ok_or(Problem::NotFound("no record with that field"))
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockExpect(
    from: usize,
    type_: MaybeText<'_>,
    fields: Texts<'_>,
) -> isize {
    guard(-1, || {
        let kind = type_.get().map(record_type).transpose()?;
        let fields = fields.named("fields")?.into_iter().map(key_and_value);
        let wanted = Wanted { kind, fields: fields.collect::<Result<_, _>>()? };
        let found = mock()?.backend.find_fields(&wanted, from);
        found.map(|i| i as isize).map_err(Problem::NoMatch)
    })
}

fn record_type(name: &CStr) -> Result<RecordType, Problem> {
    let kind = name.to_str().ok().and_then(|name| name.parse().ok());
    kind.ok_or(Problem::Argument("type is not the name of a record type"))
}

fn key_and_value(field: &CStr) -> Result<(&str, Exactly<&[u8]>), Problem> {
    let field = field.to_bytes();
    let equals = field.iter().position(|&byte| byte == b'=');
    let parts = equals.map(|at| (&field[..at], &field[at + 1..]));
    parts
        .and_then(|(key, value)| Some((str::from_utf8(key).ok()?, Exactly(value))))
        .ok_or(Problem::Argument("a field is not KEY=VALUE"))
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockClear() {
    quietly((), || {
        if let Some(mock) = MOCK.get() {
            mock.backend.clear();
            mock.strings().clear();
        }
    });
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditMockFail(errnum: c_int) {
    quietly((), || {
        if let Some(mock) = MOCK.get() {
            mock.backend.fail_with(errnum.saturating_abs());
        }
    });
}
