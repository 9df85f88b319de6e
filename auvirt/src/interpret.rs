//! The interpretation of values: names of users, and text that is quoted or in hexadecimal.

use crate::numbers::unsigned;
use crate::users;

/// The fields whose values are quoted, or in hexadecimal.
const ESCAPED: [&[u8]; 18] = [
    b"vm",
    b"path",
    b"name",
    b"comm",
    b"cgroup",
    b"old-disk",
    b"new-disk",
    b"old-net",
    b"new-net",
    b"old-rng",
    b"new-rng",
    b"apparmor",
    b"operation",
    b"profile",
    b"exe",
    b"device",
    b"old-fs",
    b"new-fs",
];

/// Interprets a value: by the names that auditd looked up, or else by the field's name.
pub(crate) fn value(name: &[u8], raw: &[u8], looked_up: Option<&[u8]>) -> Vec<u8> {
    let is_uid = name == b"uid";
    if let Some(found) = looked_up.and_then(|list| in_list(list, name)) {
        return if is_uid { unescaped(found) } else { found.to_vec() };
    }
    let text = if is_uid {
        return user(raw);
    } else if ESCAPED.contains(&name) {
        unescaped(raw)
    } else {
        raw.to_vec()
    };
    printable(text)
}

/// The value of a field in the list of names that auditd looked up.
fn in_list<'l>(list: &'l [u8], name: &[u8]) -> Option<&'l [u8]> {
    list.split(|&byte| byte == b' ').find_map(|token| {
        let equals = token.iter().position(|&byte| byte == b'=')?;
        let value = &token[equals + 1..];
        (token[..equals].eq_ignore_ascii_case(name) && !value.starts_with(b"unknown-"))
            .then_some(value)
    })
}

/// A user's name.
fn user(raw: &[u8]) -> Vec<u8> {
    let Some(number) = unsigned(raw) else {
        return [b"conversion error(", raw, b")"].concat();
    };
    let uid = number as u32;
    match uid {
        u32::MAX => b"unset".to_vec(),
        0 => b"root".to_vec(),
        _ => users::name(uid).unwrap_or_else(|| format!("unknown({})", uid as i32).into_bytes()),
    }
}

/// The text of a value that is quoted or in hexadecimal.
fn unescaped(raw: &[u8]) -> Vec<u8> {
    let up_to = |text: &[u8], end: u8| text.iter().position(|&byte| byte == end);
    match raw {
        [b'"', rest @ ..] => match up_to(rest, b'"') {
            Some(end) => rest[..end].to_vec(),
            None => b" ".to_vec(),
        },
        [b'(', ..] => raw[..up_to(raw, b')').map_or(raw.len(), |end| end + 1)].to_vec(),
        [b'0', b'0', rest @ ..] => decoded(rest).unwrap_or_else(|| raw.to_vec()),
        _ => decoded(raw).unwrap_or_else(|| raw.to_vec()),
    }
}

/// The bytes of leading hexadecimal digits, up to the first NUL; `None` if there are less than two digits.
fn decoded(raw: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = raw.iter().map_while(digit).collect();
    if digits.len() < 2 {
        return None;
    }
    let bytes = digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0));
    Some(bytes.take_while(|&byte| byte != 0).collect())
}

/// Replaces control characters by their octal numbers.
fn printable(text: Vec<u8>) -> Vec<u8> {
    if text.iter().all(|&byte| byte >= b' ') {
        return text;
    }
    let mut shown = Vec::with_capacity(text.len() + 12);
    for byte in text {
        if byte >= b' ' {
            shown.push(byte);
        } else {
            shown.extend_from_slice(format!("\\{byte:03o}").as_bytes());
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unescaped() {
        for (raw, meant) in [
            ("\"web 1\"x", "web 1"),
            ("\"web", " "),
            ("776562", "web"),
            ("00776562", "web"),
            ("52:54:00", "R"),
            ("00:16:3e", "00:16:3e"),
            ("7765620041", "web"),
            ("(a)b", "(a)"),
            ("776", "w`"),
            ("x", "x"),
            ("0901", "\\011\\001"),
        ] {
            let shown = value(b"vm", raw.as_bytes(), None);
            assert_eq!(String::from_utf8_lossy(&shown), meant, "{raw}");
        }
    }

    #[test]
    fn names_looked_up_come_first() {
        let list = b"AUID=\"unset\" UID=\"libvirt-qemu\" GID=unknown-7";
        assert_eq!(value(b"uid", b"0", Some(list)), b"libvirt-qemu");
        assert_eq!(value(b"gid", b"0", Some(list)), b"0");
        assert_eq!(value(b"uid", b"0", None), b"root");
        assert_eq!(value(b"uid", b"4294967295", None), b"unset");
        assert_eq!(value(b"uid", b"4294967294", None), b"unknown(-2)");
    }
}
