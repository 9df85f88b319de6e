//! A text in a record: bytes, because neither names nor paths on Linux need be UTF-8.

use std::borrow::Cow;
use std::ffi::{CStr, OsStr, OsString};
use std::fmt;
use std::ops::Deref;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Bytes that a record holds, borrowed from the caller where possible.
///
/// ```
/// use std::path::Path;
/// use viraudit::Value;
///
/// let value = Value::from(Path::new("/images/web1.qcow2"));
/// assert_eq!(value, "/images/web1.qcow2");
/// assert_eq!(value.as_path().extension(), Some("qcow2".as_ref()));
/// // Text for people, also where it isn't UTF-8.
/// assert_eq!(format!("{:?}", Value::new(b"g\xE4st")), r#""g\xe4st""#);
/// ```
///
/// With the feature `serde` a value is a string where it is UTF-8, else the sequence of its bytes,
/// as in journald's JSON: no byte is lost.
#[derive(Clone, PartialEq, Eq, Hash)]
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

    /// The value as a path.
    pub fn as_path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.0))
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

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

/// Conversions that borrow, each with the bytes of its type.
macro_rules! borrowed {
    ($($type:ty => |$text:ident| $bytes:expr;)+) => { $(
        impl<'a> From<&'a $type> for Value<'a> {
            fn from($text: &'a $type) -> Self {
                Self::new($bytes)
            }
        }
    )+ };
}

borrowed! {
    [u8] => |bytes| bytes;
    str => |text| text.as_bytes();
    String => |text| text.as_bytes();
    CStr => |text| text.to_bytes();
    OsStr => |text| text.as_bytes();
    Path => |path| path.as_os_str().as_bytes();
}

/// Conversions that take over, each with the bytes of its type.
macro_rules! owned {
    ($($type:ty => |$text:ident| $bytes:expr;)+) => { $(
        impl From<$type> for Value<'_> {
            fn from($text: $type) -> Self {
                Self(Cow::Owned($bytes))
            }
        }
    )+ };
}

owned! {
    Vec<u8> => |bytes| bytes;
    String => |text| text.into_bytes();
    OsString => |text| text.into_vec();
    PathBuf => |path| path.into_os_string().into_vec();
}

/// Comparisons with other types, each with the bytes of its type.
macro_rules! comparable {
    ($($type:ty => |$text:ident| $bytes:expr;)+) => { $(
        impl PartialEq<$type> for Value<'_> {
            fn eq(&self, $text: &$type) -> bool {
                *self.0 == *$bytes
            }
        }
    )+ };
}

comparable! {
    [u8] => |bytes| bytes;
    &[u8] => |bytes| *bytes;
    str => |text| text.as_bytes();
    &str => |text| text.as_bytes();
}

#[cfg(feature = "serde")]
impl serde::Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_seq(self.iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_becomes_a_value_and_compares_with_one() {
        let text = String::from("/a b");
        let path = Path::new("/a b");
        for value in [
            Value::from("/a b"),
            Value::from(&text),
            Value::from(text.clone()),
            Value::from(&b"/a b"[..]),
            Value::from(b"/a b".to_vec()),
            Value::from(c"/a b"),
            Value::from(OsStr::new("/a b")),
            Value::from(OsString::from("/a b")),
            Value::from(path),
            Value::from(path.to_owned()),
            Value::from(Cow::Borrowed("/a b")),
            Value::from(Cow::<str>::Owned(text.clone())),
            Value::from(Cow::Borrowed(&b"/a b"[..])),
        ] {
            assert_eq!(value, "/a b");
            assert_eq!(value, *"/a b");
            assert_eq!(value, b"/a b"[..]);
            assert_eq!(value, &b"/a b"[..]);
            assert_ne!(value, "/a");
            assert_eq!(value.as_path(), path);
        }
    }
}
