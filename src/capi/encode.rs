//! `key=value` with the value encoded.

use super::args::{MaybeText, Text};
use super::boundary::{Problem, guard};
use crate::Error;
use std::ffi::c_char;
use std::io;
use std::ptr;

#[unsafe(no_mangle)]
extern "C" fn virAuditEncode(key: Text<'_>, value: MaybeText<'_>) -> *mut c_char {
    guard(ptr::null_mut(), || {
        let key = key.named("key")?.to_bytes();
        let value = crate::encode::encode(value.get().map(|value| value.to_bytes()));
        malloc_text([key, b"=", &value, b"\0"])
    })
}

/// The concatenation of `parts`, which the caller releases with `free`.
fn malloc_text(parts: [&[u8]; 4]) -> Result<*mut c_char, Problem> {
    let text = parts.concat();
    // SAFETY: malloc has no preconditions.
    let copy = unsafe { libc::malloc(text.len()) }.cast::<u8>();
    if copy.is_null() {
        let source = io::Error::from_raw_os_error(libc::ENOMEM);
        return Err(Error::Io { what: "can't encode a value".into(), source }.into());
    }
    // SAFETY: the room is new, and as long as the text.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), copy, text.len()) };
    Ok(copy.cast())
}
