//! For test suites: what was sent, as C strings.

use super::args::Text;
use super::boundary::{Problem, guard, quietly, status};
use super::current;
use super::fork_slot::ForkSlot;
use crate::MockBackend;
use crate::audit_sys::process::PerProcess;
use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_int};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The open mock. It outlives virAuditClose, so that a test can look at what was sent.
static SHELF: ForkSlot<Shelf> = ForkSlot::new();

#[derive(Default)]
struct Shelf {
    backend: MockBackend,
    shown: PerProcess<Mutex<Shown>>,
}

/// The strings that C was given: a record, or a field of it. A `CString`'s text stays where it is
/// when the map grows.
type Shown = BTreeMap<(usize, Option<CString>), CString>;

impl Shelf {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The string for record `i`, or for its field `key`.
    fn show(&self, i: usize, key: Option<CString>) -> Option<*const c_char> {
        let mut shown = self.shown();
        if let Some(text) = shown.get(&(i, key.clone())) {
            return Some(text.as_ptr());
        }
        let records = self.backend.records();
        let record = records.get(i)?;
        let bytes = match key.as_deref() {
            None => [record.kind.name().as_bytes(), b" ", &record.text].concat(),
            Some(key) => record.field(key.to_str().ok()?)?,
        };
        drop(records);
        // A record made from C strings holds no NUL; a field decoded from a caller's own hex may.
        let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
        let text = CString::new(text).unwrap_or_default();
        Some(shown.entry((i, key)).or_insert(text).as_ptr())
    }
}

fn shelf() -> Result<Arc<Shelf>, Problem> {
    SHELF.get().ok_or(Problem::NotFound("virAuditOpenMock wasn't called"))
}

#[unsafe(no_mangle)]
extern "C" fn virAuditOpenMock() -> c_int {
    status(|| {
        let shelf = Shelf::default();
        current::open(shelf.backend.clone(), 1)?;
        SHELF.replace(Some(Arc::new(shelf)));
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C" fn virAuditMockCount() -> usize {
    quietly(0, || SHELF.get().map_or(0, |shelf| shelf.backend.records().len()))
}

#[unsafe(no_mangle)]
extern "C" fn virAuditMockRecord(i: usize) -> *const c_char {
    guard(ptr::null(), || shelf()?.show(i, None).ok_or(Problem::NotFound("no such record")))
}

#[unsafe(no_mangle)]
extern "C" fn virAuditMockField(i: usize, key: Text<'_>) -> *const c_char {
    guard(ptr::null(), || {
        let key = key.named("key")?.to_owned();
        shelf()?
            .show(i, Some(key))
            .ok_or(Problem::NotFound("no such record, or no such field in it"))
    })
}

#[unsafe(no_mangle)]
extern "C" fn virAuditMockFind(key: Text<'_>, value: Text<'_>, from: usize) -> isize {
    guard(-1, || {
        let key = key.named("key")?.to_str().unwrap_or_default();
        let value = value.named("value")?.to_bytes();
        let shelf = shelf()?;
        let records = shelf.backend.records();
        let mut rest = records.iter().enumerate().skip(from);
        let found = rest.find(|(_, record)| record.field(key).as_deref() == Some(value));
        found.map(|(i, _)| i as isize).ok_or(Problem::NotFound("no record with that field"))
    })
}

#[unsafe(no_mangle)]
extern "C" fn virAuditMockClear() {
    quietly((), || {
        if let Some(shelf) = SHELF.get() {
            shelf.backend.clear();
            shelf.shown().clear();
        }
    });
}

#[unsafe(no_mangle)]
extern "C" fn virAuditMockFail(errnum: c_int) {
    quietly((), || {
        if let Some(shelf) = SHELF.get() {
            shelf.backend.fail_with(errnum.saturating_abs());
        }
    });
}
