//! `key=value` words, and what is behind their values.

use std::borrow::Cow;
use std::str::FromStr;
use viraudit::encode::{MISSING, decode, decode_raw};

/// One word of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Where the word stands.
    pub at: usize,
    /// Its key; empty when it has none.
    pub key: &'a [u8],
    /// Its value, as it stands there.
    pub value: &'a [u8],
}

/// The words of a text, with blanks between them.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// The words of `text`.
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        loop {
            let at = self.at;
            let rest = self.text.get(at..).filter(|rest| !rest.is_empty())?;
            let len = memchr::memchr(b' ', rest).unwrap_or(rest.len());
            self.at = at + len + 1;
            if len == 0 {
                continue;
            }
            let word = &rest[..len];
            // Keys are short: no need for a search that is made for long texts.
            let (key, value) = match word.iter().position(|&byte| byte == b'=') {
                Some(end) => (&word[..end], &word[end + 1..]),
                None => (&word[..0], word),
            };
            return Some(Field { at, key, value });
        }
    }
}

/// The first value of `key`, as it stands there.
pub fn find<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    Fields::new(text).find(|field| field.key == key).map(|field| field.value)
}

/// A number without a plus sign.
pub fn number<N: FromStr>(text: &[u8]) -> Option<N> {
    if text.first() == Some(&b'+') {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// An encoded value's bytes: quoted or hex. Anything else stands for itself, as records of old
/// programs have it.
pub fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    decode(text).unwrap_or(Cow::Borrowed(text))
}

/// The same, `None` for the missing value `?` and for none at all.
pub fn decoded_option(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    Some(decoded(text)).filter(|value| !value.is_empty() && **value != *MISSING)
}

/// A value that libvirt leaves raw; `None` for the missing value `?`.
pub fn raw_option(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    Some(decode_raw(text)).filter(|value| !value.is_empty() && **value != *MISSING)
}

/// A value of the kernel's: quoted, hex, `(null)`, `(none)` or bare.
pub fn kernel_text(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    match text {
        b"(null)" | b"(none)" | b"?" | b"" | b"\"?\"" => None,
        _ => Some(decoded(text)),
    }
}
