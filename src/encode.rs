//! The audit encoding of a value: quoted text, or upper-case hex.
//!
//! The rule is the kernel's and libaudit's: a value that holds a byte below 0x21, above 0x7E or a
//! double quote becomes the upper-case hex of its bytes, unquoted; any other stands in double
//! quotes. A missing value is the text `?`, so `"?"`.

pub(crate) mod byte;

use byte::decode_hex;
pub(crate) use byte::{MISSING, any, hex_pair, is_harmless, needs_hex};
use std::borrow::Cow;

/// The encoded form of `value`; `None` is a missing one.
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

/// How many bytes [`encode`] gives.
pub fn encoded_len(value: Option<&[u8]>) -> usize {
    let value = value.unwrap_or(MISSING);
    if any(value, needs_hex) { 2 * value.len() } else { value.len() + 2 }
}

/// Writes what [`encode`] gives to memory of the caller's.
///
/// # Panics
///
/// If `out` isn't [`encoded_len`] bytes long.
pub fn encode_into(value: Option<&[u8]>, out: &mut [u8]) {
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

/// The bytes of a value as it stands in a record: quoted, hex, or neither.
///
/// `None` when it is neither quoted nor hex, or when its quotes don't match.
pub fn decode(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    if let [b'"', inner @ .., b'"'] = text {
        return (!inner.contains(&b'"')).then_some(Cow::Borrowed(inner));
    }
    decode_hex(text).map(Cow::Owned)
}

/// The bytes of a value that libvirt leaves raw, as viraudit writes it: hex only where the plain
/// bytes could have done harm.
///
/// A harmless value that looks like the hex of a harmful one (`0A`) can't be told from it; it is
/// read as the harmful one, so that a reader always sees what may have been hidden.
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
