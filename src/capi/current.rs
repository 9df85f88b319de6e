//! The auditor that is open now, access to it, and the settings that outlive it.

use super::boundary::Problem;
use super::fork_slot::ForkSlot;
use super::log::CapiLog;
use crate::auditor::SharedCounters;
use crate::log::Caller;
use crate::memory;
use crate::message::Origin;
use crate::{Auditor, Backend, Delivery, Failure, Options};
use once_cell::race::OnceBox;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

static CURRENT: ForkSlot<Auditor> = ForkSlot::new();
/// Set on its own: libvirt turns logging on whether auditing could be opened or not.
static LOGGING: AtomicBool = AtomicBool::new(false);
/// Whether the last opening, successful or not, was one that a daemon must not run without.
static REQUIRED: AtomicBool = AtomicBool::new(false);
/// The limit of the queue; 0: delivery is direct.
static QUEUE_LIMIT: AtomicUsize = AtomicUsize::new(0);

fn delivery() -> Delivery {
    match QUEUE_LIMIT.load(Ordering::SeqCst) {
        0 => Delivery::Direct,
        limit => Delivery::Queued { limit },
    }
}

fn options(level: u32, origin: Origin) -> Options {
    Options {
        level,
        logging: LOGGING.load(Ordering::SeqCst),
        log: Arc::new(CapiLog),
        origin,
        delivery: delivery(),
    }
}

/// An auditor that only logs. Its records are sent nowhere, so they need no origin.
fn closed() -> Auditor {
    Auditor::closed(options(0, Origin::default()))
}

/// The counts of all destinations but the mocks. They go on when a destination is replaced.
pub(super) fn counters() -> SharedCounters {
    static COUNTERS: OnceBox<SharedCounters> = OnceBox::new();
    Arc::clone(COUNTERS.get_or_init(Box::default))
}

/// Opens a backend and makes it the current one. On failure the previous one stays.
pub(super) fn open(
    backend: impl Backend + 'static,
    level: u32,
    counters: SharedCounters,
) -> Result<(), Problem> {
    set_required(level > 1);
    let origin = if level > 0 { Origin::current() } else { Origin::default() };
    let caller = caller("virAuditOpen");
    install(Auditor::open_for(backend, options(level, origin), counters, caller)?);
    Ok(())
}

/// Makes `auditor` the current one.
fn install(auditor: Auditor) {
    let auditor = Arc::new(auditor);
    if let Some(old) = opened() {
        // Its records come before the new one's.
        old.end_queue();
    }
    // Another thread may be about to send to the old one, or have a batch for it. So it stays open
    // until the last of them lets go of it.
    CURRENT.replace(Some(Arc::clone(&auditor)));
    // Another thread may have changed the settings in between.
    auditor.set_logging(LOGGING.load(Ordering::SeqCst));
    auditor.set_delivery(delivery());
}

/// The auditor that was opened last, even if it has been closed since.
pub(super) fn opened() -> Option<Arc<Auditor>> {
    CURRENT.get()
}

/// Lets the current auditor deliver something. Before the first opening, one that only logs takes
/// its place, if logging is on.
pub(super) fn deliver(send: impl FnOnce(&Auditor) -> Result<(), Failure>) -> Result<(), Problem> {
    let auditor = match opened() {
        Some(auditor) => auditor,
        None if LOGGING.load(Ordering::SeqCst) => {
            memory::ensure(memory::OPENING)?;
            Arc::new(closed())
        }
        None => return Ok(()),
    };
    Ok(send(&auditor)?)
}

/// The caller of a C function that doesn't take its place in the source.
pub(super) fn caller(function: &'static str) -> Caller<'static> {
    Caller { file: "", line: 0, function }
}

pub(super) fn required() -> bool {
    REQUIRED.load(Ordering::SeqCst)
}

pub(super) fn set_required(required: bool) {
    REQUIRED.store(required, Ordering::SeqCst);
}

pub(super) fn set_logging(enabled: bool) {
    LOGGING.store(enabled, Ordering::SeqCst);
    if let Some(auditor) = opened() {
        auditor.set_logging(LOGGING.load(Ordering::SeqCst));
    }
}

pub(super) fn set_delivery(delivery: Delivery) {
    let limit = match delivery {
        Delivery::Direct => 0,
        Delivery::Queued { limit } => limit,
    };
    QUEUE_LIMIT.store(limit, Ordering::SeqCst);
    if let Some(auditor) = opened() {
        auditor.set_delivery(delivery);
    }
}
