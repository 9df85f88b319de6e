//! The time and the serial number of an event: `SECONDS.MILLIS:SERIAL`.

use super::fields::few_digits;

/// The time and the serial number of an event, which together identify it for `ausearch -a`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub ms: i64,
    /// The kernel's serial number; 0 if the line has none.
    pub serial: u64,
}

impl Stamp {
    /// Appends the text. Each row of a report has two stamps, so this avoids the slower `write!`.
    pub fn append_to(&self, text: &mut Vec<u8>) {
        let mut number = itoa::Buffer::new();
        match number.format(self.ms).as_bytes().split_last_chunk::<3>() {
            Some((seconds, millis)) if self.ms >= 1000 => {
                text.extend_from_slice(seconds);
                text.push(b'.');
                text.extend_from_slice(millis);
            }
            _ => {
                let (seconds, millis) = (self.ms.div_euclid(1000), self.ms.rem_euclid(1000));
                text.extend_from_slice(format!("{seconds}.{millis:03}").as_bytes());
            }
        }
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

/// Parses stamps. Most are of the same second as the one before, and comparing its ten digits is
/// faster than parsing them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StampReader {
    second: [u8; 10],
    ms: i64,
}

impl Default for StampReader {
    fn default() -> Self {
        Self { second: [b'0'; 10], ms: 0 }
    }
}

impl StampReader {
    /// Parses `SECONDS.MILLIS:SERIAL): BODY`; all parts after the seconds may be missing.
    // Inlined: a result in memory is written field by field and read as a whole, which is a
    // store-forwarding stall.
    #[inline(always)]
    pub(crate) fn read<'t>(&mut self, text: &'t [u8]) -> Option<(Stamp, &'t [u8])> {
        self.usual(text).or_else(|| any_stamp(text))
    }

    /// Parses a stamp with the time as auditd writes it and a serial number of at most eight digits.
    #[inline(always)] // as above
    fn usual<'t>(&mut self, text: &'t [u8]) -> Option<(Stamp, &'t [u8])> {
        let time: &[u8; 23] = text.first_chunk()?;
        let [.., b'.', k, l, m, b':', _, _, _, _, _, _, _, _] = time else { return None };
        let (second, serial) = (time.first_chunk()?, time.last_chunk()?);
        if *second != self.second {
            let (front, last) = second.split_first_chunk()?;
            let front = eight_digits(*front)? * 100;
            self.ms = (front + few_digits(last)?) as i64 * 1000;
            self.second = *second;
        }
        let ms = self.ms + few_digits(&[*k, *l, *m])? as i64;
        let (serial, len) = Eight::new(*serial).beginning();
        let rest = text[time.len() - 8 + len..].strip_prefix(b"): ")?;
        (len > 0).then(|| (Stamp { ms, serial: serial.value() }, rest))
    }
}

/// Parses any stamp; returns the text after it, too.
#[cold]
fn any_stamp(text: &[u8]) -> Option<(Stamp, &[u8])> {
    let (ms, rest) = any_time(text)?;
    let (serial, rest) = match rest {
        [b':', tail @ ..] => digits(tail)?,
        _ => (0, rest),
    };
    let rest = rest.strip_prefix(b")")?;
    let rest = rest.strip_prefix(b":").unwrap_or(rest);
    Some((Stamp { ms, serial }, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// Parses `SECONDS` or `SECONDS.MILLIS` to milliseconds; returns the text after it, too.
fn any_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let (seconds, rest) = digits(text)?;
    // The limit keeps milliseconds, and sums of a few times, from overflowing.
    let seconds = i64::try_from(seconds).ok().filter(|&seconds| seconds < i64::MAX / 4000)?;
    let Some(tail) = rest.strip_prefix(b".") else { return Some((seconds * 1000, rest)) };
    let (millis, rest) = digits(tail)?;
    (millis <= 999).then_some((seconds * 1000 + millis as i64, rest))
}

/// Parses the number at the beginning of a text; returns the text after it, too.
fn digits(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    let mut len = 0;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        // A number that overflows has too many digits, and is rejected below.
        value = value.wrapping_mul(10).wrapping_add(digit.into());
        len += 1;
    }
    (len > 0 && len < 20).then_some((value, &text[len..]))
}

/// Eight bytes that may be digits, processed at once because every line has a stamp.
#[derive(Clone, Copy)]
struct Eight(u64);

impl Eight {
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

    fn new(text: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(text) ^ u64::from_le_bytes([b'0'; 8]))
    }

    /// The high bit of each byte that is not a digit.
    fn others(self) -> u64 {
        const NINES: u64 = u64::from_le_bytes([0x7F - 9; 8]);
        (self.0 | ((self.0 & !Self::HIGH) + NINES)) & Self::HIGH
    }

    /// The digits at the beginning, and their number.
    fn beginning(self) -> (Self, usize) {
        let bits = self.others().trailing_zeros() & !7;
        // Leading zeros fill the rest, so that the value stays the same.
        (Self(self.0.checked_shl(64 - bits).unwrap_or(0)), bits as usize / 8)
    }

    /// The number. All bytes must be digits.
    fn value(self) -> u64 {
        // Joins neighbours: to pairs, to fours, to all eight.
        let pairs = (self.0 * 10 + (self.0 >> 8)) & 0x00FF_00FF_00FF_00FF;
        let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
        (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xFFFF_FFFF
    }
}

/// Parses a number of eight digits.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let digits = Eight::new(text);
    (digits.others() == 0).then(|| digits.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
    fn most_stamps_are_usual() {
        let usual = |text: &'static str| StampReader::default().usual(text.as_bytes());
        let stamp = |ms, serial| Some((Stamp { ms, serial }, &b"pid=1"[..]));
        assert_eq!(usual("1700000000.013:2): pid=1"), stamp(1_700_000_000_013, 2));
        assert_eq!(usual("0000000001.999:1234567): pid=1"), stamp(1999, 1_234_567));
        for text in [
            "170000000x.013:2): pid=1",
            "1700000000.01x:2): pid=1",
            "1700000000.0133:2): pid=1",
            "17000000000.013:2): pid=1",
            "1700000000.013:): pid=1234",
            "1700000000.013:2) pid=1234",
            "1700000000.013:123456789): pid=1",
        ] {
            assert_eq!(usual(text), None, "{text}");
        }
    }

    #[test]
    fn any_time_has_a_text() {
        for (ms, text) in [
            (1_700_000_000_013, "1700000000.013:7"),
            (1000, "1.000:7"),
            (999, "0.999:7"),
            (0, "0.000:7"),
            (-1, "-1.999:7"),
            (-1000, "-1.000:7"),
            (-1001, "-2.999:7"),
        ] {
            assert_eq!(Stamp { ms, serial: 7 }.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn both_parsers_agree(
            texts in prop::collection::vec(
                r"1[07]0000000[0-2x][.:][0-9]{2,4}[:.][0-9]{0,9}(\): |x|\) )pid=[0-9]{1,9}", 0..30
            )
        ) {
            let mut stamps = StampReader::default();
            for text in &texts {
                let text = text.as_bytes();
                prop_assert_eq!(stamps.read(text), any_stamp(text));
            }
        }
    }
}
