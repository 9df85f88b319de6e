//! libvirt's own functions, where libvirt is in this process.

use std::ffi::{CStr, c_void};

/// The address of a function in a scope of dlsym's, or null.
pub(super) fn symbol_in(scope: *mut c_void, name: &CStr) -> *mut c_void {
    // SAFETY: the scope is one of dlsym's own or from dlopen, and the name is a string.
    unsafe { libc::dlsym(scope, name.as_ptr()) }
}

/// The loaded libvirt. It may not be in the global scope: Python loads its libvirt module, and
/// libvirt with it, with RTLD_LOCAL.
pub(super) struct Loaded(*mut c_void);

/// libvirt, if it is in this process.
pub(super) fn loaded() -> Option<Loaded> {
    let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD;
    // SAFETY: the name is a string, and nothing is loaded. The handle is kept, so that libvirt stays
    // as long as its functions may be called.
    let libvirt = unsafe { libc::dlopen(c"libvirt.so.0".as_ptr(), flags) };
    (!libvirt.is_null()).then_some(Loaded(libvirt))
}

impl Loaded {
    /// The address of a function of libvirt's or of a library that it needs, or null.
    pub(super) fn symbol(&self, name: &CStr) -> *mut c_void {
        symbol_in(self.0, name)
    }
}
