//! The users of this host.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr;

/// The largest entry of the user database that is read, in bytes.
const ENTRY_MAX: usize = 1 << 20;

/// The name of a user.
pub(crate) fn name(uid: u32) -> Option<Vec<u8>> {
    let mut buffer = vec![0u8; 1024];
    loop {
        let mut entry = MaybeUninit::<libc::passwd>::uninit();
        let mut found = ptr::null_mut();
        let (start, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: all pointers are to live memory of the length given.
        let code = unsafe { libc::getpwuid_r(uid, entry.as_mut_ptr(), start, length, &mut found) };
        if code == libc::ERANGE && length < ENTRY_MAX {
            buffer.resize(length * 2, 0);
            continue;
        }
        if code != 0 || found.is_null() {
            return None;
        }
        // SAFETY: it was found, so the entry is initialised.
        let name = unsafe { entry.assume_init() }.pw_name;
        // SAFETY: the name is NUL-terminated and lies in the buffer.
        return Some(unsafe { CStr::from_ptr(name) }.to_bytes().to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names() {
        assert_eq!(name(0).as_deref(), Some(&b"root"[..]));
        assert_eq!(name(3_999_999_999), None);
    }
}
