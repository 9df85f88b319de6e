//! Numbers and amounts of memory, as C's strtoull and libvirt's units have them.

/// Reads a whole number the way libvirt does: blanks before it, a plus sign, and digits up to the
/// end. Base 0 takes hex after `0x` and octal after `0`. `None` for anything else.
pub(super) fn parse(text: &str, base: u32) -> Option<u64> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0B', '\x0C']);
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, base) = match (base, text.as_bytes()) {
        (0, [b'0', b'x' | b'X', _, ..]) => (&text[2..], 16),
        (0, [b'0', _, ..]) => (&text[1..], 8),
        (0, _) => (text, 10),
        _ => (text, base),
    };
    // from_str_radix takes a sign of its own.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}

/// How many bytes a unit is: b, byte, bytes; a letter of k m g t p e for powers of 1024, alone or
/// before iB; before B for powers of 1000. In any case of letters.
pub(super) fn unit(unit: &str) -> Option<u64> {
    if ["b", "byte", "bytes"].iter().any(|name| unit.eq_ignore_ascii_case(name)) {
        return Some(1);
    }
    let letter = unit.chars().next()?.to_ascii_lowercase();
    let power = "kmgtpe".find(letter)? as u32 + 1;
    match &unit[1..] {
        "" => Some(1024u64.pow(power)),
        rest if rest.eq_ignore_ascii_case("iB") => Some(1024u64.pow(power)),
        rest if rest.eq_ignore_ascii_case("B") => Some(1000u64.pow(power)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_strtoull_reads_them() {
        for (text, base, expected) in [
            ("10", 10, Some(10)),
            (" \t\n+10", 10, Some(10)),
            ("010", 10, Some(10)),
            ("010", 0, Some(8)),
            ("0x1F", 0, Some(31)),
            ("0X1f", 0, Some(31)),
            ("0", 0, Some(0)),
            ("18446744073709551615", 10, Some(u64::MAX)),
            ("18446744073709551616", 10, None),
            ("0x", 0, None),
            ("0x10", 10, None),
            ("08", 0, None),
            ("", 10, None),
            ("", 0, None),
            ("+", 10, None),
            ("++1", 10, None),
            ("-1", 10, None),
            ("0x+1", 0, None),
            ("10 ", 10, None),
            ("1.5", 10, None),
            ("ff", 0, None),
            ("é", 0, None),
        ] {
            assert_eq!(parse(text, base), expected, "{text:?} in base {base}");
        }
    }

    #[test]
    fn units_in_any_case() {
        for (text, expected) in [
            ("b", Some(1)),
            ("Bytes", Some(1)),
            ("byte", Some(1)),
            ("k", Some(1 << 10)),
            ("K", Some(1 << 10)),
            ("KiB", Some(1 << 10)),
            ("kib", Some(1 << 10)),
            ("KB", Some(1000)),
            ("m", Some(1 << 20)),
            ("MB", Some(1_000_000)),
            ("GiB", Some(1 << 30)),
            ("T", Some(1 << 40)),
            ("PB", Some(1_000_000_000_000_000)),
            ("E", Some(1 << 60)),
            ("EB", Some(1_000_000_000_000_000_000)),
            ("", None),
            ("Ki", None),
            (" KiB", None),
            ("Z", None),
            ("é", None),
            ("kibi", None),
        ] {
            assert_eq!(unit(text), expected, "{text:?}");
        }
    }
}
