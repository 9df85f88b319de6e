//! Opening and closing, and turning the log on and off.

use super::args::{MaybeText, Text};
use super::boundary::{Problem, quietly, status};
use super::current::{self, open};
use super::delivery;
use super::mock;
use super::target::Target;
use crate::config::{self, Config};
use crate::memory;
use crate::{Error, FileBackend, KernelBackend};
use std::ffi::{CStr, OsStr, c_int, c_uint};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Opens the kernel, or in its place the mock host, or the target that is chosen from outside.
fn open_host(level: u32) -> Result<(), Problem> {
    if let Some(host) = mock::host() {
        return open(host.backend, level, host.counters);
    }
    // At level 0, nothing is sent anywhere.
    match if level > 0 { Target::chosen() } else { Target::Kernel } {
        Target::Kernel => open(KernelBackend, level, current::counters()),
        Target::File(path) => open(FileBackend::new(path), level, current::counters()),
        Target::Mock => mock::open_target(level),
    }
}

/// The settings in a file, or in that of the host's daemon. The mock may replace the latter.
fn config(path: Option<&CStr>) -> Result<Config, Error> {
    let default = Path::new(config::DEFAULT_PATH);
    let config = match (path, mock::host()) {
        (Some(path), _) => Config::load(Path::new(OsStr::from_bytes(path.to_bytes()))),
        (None, Some(host)) => Config::parse(default, &host.config),
        (None, None) => Config::load_host(),
    };
    Ok(config?)
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditOpen(audit_level: c_uint) -> c_int {
    status(|| {
        memory::ensure(memory::OPENING)?;
        delivery::configure_if_preloaded();
        open_host(audit_level)
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditOpenConfig(path: MaybeText<'_>) -> c_int {
    status(|| {
        memory::ensure(memory::OPENING)?;
        // libvirtd doesn't start with a file that it can't read.
        current::set_required(true);
        let Config { audit_level, audit_logging } = config(path.get())?;
        current::set_logging(audit_logging);
        open_host(audit_level)
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditRequired() -> bool {
    quietly(true, current::required)
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditOpenFile(path: Text<'_>) -> c_int {
    status(|| {
        memory::ensure(memory::OPENING)?;
        let path = Path::new(OsStr::from_bytes(path.named("path")?.to_bytes()));
        open(FileBackend::new(path), 1, current::counters())
    })
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditClose() {
    quietly((), || {
        if let Some(auditor) = current::opened() {
            auditor.shut();
        }
    });
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditLog(enabled: bool) {
    quietly((), || current::set_logging(enabled));
}
