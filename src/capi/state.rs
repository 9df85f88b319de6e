//! What is open: one auditor for the whole process, and whether records are logged.

use super::args::{MaybeText, Text};
use super::batch::add_or_send;
use super::boundary::{Problem, guard, quietly, status};
use super::delivery;
use super::fork_slot::ForkSlot;
use super::log::CapiLog;
use crate::auditor::Caller;
use crate::config::{self, Config};
use crate::message::Origin;
use crate::{Auditor, Backend, Error, Failure, FileBackend, KernelBackend, Options, Record, Stats};
use std::cell::Cell;
use std::ffi::{OsStr, c_char, c_int, c_uint};
use std::io;
use std::mem::offset_of;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) static CURRENT: ForkSlot<Auditor> = ForkSlot::new();
/// Set on its own: libvirt turns logging on whether auditing could be opened or not.
static LOGGING: AtomicBool = AtomicBool::new(false);

fn options(level: u32, origin: Origin) -> Options {
    Options {
        level,
        logging: LOGGING.load(Ordering::SeqCst),
        log: Arc::new(CapiLog),
        origin,
        delivery: delivery::current(),
    }
}

/// An auditor that only logs, where nothing shows who this process is.
fn closed() -> Auditor {
    Auditor::closed(options(0, Origin::default()))
}

/// Makes `auditor` the current one.
fn install(auditor: Auditor) {
    let auditor = Arc::new(auditor);
    if let Some(old) = CURRENT.get() {
        // Its records come before the new one's.
        old.end_queue();
    }
    let old = CURRENT.replace(Some(Arc::clone(&auditor)));
    // virAuditLog and virAuditSetDelivery may have come in between.
    auditor.set_logging(LOGGING.load(Ordering::SeqCst));
    auditor.set_delivery(delivery::current());
    if let Some(old) = old {
        old.shut();
    }
}

/// Opens a backend and makes it the current one; what was open before stays when that fails.
pub(super) fn open(backend: impl Backend + 'static, level: u32) -> Result<(), Problem> {
    let auditor = match level {
        0 => closed(),
        _ => Auditor::open_for(backend, options(level, Origin::current()), caller("virAuditOpen"))?,
    };
    install(auditor);
    Ok(())
}

/// The current auditor; one that only logs when nothing was ever opened, and none when there is
/// nothing to log either.
pub(super) fn current() -> Option<Arc<Auditor>> {
    CURRENT.get().or_else(|| LOGGING.load(Ordering::SeqCst).then(|| Arc::new(closed())))
}

/// Sends a record for the C function of that name.
pub(super) fn emit(function: &'static str, record: &Record<'_>) -> Result<(), Problem> {
    deliver(|auditor| {
        add_or_send(
            auditor,
            function,
            |batch| batch.push_for(record, caller(function)),
            || auditor.emit_for(record, caller(function)),
        )
    })
}

/// Sends records as one burst for the C function of that name.
#[cfg(feature = "xml")]
pub(super) fn emit_all<'r>(
    function: &'static str,
    records: impl Iterator<Item = Record<'r>>,
) -> Result<(), Problem> {
    // Either of the two below takes them.
    let records = Cell::new(Some(records));
    let all = || records.take().into_iter().flatten();
    deliver(|auditor| {
        add_or_send(
            auditor,
            function,
            |batch| all().for_each(|record| batch.push_for(&record, caller(function))),
            || auditor.emit_all_for(all(), caller(function)),
        )
    })
}

/// Lets the current auditor, if there is one, deliver something.
pub(super) fn deliver(send: impl FnOnce(&Auditor) -> Result<(), Failure>) -> Result<(), Problem> {
    Ok(current().map_or(Ok(()), |auditor| send(&auditor))?)
}

/// The C caller of a function that isn't told where it is called.
pub(super) fn caller(function: &'static str) -> Caller<'static> {
    Caller { file: "", line: 0, function }
}

fn set_logging(enabled: bool) {
    LOGGING.store(enabled, Ordering::SeqCst);
    if let Some(auditor) = CURRENT.get() {
        auditor.set_logging(LOGGING.load(Ordering::SeqCst));
    }
}

#[unsafe(no_mangle)]
extern "C" fn virAuditOpen(audit_level: c_uint) -> c_int {
    status(|| {
        delivery::configure_if_preloaded();
        open(KernelBackend, audit_level)
    })
}

#[unsafe(no_mangle)]
extern "C" fn virAuditOpenConfig(path: MaybeText<'_>) -> c_int {
    status(|| {
        let path = path.get().map_or(config::DEFAULT_PATH.as_bytes(), |path| path.to_bytes());
        let Config { audit_level, audit_logging } =
            Config::load(Path::new(OsStr::from_bytes(path))).map_err(Error::from)?;
        set_logging(audit_logging);
        open(KernelBackend, audit_level)
    })
}

#[unsafe(no_mangle)]
extern "C" fn virAuditOpenFile(path: Text<'_>) -> c_int {
    status(|| {
        let path = Path::new(OsStr::from_bytes(path.named("path")?.to_bytes()));
        open(FileBackend::new(path), 1).map_err(|problem| match problem {
            Problem::Library(Error::Delivery(failure)) => Problem::Library(Error::Io {
                what: format!("can't open {}", path.display()),
                source: io::Error::from_raw_os_error(failure.errno()),
            }),
            other => other,
        })
    })
}

#[unsafe(no_mangle)]
extern "C" fn virAuditClose() {
    quietly((), || {
        if let Some(auditor) = CURRENT.get() {
            auditor.shut();
        }
    });
}

#[unsafe(no_mangle)]
extern "C" fn virAuditLog(enabled: bool) {
    quietly((), || set_logging(enabled));
}

#[unsafe(no_mangle)]
extern "C" fn virAuditVersion() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The header's virAuditStats. Grows only at its end.
#[derive(Default)]
#[repr(C)]
struct CStats {
    offered: u64,
    delivered: u64,
    failed: u64,
    dropped: u64,
    truncated: u64,
    queued: u64,
    last_errno: c_int,
    /// C has padding here; as a member it is never uninitialised.
    padding: c_int,
    longest_us: u64,
}

const _: () = assert!(offset_of!(CStats, longest_us) == 56 && size_of::<CStats>() == 64);

impl From<Stats> for CStats {
    fn from(stats: Stats) -> Self {
        Self {
            offered: stats.offered,
            delivered: stats.delivered,
            failed: stats.failed,
            dropped: stats.dropped,
            truncated: stats.truncated,
            queued: stats.queued,
            last_errno: stats.last_errno,
            padding: 0,
            longest_us: stats.longest_us,
        }
    }
}

/// # Safety
///
/// `stats` is NULL or has room for `size` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn virAuditGetStats(stats: *mut CStats, size: usize) -> c_int {
    guard(-1, || {
        if stats.is_null() {
            return Err(Problem::Null("stats"));
        }
        let now = CURRENT.get().map_or(CStats::default(), |auditor| auditor.stats().into());
        let len = size.min(size_of::<CStats>());
        let from: *const CStats = &now;
        // SAFETY: the caller's room is `size` bytes, and `now` has no padding.
        unsafe { std::ptr::copy_nonoverlapping(from.cast::<u8>(), stats.cast(), len) };
        Ok(0)
    })
}
