//! Arguments from C, as types that encode whether the pointer may be NULL.
//!
//! Each type has the layout of the plain pointer, so the exported functions take it directly. Only
//! C creates the values. The header requires each pointer to be NULL, or valid until the call
//! returns.

use super::boundary::Problem;
use crate::record::{Change, Mac};
use crate::value::Value;
use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::marker::PhantomData;

/// A string that must not be NULL.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Text<'a>(MaybeText<'a>);

/// A string that may be NULL.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct MaybeText<'a> {
    pointer: *const c_char,
    lifetime: PhantomData<&'a CStr>,
}

/// An array of strings that ends with NULL.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Texts<'a> {
    first: *const MaybeText<'a>,
}

impl<'a> Texts<'a> {
    /// The strings. If the array itself is NULL, the error names the argument.
    pub(super) fn named(self, argument: &'static str) -> Result<Vec<&'a CStr>, Problem> {
        if self.first.is_null() {
            return Err(Problem::Null(argument));
        }
        let mut next = self.first;
        Ok(std::iter::from_fn(|| {
            // SAFETY: it comes from C, so an element follows each one that isn't NULL.
            let text = unsafe { next.read() }.get()?;
            next = next.wrapping_add(1);
            Some(text)
        })
        .collect())
    }
}

impl<'a> Text<'a> {
    /// The string. If it is NULL, the error names the argument.
    pub(super) fn named(self, argument: &'static str) -> Result<&'a CStr, Problem> {
        self.0.get().ok_or(Problem::Null(argument))
    }

    /// The string as a record's value.
    pub(super) fn value(self, argument: &'static str) -> Result<Value<'a>, Problem> {
        self.named(argument).map(Value::from)
    }
}

impl<'a> MaybeText<'a> {
    /// The string, unless it is NULL.
    pub(super) fn get(self) -> Option<&'a CStr> {
        // SAFETY: it comes from C, so it is NULL or a string that lives as long as the call.
        (!self.pointer.is_null()).then(|| unsafe { CStr::from_ptr(self.pointer) })
    }

    /// The string for a log line, or "". File and function names are nearly always ASCII, so the
    /// quick check comes first.
    pub(super) fn shown(self) -> Cow<'a, str> {
        let text = self.get().unwrap_or_default();
        if text.to_bytes().is_ascii() {
            // SAFETY: ASCII is UTF-8.
            return Cow::Borrowed(unsafe { std::str::from_utf8_unchecked(text.to_bytes()) });
        }
        text.to_string_lossy()
    }

    /// The string as a record's value.
    pub(super) fn value(self) -> Option<Value<'a>> {
        self.get().map(Value::from)
    }
}

/// A path before and after a change.
pub(super) fn change<'a>(old: MaybeText<'a>, new: MaybeText<'a>) -> Change<'a> {
    Change { old: old.value(), new: new.value() }
}

/// A MAC address.
pub(super) fn mac(bytes: Option<&[u8; 6]>) -> Option<Mac> {
    bytes.copied().map(Mac)
}
