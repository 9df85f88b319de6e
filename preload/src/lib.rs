//! Preloaded next to libviraudit.so, this library makes an unmodified libvirtd send the records of
//! each guest start as one batch.
//!
//! It defines one symbol that libvirt has too, virDomainAuditStart, and so stands in front of
//! libvirt's own: it opens a batch of this thread, calls libvirt's with its arguments untouched,
//! and ends the batch. That is why it is a library apart: libviraudit.so, which daemons of any kind
//! link, never carries that name.
//!
//! What makes it safe: nothing is looked at behind the pointers, so libvirt's structures may have
//! any layout; without libviraudit.so in the process it is a mere detour; libvirt's function only
//! formats and sends records, so nothing else waits while the batch is open; and a thread that ends
//! in between has its batch sent by libviraudit.so.

#![allow(unsafe_code, non_snake_case)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;
use std::sync::OnceLock;

/// libvirt's virDomainAuditStart: the domain object, the reason, and whether the start succeeded.
type Start = unsafe extern "C" fn(*mut c_void, *const c_char, bool);

/// The functions that this one stands between.
struct Symbols {
    next: Option<Start>,
    begin: Option<unsafe extern "C" fn()>,
    end: Option<unsafe extern "C" fn() -> c_int>,
}

static SYMBOLS: OnceLock<Symbols> = OnceLock::new();

impl Symbols {
    fn find() -> Self {
        let next = lookup(libc::RTLD_NEXT, c"virDomainAuditStart");
        let begin = lookup(libc::RTLD_DEFAULT, c"virAuditBatchBegin");
        let end = lookup(libc::RTLD_DEFAULT, c"virAuditBatchEnd");
        Self {
            // SAFETY: the next definition of that name is libvirt's, with this signature since
            // libvirt 0.9; an Option of a function pointer is a pointer that may be NULL.
            next: unsafe { transmute::<*mut c_void, Option<Start>>(next) },
            // SAFETY: only libviraudit.so defines that name; viraudit.h declares it so.
            begin: unsafe { transmute::<*mut c_void, Option<unsafe extern "C" fn()>>(begin) },
            // SAFETY: as above.
            end: unsafe { transmute::<*mut c_void, Option<unsafe extern "C" fn() -> c_int>>(end) },
        }
    }
}

fn lookup(handle: *mut c_void, name: &CStr) -> *mut c_void {
    // SAFETY: the handle is one of dlsym's own, the name is NUL-terminated.
    unsafe { libc::dlsym(handle, name.as_ptr()) }
}

/// Stands in for libvirt's function of that name; drivers of libvirt call it.
///
/// # Safety
///
/// As for libvirt's own.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn virDomainAuditStart(
    vm: *mut c_void,
    reason: *const c_char,
    success: bool,
) {
    let symbols = SYMBOLS.get_or_init(Symbols::find);
    let Some(next) = symbols.next else { return };
    let (Some(begin), Some(end)) = (symbols.begin, symbols.end) else {
        // SAFETY: the caller's own arguments.
        unsafe { next(vm, reason, success) };
        return;
    };
    // SAFETY: it takes nothing and has no preconditions.
    unsafe { begin() };
    // SAFETY: the caller's own arguments.
    unsafe { next(vm, reason, success) };
    // SAFETY: it takes nothing; how it went is counted and logged by libviraudit.so.
    unsafe { end() };
}
