//! The audit encoding of a value: quoted text, or upper-case hex.
//!
//! The rule is that of the kernel and libaudit. A value that has a byte below 0x21, a byte above
//! 0x7E or a double quote is written as the upper-case hex of its bytes, without quotes. Any other
//! value is written in double quotes. A missing value is the text `?`, so `"?"`.

pub(crate) mod byte;

use byte::decode_hex;
pub(crate) use byte::{MISSING, any, hex_pair, is_harmless, needs_hex};
use std::borrow::Cow;

/// Encodes `value`; `None` is a missing value.
///
/// ```
/// use viraudit::encode::encode;
/// assert_eq!(encode(Some(b"web1")), br#""web1""#);
/// assert_eq!(encode(Some(b"a b")), b"612062");
/// assert_eq!(encode(None), br#""?""#);
/// ```
pub fn encode(value: Option<&[u8]>) -> Vec<u8> {
    let mut text = vec![0; encoded_len(value)];
    encode_into(value, &mut text);
    text
}

/// The length of the result of [`encode`].
pub(crate) fn encoded_len(value: Option<&[u8]>) -> usize {
    let value = value.unwrap_or(MISSING);
    if any(value, needs_hex) { 2 * value.len() } else { value.len() + 2 }
}

/// Writes the result of [`encode`] to `out`.
///
/// # Panics
///
/// If `out` isn't [`encoded_len`] bytes long.
pub(crate) fn encode_into(value: Option<&[u8]>, out: &mut [u8]) {
    let value = value.unwrap_or(MISSING);
    if any(value, needs_hex) {
        let (pairs, _) = out.as_chunks_mut::<2>();
        pairs.iter_mut().zip(value).for_each(|(pair, &byte)| *pair = hex_pair(byte));
    } else if let [first, inner @ .., last] = out {
        *first = b'"';
        inner.copy_from_slice(value);
        *last = b'"';
    }
}

/// Decodes a value that is quoted or hex; `None` if it is neither.
pub fn decode(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if let [b'"', inner @ .., b'"'] = text {
        return (!inner.contains(&b'"')).then_some(Cow::Borrowed(inner));
    }
    decode_hex(text).map(Cow::Owned)
}

/// Decodes a value that libvirt leaves raw. viraudit writes such a value as hex only if its bytes
/// could forge a field or a line.
///
/// A harmless value may look like the hex of a harmful one, such as `0A`. It is decoded, so that a
/// reader always sees what may have been hidden.
pub fn decode_raw(text: &[u8]) -> Cow<'_, [u8]> {
    match decode_hex(text) {
        Some(bytes) if !bytes.iter().copied().all(is_harmless) => Cow::Owned(bytes),
        _ => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_plain_or_hex_as_the_rule_says() {
        for byte in 0..=255u8 {
            let hex = !(0x21..=0x7E).contains(&byte) || byte == b'"';
            let expected = if hex {
                format!("2F{byte:02X}2F").into_bytes()
            } else {
                vec![b'"', b'/', byte, b'/', b'"']
            };
            assert_eq!(encode(Some(&[b'/', byte, b'/'])), expected, "byte {byte:#x}");
        }
    }

    #[test]
    fn table_of_values() {
        let table: &[(Option<&[u8]>, &[u8])] = &[
            (None, b"\"?\""),
            (Some(b""), b"\"\""),
            (Some(b"?"), b"\"?\""),
            (Some(b"it's"), b"\"it's\""),
            (Some("日本".as_bytes()), b"E697A5E69CAC"),
            (Some(b"USB redirdev"), b"555342207265646972646576"),
        ];
        for (value, expected) in table {
            assert_eq!(encode(*value), *expected);
            assert_eq!(decode(expected).as_deref(), Some(value.unwrap_or(b"?")));
        }
    }

    #[test]
    fn text_that_is_no_encoded_value_does_not_decode() {
        for text in [&b""[..], b"\"", b"\"a", b"a\"", b"\"a\"b\"", b"ABC", b"ab", b"0G"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    #[test]
    fn raw_values_decode_only_what_had_to_be_hidden() {
        assert_eq!(&*decode_raw(b"s0:c1,c2"), b"s0:c1,c2");
        assert_eq!(&*decode_raw(b"ABCD1234"), b"\xAB\xCD\x124");
        assert_eq!(&*decode_raw(b"4142"), b"4142");
        assert_eq!(&*decode_raw(b"2F746D702F612062"), b"/tmp/a b");
    }
}
