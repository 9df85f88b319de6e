//! The rule for one byte, and the digits of hex.

/// The text of a missing value.
pub const MISSING: &[u8] = b"?";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Whether the byte makes an encoded value hex.
pub const fn needs_hex(byte: u8) -> bool {
    byte < 0x21 || byte > 0x7E || byte == b'"'
}

/// Whether the byte is safe in a value that libvirt leaves raw: it starts no field or line, and
/// doesn't end `msg='...'`.
pub const fn is_harmless(byte: u8) -> bool {
    !needs_hex(byte) && byte != b'\''
}

/// Whether any byte passes the test. Tests all of them, which vectorises: for most values that is
/// faster than stopping at the first.
#[inline]
pub(crate) fn any(bytes: &[u8], test: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |found, &byte| found | test(byte))
}

/// The two hex digits of a byte.
pub const fn hex_pair(byte: u8) -> [u8; 2] {
    [HEX[(byte >> 4) as usize], HEX[(byte & 15) as usize]]
}

/// Decodes upper-case hex; `None` for anything else, and for an empty text.
pub fn decode_hex(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| HEX.iter().position(|&hex| hex == byte).map(|at| at as u8);
    text.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
