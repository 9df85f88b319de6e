//! Numbers as C's `strtoul` and `strtol` read them: blanks, a sign and digits; the rest is ignored.

/// An unsigned decimal number; `None` if it doesn't fit. A minus sign wraps it around; a text without
/// digits is 0.
pub(crate) fn unsigned(text: &[u8]) -> Option<u64> {
    let (negative, digits) = sign(text);
    let mut value = 0u64;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    Some(if negative { value.wrapping_neg() } else { value })
}

/// A signed decimal number; `None` if it doesn't fit.
pub(crate) fn signed(text: &[u8]) -> Option<i64> {
    let (negative, digits) = sign(text);
    let mut value = 0i64;
    for digit in digits.iter().take_while(|byte| byte.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        value = value.checked_mul(10)?.checked_add(if negative { -digit } else { digit })?;
    }
    Some(value)
}

/// Whether there is a minus sign, and what follows blanks and sign.
fn sign(text: &[u8]) -> (bool, &[u8]) {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    match &text[blanks..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_in_c() {
        assert_eq!(unsigned(b" 12x"), Some(12));
        assert_eq!(unsigned(b"x"), Some(0));
        assert_eq!(unsigned(b"-1"), Some(u64::MAX));
        assert_eq!(unsigned(b"18446744073709551616"), None);
        assert_eq!(signed(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(signed(b"9223372036854775808"), None);
    }
}
