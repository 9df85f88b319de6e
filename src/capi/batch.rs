//! Batches: records that a thread sends between virAuditBatchBegin and virAuditBatchEnd go out
//! together.

use super::boundary::{Problem, quietly, status};
use super::current::{caller, deliver};
use crate::Failure;
use crate::auditor::{Auditor, Batch};
use std::cell::Cell;
use std::ffi::c_int;

/// A thread's open batch.
struct Open {
    /// The number of begins without an end. The outermost end sends.
    depth: u32,
    /// Records for the auditor that was open when they were added.
    batch: Option<Batch>,
    /// The first failure of records that were sent before the end.
    failure: Option<Failure>,
}

thread_local! {
    // Dropping a batch sends it, so a thread that ends loses nothing. Destructors of the C library
    // (pthread_key_create) run after that: then there is no batch, and records are sent at once.
    static OPEN: Cell<Option<Open>> = const { Cell::new(None) };
}

/// Replaces this thread's open batch. Returns the previous one, or `None` if the thread ends and can
/// have no batch any more.
fn replace(open: Option<Open>) -> Option<Option<Open>> {
    OPEN.try_with(|slot| slot.replace(open)).ok()
}

/// Runs `change` on this thread's open batch, and takes the batch out meanwhile: a record that the
/// program's log function sends is delivered at once.
fn with_open<R>(change: impl FnOnce(&mut Open) -> R) -> Option<R> {
    let mut open = replace(None)??;
    let result = change(&mut open);
    replace(Some(open));
    Some(result)
}

impl Drop for Open {
    fn drop(&mut self) {
        // The thread may be ending, and be cancelled meanwhile.
        if self.batch.is_some() {
            quietly((), || self.send());
        }
    }
}

impl Open {
    /// Sends the records in the batch.
    fn send(&mut self) {
        if let Some(batch) = self.batch.take() {
            self.failure = self.failure.or(batch.send().err());
        }
    }
}

/// Calls `add` with this thread's open batch, or `send` if there is none.
pub(super) fn add_or_send(
    auditor: &Auditor,
    function: &'static str,
    add: impl FnOnce(&mut Batch),
    send: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut add = Some(add);
    with_open(|open| {
        // Another auditor may have been opened since.
        if !open.batch.as_ref().is_some_and(|batch| auditor.owns(batch)) {
            open.send();
        }
        let batch = open.batch.get_or_insert_with(|| auditor.batch_for(caller(function)));
        if let Some(add) = add.take() {
            add(batch);
        }
    });
    if add.is_none() { Ok(()) } else { send() }
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditBatchBegin() {
    quietly((), || {
        if with_open(|open| open.depth += 1).is_none() {
            replace(Some(Open { depth: 1, batch: None, failure: None }));
        }
    });
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditBatchEnd() -> c_int {
    status(|| {
        let Some(open) = replace(None) else { return Ok(()) };
        let mut open = open.ok_or(Problem::Argument("no batch is open in this thread"))?;
        if open.depth > 1 {
            open.depth -= 1;
            replace(Some(open));
            return Ok(());
        }
        open.send();
        // Already counted; logged on a state change.
        deliver(|_| open.failure.map_or(Ok(()), Err))
    })
}
