//! Direct or queued delivery, for the whole process.

use super::boundary::{Problem, quietly, status};
use super::current;
use super::libvirt_client;
use super::log::{self, CapiLog};
use crate::audit_sys::process::trusted_variable;
use crate::config::{self, document::Document, own};
use crate::error::ConfigError;
use crate::log::{LogLevel, LogSink};
use crate::{Delivery, Error};
use std::ffi::{c_int, c_uint};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The queue's limit unless the caller sets one.
const DEFAULT_QUEUE_LIMIT: usize = 8192;

/// Whether `end_queue_at_exit` is registered.
static AT_EXIT: AtomicBool = AtomicBool::new(false);

fn set(delivery: Delivery) {
    let queued = matches!(delivery, Delivery::Queued { .. });
    if queued && !AT_EXIT.swap(true, Ordering::SeqCst) {
        // A daemon that ends without virAuditClose, as libvirtd does, loses nothing either.
        //
        // SAFETY: `end_queue_at_exit` takes nothing, and libc calls it before this library is unloaded.
        unsafe { libc::atexit(end_queue_at_exit) };
    }
    current::set_delivery(delivery);
}

extern "C" fn end_queue_at_exit() {
    quietly((), || {
        if let Some(auditor) = current::opened() {
            auditor.end_queue();
        }
    });
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditSetDelivery(how: c_int, queue_limit: usize) -> c_int {
    status(|| {
        set(match (how, queue_limit) {
            (0, _) => Delivery::Direct,
            (1, 0) => Delivery::Queued { limit: DEFAULT_QUEUE_LIMIT },
            (1, limit) => Delivery::Queued { limit },
            _ => {
                return Err(Problem::Argument(
                    "how is neither VIR_AUDIT_DIRECT nor VIR_AUDIT_QUEUED",
                ));
            }
        });
        Ok(())
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditFlush(timeout_ms: c_uint) -> c_int {
    status(|| {
        let wait = Duration::from_millis(timeout_ms.into());
        match current::opened() {
            Some(auditor) if !auditor.flush(wait) => Err(Problem::Library(Error::Io {
                what: "records are still queued".into(),
                source: io::Error::from_raw_os_error(libc::ETIMEDOUT),
            })),
            _ => Ok(()),
        }
    })
}

/// Reads the settings of a preloaded library. A missing file or key changes nothing, but for
/// `record_client`, which is then 0. Returns that setting.
fn configure_preloaded() -> Result<bool, ConfigError> {
    let path = trusted_variable("VIRAUDIT_CONF").unwrap_or_else(|| own::PATH.into());
    let path = Path::new(&path);
    let Some(text) = config::file::read(path)? else { return Ok(false) };
    let document = Document::parse(path, &text)?;
    let record_client = document.bool(own::RECORD_CLIENT)?.unwrap_or(false);
    let limit = match document.size(own::QUEUE_LIMIT)? {
        None | Some(0) => DEFAULT_QUEUE_LIMIT,
        Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    match document.string(own::DELIVERY)? {
        None => {}
        Some(b"direct") => set(Delivery::Direct),
        Some(b"queued") => set(Delivery::Queued { limit }),
        Some(_) => {
            let entry = document.get(own::DELIVERY);
            return entry
                .map_or(Ok(false), |entry| Err(document.unfit(entry, "\"direct\" or \"queued\"")));
        }
    }
    Ok(record_client)
}

/// Applies the settings of a preloaded library. An error in them is logged and nothing changes: a
/// guest must start, and its records be sent, whatever the file contains.
pub(super) fn configure_if_preloaded() {
    if !log::has_libvirt() {
        return;
    }
    let warn = |message: String| {
        CapiLog.log(LogLevel::Warning, current::caller("virAuditOpen"), &message);
    };
    match configure_preloaded() {
        Ok(record_client) => {
            if let Err(unusable) = libvirt_client::set_recording(record_client) {
                warn(unusable.to_string());
            }
        }
        Err(error) => warn(error.to_string()),
    }
}
