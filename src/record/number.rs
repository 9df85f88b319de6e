//! Numbers as records have them: digits only, with a sign only for a negative one.

use std::str::FromStr;

/// A decimal number.
pub(super) fn parse_number<N: FromStr>(text: &[u8]) -> Option<N> {
    let text = std::str::from_utf8(text).ok()?;
    (!text.starts_with('+')).then(|| text.parse().ok())?
}

/// A hex number of either case, without a sign.
pub(super) fn hex_number(text: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(text).ok()?;
    (!text.starts_with('+')).then(|| u32::from_str_radix(text, 16).ok())?
}

/// Exactly `N` parts of `text`.
pub(super) fn split<const N: usize>(text: &[u8], at: u8) -> Option<[&[u8]; N]> {
    let mut parts = text.split(|&byte| byte == at);
    let mut found = [&text[..0]; N];
    for part in &mut found {
        *part = parts.next()?;
    }
    parts.next().is_none().then_some(found)
}
