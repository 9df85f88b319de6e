//! One line of a log: what it is, when it was, and where its fields stand.
//!
//! Bytes, not UTF-8. auditd's own form is read where it stands; every other form ([`wrapped`]) is
//! first rewritten to it, so that there is one parser for all.

mod frame;
mod kind;
mod virt;
pub mod wrapped;

pub(crate) use frame::{Frame, quoted};
pub use kind::{Aux, Kind, anomaly_name};
pub use virt::{Defect, Op, VirtLine};

/// When an event was, and its number. Together they name it, as `ausearch -a` wants it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// The kernel's serial number; 0 when the line doesn't tell.
    pub serial: u64,
}

impl Stamp {
    /// Appends its text. Each row of a report has two of them, so the formatter is passed by.
    pub fn append_to(&self, text: &mut Vec<u8>) {
        let millis = self.ms.rem_euclid(1000);
        let mut number = itoa::Buffer::new();
        text.extend_from_slice(number.format(self.ms.div_euclid(1000)).as_bytes());
        text.extend_from_slice(match millis {
            0..10 => b".00",
            10..100 => b".0",
            _ => b".",
        });
        text.extend_from_slice(number.format(millis).as_bytes());
        text.push(b':');
        text.extend_from_slice(number.format(self.serial).as_bytes());
    }
}

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = Vec::new();
        self.append_to(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// A line in auditd's form.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// All that stands in front of the stamp.
    pub start: &'a [u8],
    /// The host that it comes from, where the line says so.
    pub node: Option<&'a [u8]>,
    /// The record's type.
    pub kind: Kind,
    /// When.
    pub stamp: Stamp,
    /// The fields.
    pub body: &'a [u8],
    /// The interpreted fields of `log_format = ENRICHED`, behind the byte 0x1D.
    pub names: &'a [u8],
}

/// The front of a line, without its stamp: all that most lines are looked at for.
#[derive(Clone, Copy, Debug)]
pub struct Front<'a> {
    /// All of it, through `audit(`.
    pub start: &'a [u8],
    /// The host that it comes from, where the line says so.
    pub node: Option<&'a [u8]>,
    /// The record's type.
    pub kind: Kind,
    /// `type=`, as it stands there.
    pub name: &'a [u8],
    /// What stands behind `audit(`.
    pub rest: &'a [u8],
}

/// The line without the CR of logs that went through other systems.
pub fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Reads a line's front; `None` when it isn't in auditd's form.
#[inline]
pub fn front(line: &[u8]) -> Option<Front<'_>> {
    // Most records about guests are of this type.
    if let Some(rest) = line.strip_prefix(b"type=VIRT_RESOURCE msg=audit(") {
        let kind = Kind::Virt(viraudit::RecordType::VirtResource);
        return Some(Front {
            start: &line[..line.len() - rest.len()],
            node: None,
            kind,
            name: &line[b"type=".len()..][..b"VIRT_RESOURCE".len()],
            rest,
        });
    }
    let (node, rest) = match line.strip_prefix(b"node=") {
        None => (None, line),
        Some(rest) => {
            let end = memchr::memchr(b' ', rest)?;
            (Some(&rest[..end]), &rest[end + 1..])
        }
    };
    let rest = rest.strip_prefix(b"type=")?;
    // No type's name is longer.
    let end = memchr::memchr(b' ', rest.get(..40).unwrap_or(rest))?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    // printk leaves `msg=` out.
    let rest = rest.strip_prefix(b"msg=").unwrap_or(rest).strip_prefix(b"audit(")?;
    let start = &line[..line.len() - rest.len()];
    Some(Front { start, node, kind: Kind::from_name(name), name, rest })
}

impl<'a> Front<'a> {
    /// Reads the stamp, and finds the fields.
    #[inline]
    pub fn line(&self) -> Option<Line<'a>> {
        let (stamp, body) = stamp(self.rest)?;
        let (body, names) = split_names(body);
        let Self { start, node, kind, .. } = *self;
        Some(Line { start, node, kind, stamp, body, names })
    }
}

impl<'a> Line<'a> {
    /// Reads a line in auditd's form.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        front(without_cr(line))?.line()
    }
}

/// `SECONDS.MILLIS:SERIAL): BODY`, where the parts behind the seconds may be missing.
#[inline]
pub(crate) fn stamp(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let (ms, mut rest) = usual_time(text).or_else(|| any_time(text))?;
    let mut serial = 0;
    if let Some(tail) = rest.strip_prefix(b":") {
        (serial, rest) = digits(tail)?;
    }
    let rest = rest.strip_prefix(b")")?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    Some((Stamp { ms, serial }, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// `SECONDS` or `SECONDS.MILLIS` as milliseconds, and what stands behind it.
#[cold]
fn any_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let (seconds, rest) = digits(text)?;
    // So that milliseconds, and sums of a few times, stay far from overflowing.
    let seconds = i64::try_from(seconds).ok().filter(|&seconds| seconds < i64::MAX / 4000)?;
    let Some(tail) = rest.strip_prefix(b".") else { return Some((seconds * 1000, rest)) };
    let (millis, rest) = digits(tail)?;
    (millis <= 999).then_some((seconds * 1000 + millis as i64, rest))
}

/// The number at a text's beginning, and what stands behind it.
#[inline]
fn digits(text: &[u8]) -> Option<(u64, &[u8])> {
    // Most have less than eight digits, and something behind them.
    if let Some(front) = text.first_chunk() {
        let (digits, len) = Eight::new(*front).beginning();
        if (1..8).contains(&len) {
            return Some((digits.value(), &text[len..]));
        }
    }
    let mut value = 0u64;
    let mut len = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        // What overflows has more digits than any number that is meant.
        value = value.wrapping_mul(10).wrapping_add(digit.into());
        len += 1;
    }
    (len > 0 && len < 20).then_some((value, &text[len..]))
}

/// `SECONDS.MILLIS` with as many digits as auditd writes: as milliseconds, and what stands behind.
/// Each line has one, and a loop that can't end early is much faster.
#[inline]
fn usual_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let (time, _) = text.split_first_chunk()?;
    let [a, b, c, d, e, f, g, h, i, j, b'.', k, l, m, b':'] = *time else { return None };
    let front = eight_digits([a, b, c, d, e, f, g, h])?;
    let mut all = true;
    let ms = [i, j, k, l, m].iter().fold(front, |ms, byte| {
        let digit = byte.wrapping_sub(b'0');
        all &= digit < 10;
        ms * 10 + u64::from(digit)
    });
    all.then(|| (ms as i64, &text[time.len() - 1..]))
}

/// Eight bytes that may be digits, worked on all at once: each line has a time and a serial number.
#[derive(Clone, Copy)]
struct Eight(u64);

impl Eight {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

    fn new(text: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(text) ^ u64::from_le_bytes([b'0'; 8]))
    }

    /// The high bit of each byte that is no digit.
    fn others(self) -> u64 {
        const NINES: u64 = u64::from_le_bytes([0x7F - 9; 8]);
        (self.0 | ((self.0 & !Self::HIGH) + NINES)) & Self::HIGH
    }

    /// Only the digits at the beginning, and how many they are.
    fn beginning(self) -> (Self, usize) {
        let bits = self.others().trailing_zeros() & !7;
        // Behind zeros, so that they are worth the same.
        (Self(self.0.checked_shl(64 - bits).unwrap_or(0)), bits as usize / 8)
    }

    /// The number, if all are digits.
    fn value(self) -> u64 {
        // Neighbours are put together: pairs, fours, all.
        let pairs = (self.0 * 10 + (self.0 >> 8)) & 0x00FF_00FF_00FF_00FF;
        let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
        (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xFFFF_FFFF
    }
}

/// A number of eight digits.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let digits = Eight::new(text);
    (digits.others() == 0).then(|| digits.value())
}

/// The fields, and the interpreted ones of an enriched line.
#[inline]
fn split_names(body: &[u8]) -> (&[u8], &[u8]) {
    if body.last() == Some(&b'\'') {
        // The usual end of a program's record: nothing is interpreted behind it.
        return (body, b"");
    }
    match memchr::memchr(0x1D, body) {
        Some(at) => (&body[..at], &body[at + 1..]),
        None => (body, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_front() {
        for (text, node, ms, serial) in [
            ("type=VIRT_CONTROL msg=audit(12.345:67): pid=1", None, 12345, 67),
            ("node=h1 type=VIRT_CONTROL msg=audit(12.345:67): pid=1", Some("h1"), 12345, 67),
            ("type=2500 audit(12.345:67): pid=1", None, 12345, 67),
            ("type=UNKNOWN[2500] msg=audit(12:67): pid=1\r", None, 12000, 67),
            ("type=2500 msg=audit(12.3): pid=1", None, 12003, 0),
        ] {
            let line = Line::parse(text.as_bytes()).expect(text);
            assert_eq!(line.kind, Kind::Virt(viraudit::RecordType::VirtControl), "{text}");
            assert_eq!(line.node, node.map(str::as_bytes), "{text}");
            assert_eq!(line.stamp, Stamp { ms, serial }, "{text}");
            assert_eq!(line.body, b"pid=1", "{text}");
        }
    }

    #[test]
    fn the_usual_time_is_read_like_any() {
        for text in ["1700000000.013:2)", "0000000001.999:2)", "1700000000.013", "1700000000:2)"] {
            let usual = usual_time(text.as_bytes());
            assert!(usual.is_none_or(|_| usual == any_time(text.as_bytes())), "{text}");
        }
        assert_eq!(usual_time(b"1700000000.013:2)"), Some((1_700_000_000_013, &b":2)"[..])));
        for text in
            ["170000000x.013:2", "1700000000.01x:2", "1700000000.0133:2", "17000000000.013:2"]
        {
            assert_eq!(usual_time(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn numbers_of_any_length() {
        for (text, value, len) in [
            ("7):", 7, 1),
            ("7", 7, 1),
            ("0012345):  x", 12345, 7),
            ("12345678): x", 12_345_678, 8),
            ("12345678", 12_345_678, 8),
            ("1234567", 1_234_567, 7),
            ("1234567/:::::", 1_234_567, 7),
            ("9876543210123): x", 9_876_543_210_123, 13),
            ("1\u{b0}234567", 1, 1),
        ] {
            assert_eq!(digits(text.as_bytes()), Some((value, &text.as_bytes()[len..])), "{text}");
        }
        for text in ["", "x", ")1234567", "/1234567", ":12345678", "12345678901234567890"] {
            assert_eq!(digits(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn no_front() {
        for text in [
            "",
            "type=",
            "type=X",
            "type=X msg=audit",
            "type=X msg=audit(): x",
            "type=X msg=audit(1.1000:1): x",
            "type=X msg=audit(99999999999999999999:1): x",
            "type=X msg=audit(1:1 x",
            "node=",
            "node=x type=X",
            " type=X msg=audit(1:1): x",
        ] {
            assert!(Line::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn names_stand_behind_their_byte_only() {
        let line = Line::parse(b"type=X msg=audit(1:1): a='b'\x1dUID=\"root\"").unwrap();
        assert_eq!((line.body, line.names), (&b"a='b'"[..], &b"UID=\"root\""[..]));
    }
}
