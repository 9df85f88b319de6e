//! A text in a record: bytes, because neither names nor paths on Linux need be UTF-8.

use std::borrow::Cow;
use std::ffi::{CStr, OsStr};
use std::fmt;
use std::ops::Deref;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Bytes that a record holds, borrowed from the caller where it can be.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value<'a>(Cow<'a, [u8]>);

impl<'a> Value<'a> {
    /// A borrowed value.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(Cow::Borrowed(bytes))
    }

    /// The same value, borrowed: no allocation.
    pub fn borrowed(&self) -> Value<'_> {
        Value::new(&self.0)
    }

    /// The same value, owning its bytes.
    pub fn into_owned(self) -> Value<'static> {
        Value(Cow::Owned(self.0.into_owned()))
    }

    /// The bytes, borrowed or owned as they are held.
    pub fn into_cow(self) -> Cow<'a, [u8]> {
        self.0
    }

    /// The value as text for people; bytes that aren't UTF-8 are replaced.
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl Deref for Value<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl<'a> From<Cow<'a, [u8]>> for Value<'a> {
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        Self(bytes)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::new(bytes)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text.as_bytes())
    }
}

impl<'a> From<&'a CStr> for Value<'a> {
    fn from(text: &'a CStr) -> Self {
        Self::new(text.to_bytes())
    }
}

impl<'a> From<&'a OsStr> for Value<'a> {
    fn from(text: &'a OsStr) -> Self {
        Self::new(text.as_bytes())
    }
}

impl<'a> From<&'a Path> for Value<'a> {
    fn from(path: &'a Path) -> Self {
        Self::new(path.as_os_str().as_bytes())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text.into_bytes()))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Cow::Owned(bytes))
    }
}
