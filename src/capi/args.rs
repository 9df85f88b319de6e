//! What C hands over, as types that know whether it may be NULL.
//!
//! Each has the layout of the plain pointer, so they stand in the functions' signatures. Only C
//! makes them, and the header obliges C to pass NULL or what the pointer's type says, alive for
//! as long as the call takes.

use super::boundary::Problem;
use crate::record::{Change, Mac};
use crate::value::Value;
use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::marker::PhantomData;

/// A string that has to be there.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct Text<'a>(MaybeText<'a>);

/// A string that is missing when it is NULL.
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
    /// The strings; NULL in place of the array is an error that names the argument.
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
    /// The string; NULL is an error that names the argument.
    pub(super) fn named(self, argument: &'static str) -> Result<&'a CStr, Problem> {
        self.0.get().ok_or(Problem::Null(argument))
    }

    /// The same as a record's value.
    pub(super) fn value(self, argument: &'static str) -> Result<Value<'a>, Problem> {
        self.named(argument).map(Value::from)
    }
}

impl<'a> MaybeText<'a> {
    /// The string, if there is one.
    pub(super) fn get(self) -> Option<&'a CStr> {
        // SAFETY: it comes from C, so it is NULL or a string that lives as long as the call.
        (!self.pointer.is_null()).then(|| unsafe { CStr::from_ptr(self.pointer) })
    }

    /// The string for a log line, empty where there is none. Names of files and functions are
    /// UTF-8, which is fast to see.
    pub(super) fn shown(self) -> Cow<'a, str> {
        let text = self.get().unwrap_or_default();
        text.to_str().map_or_else(|_| text.to_string_lossy(), Cow::Borrowed)
    }

    /// The same as a record's value.
    pub(super) fn value(self) -> Option<Value<'a>> {
        self.get().map(Value::from)
    }
}

/// A path before and after.
pub(super) fn change<'a>(old: MaybeText<'a>, new: MaybeText<'a>) -> Change<'a> {
    Change { old: old.value(), new: new.value() }
}

/// A MAC address.
pub(super) fn mac(bytes: Option<&[u8; 6]>) -> Option<Mac> {
    bytes.copied().map(Mac)
}
