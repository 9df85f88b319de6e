//! The formats of old versions: libvirt before 0.10 and libaudit before 2.0.
//!
//! libvirt 0.8.7 to 0.9.9 wrote neither `virt=` nor `vm-pid=`, and MAC addresses in single quotes or in
//! none; 0.8.8 wrote `type=` for a host device's bus and `item=` for a cgroup's class. `model=` came
//! with several labels for a guest, in 0.10. libaudit separated a record's own text by a colon, and
//! wrote the host, the terminal and the result in parentheses.

use memchr::memmem;
use std::borrow::Cow;
use viraudit::record::ParseError;

/// Fields that libvirt no longer writes.
pub(super) const KEYS: [&[u8]; 2] = [b"type", b"item"];

/// A text with its suffix in today's format. It is borrowed if nothing was changed.
pub(super) fn modern_suffix(text: &[u8]) -> Cow<'_, [u8]> {
    let old = text.strip_suffix(b")").and_then(|inner| {
        let at = memmem::rfind(inner, b" (hostname=")?;
        let exe = memmem::rfind(&inner[..at], b" exe=")?;
        Some((&inner[..exe], &inner[exe..at], &inner[at + b" (".len()..]))
    });
    if let Some((body, exe, suffix)) = old {
        let mut modern = without_colon(body).to_vec();
        modern.extend_from_slice(exe);
        for word in suffix.split(|&byte| byte == b' ') {
            modern.push(b' ');
            modern.extend_from_slice(word.strip_suffix(b",").unwrap_or(word));
        }
        return Cow::Owned(modern);
    }
    // Without parentheses, only a text without `virt=` may have a colon.
    if !text.starts_with(b"virt=")
        && let Some(at) = memmem::rfind(text, b" exe=")
        && text[..at].ends_with(b":")
    {
        return Cow::Owned([without_colon(&text[..at]), &text[at..]].concat());
    }
    Cow::Borrowed(text)
}

fn without_colon(body: &[u8]) -> &[u8] {
    body.strip_suffix(b":").unwrap_or(body).trim_ascii_end()
}

/// Whether a text with `virt=` is malformed only by today's rules.
pub(super) fn explains(text: &[u8], error: ParseError) -> bool {
    match error {
        ParseError::Missing("model") => true,
        ParseError::Unexpected("old-net" | "new-net" | "net") => text
            .split(|&byte| byte == b' ')
            .filter_map(|word| {
                let key_len = memchr::memchr(b'=', word)?;
                word[..key_len].ends_with(b"net").then_some(&word[key_len + 1..])
            })
            .all(is_mac_or_missing),
        _ => false,
    }
}

/// A MAC address or `?`, in any quotes or none.
fn is_mac_or_missing(value: &[u8]) -> bool {
    let value = match value {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => value,
    };
    let is_mac = value.len() == 17
        && value.iter().enumerate().all(|(at, byte)| match at % 3 {
            2 => *byte == b':',
            _ => byte.is_ascii_hexdigit(),
        });
    is_mac || value == b"?"
}
