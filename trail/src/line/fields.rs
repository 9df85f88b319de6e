//! `key=value` words, and what is behind their values.

use std::borrow::Cow;
use std::str::FromStr;
use viraudit::encode::{decode, decode_raw};
use viraudit::internal::encode::MISSING;

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

/// The word at a text's beginning, and what stands behind it, from the blank on.
#[inline]
pub(crate) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    // Most are short: eight bytes are looked at at once, and no search made for long texts is
    // started before.
    let len = match text.first_chunk() {
        Some(front) => match first_blank(*front) {
            8 => memchr::memchr(b' ', &text[8..]).map_or(text.len(), |at| at + 8),
            at => at,
        },
        None => text.iter().position(|&byte| byte == b' ').unwrap_or(text.len()),
    };
    text.split_at(len)
}

/// Where the first blank is; 8 where there is none.
#[inline]
fn first_blank(text: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // Blanks become zeros, the first of which is the first byte to borrow.
    let text = u64::from_le_bytes(text) ^ u64::from_le_bytes([b' '; 8]);
    (text.wrapping_sub(ONES) & !text & HIGH).trailing_zeros() as usize / 8
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

/// A number of a few digits, at most nineteen, and of nothing else.
#[inline]
pub(crate) fn few_digits(text: &[u8]) -> Option<u64> {
    // Without a way out in the middle, which is faster.
    let mut all = true;
    let value = text.iter().fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        all &= digit < 10;
        value * 10 + u64::from(digit)
    });
    all.then_some(value)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_word_ends_at_the_first_blank(text in prop::collection::vec(prop_oneof![
            Just(b' '), Just(b'!'), Just(0x1F), Just(0xA0), Just(0), Just(b'a'), any::<u8>()
        ], 0..24)) {
            let end = text.iter().position(|&byte| byte == b' ').unwrap_or(text.len());
            prop_assert_eq!(word(&text), text.split_at(end));
        }
    }
}
