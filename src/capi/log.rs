//! The log of a C program: its own function, else libvirt's log, else the `log` crate.

use super::boundary::quietly;
use super::fork_slot::ForkSlot;
use super::libvirt;
use crate::Failure;
use crate::log::{Caller, LogCrate, LogLevel, LogSink};
use crate::memory;
use std::cell::{Cell, UnsafeCell};
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::mem::offset_of;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// The header's virAuditLogFunc.
type LogFunc = unsafe extern "C" fn(
    opaque: *mut c_void,
    level: c_uint,
    file: *const c_char,
    line: usize,
    function: *const c_char,
    message: *const c_char,
);

struct Callback {
    func: LogFunc,
    opaque: *mut c_void,
}

// SAFETY: the header says that `func` is called with `opaque` from any thread.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

static CALLBACK: ForkSlot<Callback> = ForkSlot::new();

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditSetLogFunc(func: Option<LogFunc>, opaque: *mut c_void) {
    quietly((), || {
        CALLBACK.replace(func.map(|func| Arc::new(Callback { func, opaque })));
    });
}

/// The log of a C program.
pub(super) struct CapiLog;

impl LogSink for CapiLog {
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str) {
        if let Some(callback) = CALLBACK.get() {
            callback.log(level, caller, message);
        } else if let Some(libvirt) = vir_log_message() {
            log_to_libvirt(libvirt, level, caller, message);
        } else {
            LogCrate.log(level, caller, message);
        }
    }
}

impl Callback {
    fn log(&self, level: LogLevel, caller: Caller<'_>, message: &str) {
        let Ok([file, function, message]) = c_texts([caller.file, caller.function, message]) else {
            return;
        };
        let level = match level {
            LogLevel::Info => 0,
            LogLevel::Warning => 1,
        };
        let (opaque, line) = (self.opaque, caller.line);
        // SAFETY: the header says what `func` must be able to take.
        unsafe {
            (self.func)(opaque, level, file.as_ptr(), line, function.as_ptr(), message.as_ptr());
        }
    }
}

/// The texts up to their first NUL, for C.
fn c_texts(texts: [&str; 3]) -> Result<[CString; 3], Failure> {
    let [file, function, message] = texts.map(|text| {
        let text = text.split('\0').next().unwrap_or_default();
        let mut bytes = memory::with_room(text.len() + 1)?;
        bytes.extend_from_slice(text.as_bytes());
        Ok(CString::new(bytes).unwrap_or_default())
    });
    Ok([file?, function?, message?])
}

/// libvirt's description of a module that logs, as of libvirt 9.0.0. libvirt looks up the filter
/// for the name, and keeps the result in the numbers.
#[repr(C)]
pub(super) struct VirLogSource {
    name: *const c_char,
    priority: c_uint,
    serial: c_uint,
    /// In case a later libvirt has more members.
    reserve: [usize; 8],
}

/// The source for callers without one.
struct OwnSource(UnsafeCell<VirLogSource>);

// SAFETY: only libvirt touches it, under its own lock.
unsafe impl Sync for OwnSource {}

static OWN_SOURCE: OwnSource = OwnSource(UnsafeCell::new(VirLogSource {
    // The name of libvirt's own module, so that an administrator's filter for it applies.
    name: c"util.audit".as_ptr(),
    priority: 0,
    serial: 0,
    reserve: [0; 8],
}));

thread_local! {
    /// The source of the call that this thread is in.
    static SOURCE: Cell<*mut VirLogSource> = const { Cell::new(ptr::null_mut()) };
}

/// Runs `call`, and logs with the caller's `source` meanwhile.
pub(super) fn with_source<R>(source: *mut VirLogSource, call: impl FnOnce() -> R) -> R {
    struct Restore(*mut VirLogSource);
    impl Drop for Restore {
        fn drop(&mut self) {
            SOURCE.set(self.0);
        }
    }
    let _restore = Restore(SOURCE.replace(source));
    call()
}

/// libvirt's private logging function, as of libvirt 9.0.0.
type VirLogMessage = unsafe extern "C" fn(
    source: *mut VirLogSource,
    priority: c_int,
    filename: *const c_char,
    linenr: c_int,
    funcname: *const c_char,
    metadata: *mut c_void,
    format: *const c_char,
    ...
);

const VIR_LOG_INFO: c_int = 2;
const VIR_LOG_WARN: c_int = 3;

/// The name of libvirt's logging function.
const NAME: &CStr = c"virLogMessage";

/// libvirt's function if it is in this process. The global scope may change with each library that
/// is loaded or unloaded, so only a function from elsewhere is kept. Without any, the search is
/// repeated only after another library was loaded.
fn vir_log_message() -> Option<VirLogMessage> {
    static LOCAL: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
    static ABSENT_AT: AtomicU64 = AtomicU64::new(u64::MAX);
    let mut symbol = LOCAL.load(Ordering::Acquire);
    if symbol.is_null() {
        // Counted before the search: what is loaded meanwhile is looked for next time.
        let loaded = loaded();
        if loaded == ABSENT_AT.load(Ordering::Relaxed) {
            return None;
        }
        symbol = libvirt::symbol_in(libc::RTLD_DEFAULT, NAME);
        if symbol.is_null() {
            symbol = libvirt::loaded().map_or(ptr::null_mut(), |libvirt| libvirt.symbol(NAME));
            LOCAL.store(symbol, Ordering::Release);
        }
        if symbol.is_null() {
            ABSENT_AT.store(loaded, Ordering::Relaxed);
        }
    }
    // SAFETY: nobody but libvirt has a function of that name, and a null one becomes None.
    unsafe { std::mem::transmute::<*mut c_void, Option<VirLogMessage>>(symbol) }
}

/// How many libraries were loaded in this process so far.
fn loaded() -> u64 {
    /// Reads the count from the first library's description.
    unsafe extern "C" fn read(
        info: *mut libc::dl_phdr_info,
        size: usize,
        count: *mut c_void,
    ) -> c_int {
        if size >= offset_of!(libc::dl_phdr_info, dlpi_adds) + size_of::<c_ulonglong>() {
            // SAFETY: the C library's description has that member.
            let adds = unsafe { (*info).dlpi_adds };
            // SAFETY: it is `loaded`'s.
            unsafe { count.cast::<u64>().write(adds) };
        }
        1
    }
    // The searches are all repeated if the C library doesn't count.
    static UNKNOWN: AtomicU64 = AtomicU64::new(0);
    let mut count = u64::MAX;
    // SAFETY: `read` gets the number behind the pointer.
    unsafe { libc::dl_iterate_phdr(Some(read), (&raw mut count).cast()) };
    if count == u64::MAX { UNKNOWN.fetch_add(1, Ordering::Relaxed) } else { count }
}

/// Whether libvirt is in this process.
pub(super) fn has_libvirt() -> bool {
    vir_log_message().is_some()
}

fn log_to_libvirt(log: VirLogMessage, level: LogLevel, caller: Caller<'_>, message: &str) {
    let Ok([file, function, message]) = c_texts([caller.file, caller.function, message]) else {
        return;
    };
    let priority = match level {
        LogLevel::Info => VIR_LOG_INFO,
        LogLevel::Warning => VIR_LOG_WARN,
    };
    let given = SOURCE.get();
    let source = if given.is_null() { OWN_SOURCE.0.get() } else { given };
    let line = c_int::try_from(caller.line).unwrap_or(0);
    // SAFETY: the source is the caller's, who had it from libvirt, or has its layout; the strings
    // live, the format takes one of them, and no metadata is allowed.
    unsafe {
        log(
            source,
            priority,
            file.as_ptr(),
            line,
            function.as_ptr(),
            ptr::null_mut(),
            c"%s".as_ptr(),
            message.as_ptr(),
        );
    }
}
