//! Preloaded next to libviraudit.so, this library makes an unmodified libvirtd send the records of
//! each guest start as one batch.
//!
//! It defines one symbol that libvirt has too, virDomainAuditStart, and so replaces libvirt's own: it
//! opens a batch of this thread, calls libvirt's with its arguments untouched, and ends the batch.
//! That is why it is a library of its own: libviraudit.so, which daemons of any kind link, never
//! carries that name.
//!
//! It is safe because nothing is read behind the pointers, so libvirt's structures may have any
//! layout; without libviraudit.so in the process it only passes the call on; libvirt's function only
//! formats and sends records, so nothing else waits while the batch is open; and libviraudit.so sends
//! the batch of a thread that ends in between.

#![allow(unsafe_code, non_snake_case)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io::Write;
use std::mem::transmute;
use std::sync::{Once, OnceLock};

/// libvirt's virDomainAuditStart: the domain object, the reason, and whether the start succeeded.
type Start = unsafe extern "C" fn(*mut c_void, *const c_char, bool);

/// libvirt's own definition.
static NEXT: OnceLock<Start> = OnceLock::new();

/// libviraudit.so's functions around a batch.
static BATCH: OnceLock<Batch> = OnceLock::new();

struct Batch {
    begin: unsafe extern "C" fn(),
    end: unsafe extern "C" fn() -> c_int,
}

/// Looks the function up until it is found: libvirt may be loaded later.
fn next() -> Option<Start> {
    if let Some(next) = NEXT.get() {
        return Some(*next);
    }
    let found = lookup(libc::RTLD_NEXT, c"virDomainAuditStart", c"libvirt.so.0");
    // SAFETY: the next definition of that name is libvirt's, with this signature since libvirt
    // 0.9; an Option of a function pointer is a pointer that may be NULL.
    let next = unsafe { transmute::<*mut c_void, Option<Start>>(found) }?;
    Some(*NEXT.get_or_init(|| next))
}

fn batch() -> Option<&'static Batch> {
    if BATCH.get().is_none() {
        let begin = lookup(libc::RTLD_DEFAULT, c"virAuditBatchBegin", c"libviraudit.so.0");
        let end = lookup(libc::RTLD_DEFAULT, c"virAuditBatchEnd", c"libviraudit.so.0");
        // SAFETY: only libviraudit.so defines that name; viraudit.h declares it so.
        let begin = unsafe { transmute::<*mut c_void, Option<unsafe extern "C" fn()>>(begin) }?;
        // SAFETY: as above.
        let end =
            unsafe { transmute::<*mut c_void, Option<unsafe extern "C" fn() -> c_int>>(end) }?;
        return Some(BATCH.get_or_init(|| Batch { begin, end }));
    }
    BATCH.get()
}

/// A symbol in the program's own scope, else in a loaded library. The scope lacks a library that was
/// loaded with RTLD_LOCAL, as Python loads its libvirt module and libvirt with it.
fn lookup(scope: *mut c_void, name: &CStr, library: &CStr) -> *mut c_void {
    // SAFETY: the handle is one of dlsym's own, the name is NUL-terminated.
    let found = unsafe { libc::dlsym(scope, name.as_ptr()) };
    if !found.is_null() {
        return found;
    }
    // SAFETY: the name is NUL-terminated; nothing is loaded. The handle is kept: the library must
    // stay as long as its function is called.
    let library = unsafe { libc::dlopen(library.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
    if library.is_null() {
        return library;
    }
    // SAFETY: dlopen gave the handle, the name is NUL-terminated.
    unsafe { libc::dlsym(library, name.as_ptr()) }
}

/// Where the dynamic linker complains about a preloaded library, too.
fn complain() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = std::io::stderr().write_all(
            b"libviraudit_preload.so: no libvirt.so.0 with virDomainAuditStart is loaded; \
              a guest's start was not recorded\n",
        );
    });
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
    let Some(next) = next() else { return complain() };
    let Some(batch) = batch() else {
        // SAFETY: the caller's own arguments.
        unsafe { next(vm, reason, success) };
        return;
    };
    // SAFETY: it takes nothing and has no preconditions.
    unsafe { (batch.begin)() };
    // SAFETY: the caller's own arguments.
    unsafe { next(vm, reason, success) };
    // SAFETY: it takes nothing; libviraudit.so counts and logs what the batch came to.
    unsafe { (batch.end)() };
}
