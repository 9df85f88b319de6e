//! virAuditEncode: `key=value` with the value encoded.

use super::args::{MaybeText, Text};
use super::boundary::{Problem, guard};
use crate::Failure;
use crate::encode::{encode_into, encoded_len};
use std::ffi::c_char;
use std::ptr;

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditEncode(key: Text<'_>, value: MaybeText<'_>) -> *mut c_char {
    guard(ptr::null_mut(), || {
        let key = key.named("key")?.to_bytes();
        let value = value.get().map(|value| value.to_bytes());
        let text = malloc(key.len() + 1 + encoded_len(value) + 1)?;
        let (head, tail) = text.split_at_mut(key.len());
        head.copy_from_slice(key);
        if let [equals, encoded @ .., nul] = tail {
            *equals = b'=';
            encode_into(value, encoded);
            *nul = 0;
        }
        Ok(text.as_mut_ptr().cast())
    })
}

/// Memory that the caller releases with `free`. virAuditEncode allocates nothing else, so it can
/// report ENOMEM.
fn malloc(len: usize) -> Result<&'static mut [u8], Problem> {
    // SAFETY: calloc has no preconditions.
    let memory = unsafe { libc::calloc(len, 1) }.cast::<u8>();
    if memory.is_null() {
        return Err(Failure::Os(libc::ENOMEM).into());
    }
    // SAFETY: the memory is new, that long, and all zeros.
    Ok(unsafe { std::slice::from_raw_parts_mut(memory, len) })
}
