//! `key=value` words and the decoding of their values.

use std::borrow::Cow;
use std::str::FromStr;
use viraudit::encode::{decode, decode_raw};
use viraudit::internal::encode::MISSING;

/// A word of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// The offset of the word.
    pub(crate) at: usize,
    /// The key; empty if the word has none.
    pub(crate) key: &'a [u8],
    /// The encoded value.
    pub(crate) value: &'a [u8],
}

/// The words of a text, separated by blanks.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
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
            // Keys are short: memchr is made for longer texts.
            let (key, value) = match word.iter().position(|&byte| byte == b'=') {
                Some(end) => (&word[..end], &word[end + 1..]),
                None => (&word[..0], word),
            };
            return Some(Field { at, key, value });
        }
    }
}

/// The word at the beginning of a text, and the rest from the blank on.
#[inline]
pub(crate) fn word(text: &[u8]) -> (&[u8], &[u8]) {
    // Most words are short: eight bytes are compared at once before memchr is called.
    let len = match text.first_chunk() {
        Some(front) => match first_blank(*front) {
            8 => memchr::memchr(b' ', &text[8..]).map_or(text.len(), |at| at + 8),
            at => at,
        },
        None => text.iter().position(|&byte| byte == b' ').unwrap_or(text.len()),
    };
    text.split_at(len)
}

/// The offset of the first blank; 8 if there is none.
#[inline]
fn first_blank(text: [u8; 8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    // Blanks become zeros. The first zero is the first byte to borrow.
    let text = u64::from_le_bytes(text) ^ u64::from_le_bytes([b' '; 8]);
    (text.wrapping_sub(ONES) & !text & HIGH).trailing_zeros() as usize / 8
}

/// The encoded value of the first word with this key.
pub(crate) fn find<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    Fields::new(text).find(|field| field.key == key).map(|field| field.value)
}

/// Parses a number. A plus sign is rejected: the kernel and libvirt never write one.
pub(crate) fn number<N: FromStr>(text: &[u8]) -> Option<N> {
    if text.first() == Some(&b'+') {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Parses a number of at most nineteen digits.
#[inline]
pub(crate) fn few_digits(text: &[u8]) -> Option<u64> {
    // Faster without an early exit.
    let mut all = true;
    let value = text.iter().fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        all &= digit < 10;
        value * 10 + u64::from(digit)
    });
    all.then_some(value)
}

/// Decodes a quoted or hex value. Any other text is its own value: old programs don't encode.
pub(crate) fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    decode(text).unwrap_or(Cow::Borrowed(text))
}

/// Decodes a value; `None` for the placeholder `?` and for an empty one.
pub(crate) fn decoded_option(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    Some(decoded(text)).filter(|value| !value.is_empty() && **value != *MISSING)
}

/// Decodes a value that libvirt doesn't encode; `None` for the placeholder `?` and for an empty
/// one.
pub(crate) fn raw_option(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    Some(decode_raw(text)).filter(|value| !value.is_empty() && **value != *MISSING)
}

/// Decodes a value of the kernel: quoted, hex or plain; `None` for `(null)`, `(none)` and `?`.
pub(crate) fn kernel_text(text: &[u8]) -> Option<Cow<'_, [u8]>> {
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
