//! The times at the beginning of a line, as syslog, journald and dmesg write them.

use super::zones::{fixed, in_zone, millis, numeric};
use crate::time::Clock;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// The time of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineTime<'a> {
    /// Milliseconds since 1970; `None` if the line has only the time since the boot.
    pub(super) ms: Option<i64>,
    /// The zone, if it isn't known and the time was read as this host's.
    pub(super) unknown_zone: Option<&'a [u8]>,
}

/// The time at the beginning of a line, and the text after it and a blank.
pub(super) fn leading<'a>(text: &'a [u8], clock: &Clock) -> Option<(LineTime<'a>, &'a [u8])> {
    let known = |(ms, rest)| (LineTime { ms: Some(ms), unknown_zone: None }, rest);
    match text.first()? {
        b'0'..=b'9' if text.get(4) == Some(&b'-') => iso(text, clock).map(known),
        b'0'..=b'9' => unix(text).map(known),
        b'A'..=b'Z' => with_month(text, clock)
            .or_else(|| ctime(text, clock))
            .map(known)
            .or_else(|| with_weekday(text, clock)),
        b'[' => bracketed(text, clock),
        _ => None,
    }
}

/// `[   12.345678] `, `[12.3 <    0.000001 >] `, `[Thu Oct 10 16:52:13 2024] `, `[Oct10 16:52] `,
/// `[  +0.000012] `
fn bracketed<'a>(text: &'a [u8], clock: &Clock) -> Option<(LineTime<'a>, &'a [u8])> {
    let end = memchr::memchr(b']', text)?;
    let (inner, rest) = (text[1..end].trim_ascii(), &text[end + 1..]);
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let ms = ctime(inner, clock).filter(|(_, rest)| rest.is_empty()).map(|(ms, _)| ms);
    let since_boot = |byte: &u8| byte.is_ascii_digit() || b".<> +".contains(byte);
    let month =
        |inner: &[u8]| broken_down("%b%e %H:%M", inner).is_some_and(|(_, rest)| rest.is_empty());
    let known = ms.is_some() || !inner.is_empty() && inner.iter().all(since_boot) || month(inner);
    known.then_some((LineTime { ms, unknown_zone: None }, rest))
}

/// `2026-11-21T20:21:57[.231111][+01:00] `, also with a blank before the time and a comma before
/// the fraction (dmesg). Without an offset it is UTC.
fn iso<'a>(text: &'a [u8], clock: &Clock) -> Option<(i64, &'a [u8])> {
    let format =
        if text.get(10) == Some(&b'T') { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    let (date, rest) = broken_down(format, text)?;
    let (fraction, rest) = fraction(rest);
    let (zone, rest) = match rest.strip_prefix(b" ") {
        Some(rest) => (&b""[..], rest),
        None => word(rest).unwrap_or((rest, b"")),
    };
    let date = date.to_datetime().ok()?;
    let ms = match zone {
        b"" | b"Z" if text[10] == b'T' => in_zone(date, &TimeZone::UTC)?,
        b"" => in_zone(date, clock.now().time_zone())?,
        b"Z" => in_zone(date, &TimeZone::UTC)?,
        zone => in_zone(date, &fixed(numeric(zone)?)?)?,
    };
    Some((ms + fraction, rest))
}

/// `.231111` or `,231111` in milliseconds.
fn fraction(text: &[u8]) -> (i64, &[u8]) {
    let Some((b'.' | b',', digits)) = text.split_first() else { return (0, text) };
    let len = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut ms = 0;
    for at in 0..3 {
        ms = ms * 10 + digits[..len].get(at).map_or(0, |digit| i64::from(digit - b'0'));
    }
    if len == 0 { (0, text) } else { (ms, &digits[len..]) }
}

/// `1795292517.231111 `
fn unix(text: &[u8]) -> Option<(i64, &[u8])> {
    let (stamp, rest) = word(text)?;
    let dot = memchr::memchr(b'.', stamp)?;
    let (seconds, tail) = stamp.split_at(dot);
    let (millis, end) = fraction(tail);
    if tail.len() < 4 || !end.is_empty() {
        return None;
    }
    let seconds = i64::try_from(digits(seconds)?).ok()?;
    Some((seconds.checked_mul(1000)?.checked_add(millis)?, rest))
}

/// A number that consists of digits only.
pub(super) fn digits(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

/// `Nov 21 20:21:57[.123456] `, in the latest year in which this is not in the future.
fn with_month<'a>(text: &'a [u8], clock: &Clock) -> Option<(i64, &'a [u8])> {
    let (mut date, rest) = broken_down("%b %e %H:%M:%S", text)?;
    let (fraction, rest) = fraction(rest);
    let now = clock.now();
    let latest = now.timestamp().as_millisecond() + 24 * 3_600_000;
    let year = now.year();
    let ms = (0..8).find_map(|back| {
        date.set_year(Some(year - back)).ok()?;
        // `to_datetime` fails for 29 February in most years.
        in_zone(date.to_datetime().ok()?, now.time_zone()).filter(|&ms| ms <= latest)
    })?;
    Some((ms + fraction, rest.strip_prefix(b" ")?))
}

/// `Thu Oct 10 16:52:13 2024`
fn ctime<'a>(text: &'a [u8], clock: &Clock) -> Option<(i64, &'a [u8])> {
    let (date, rest) = broken_down("%a %b %e %H:%M:%S %Y", text)?;
    let ms = in_zone(date.to_datetime().ok()?, clock.now().time_zone())?;
    Some((ms, rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// `Sat 2026-11-21 20:21:57[.231111] CET `
fn with_weekday<'a>(text: &'a [u8], clock: &Clock) -> Option<(LineTime<'a>, &'a [u8])> {
    let (date, rest) = broken_down("%a %Y-%m-%d %H:%M:%S", text)?;
    let (fraction, rest) = fraction(rest);
    let (zone, rest) = word(rest.strip_prefix(b" ")?)?;
    let (date, host): (DateTime, _) = (date.to_datetime().ok()?, clock.now().time_zone());
    let (ms, unknown_zone) = match millis(date, zone, host) {
        Some(ms) => (ms, None),
        None => (in_zone(date, host)?, Some(zone)),
    };
    Some((LineTime { ms: Some(ms + fraction), unknown_zone }, rest))
}

fn broken_down<'a>(format: &str, text: &'a [u8]) -> Option<(BrokenDownTime, &'a [u8])> {
    let (date, len) = BrokenDownTime::parse_prefix(format, text).ok()?;
    // A number may have a sign, which no program writes.
    (!text[..len].contains(&b'+')).then_some((date, &text[len..]))
}

/// The text up to a blank, and the text after the blank.
pub(super) fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    (end > 0).then(|| (&text[..end], &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Option<i64>, Option<String>)> {
        let clock = Clock::fixed("2026-11-22T00:00:00[UTC]");
        let line = format!("{text} h1");
        let (time, rest) = leading(line.as_bytes(), &clock)?;
        assert_eq!(rest, b"h1", "{text}");
        let zone = time.unknown_zone.map(|zone| String::from_utf8_lossy(zone).into_owned());
        Some((time.ms, zone))
    }

    #[test]
    fn every_notation() {
        for (text, ms) in [
            ("Nov 21 20:21:57", 1_795_292_517_000),
            ("Nov  1 20:21:57", 1_793_564_517_000),
            ("Nov 21 20:21:57.231111", 1_795_292_517_231),
            ("Dec 21 20:21:57", 1_766_348_517_000),
            ("2026-11-21T20:21:57+0000", 1_795_292_517_000),
            ("2026-11-21T21:21:57.231111+01:00", 1_795_292_517_231),
            ("2026-11-21T21:21:57,231111+01:00", 1_795_292_517_231),
            ("2026-11-21T21:21:57+01", 1_795_292_517_000),
            ("2026-11-21 21:21:57.2+01:00", 1_795_292_517_200),
            ("2026-11-21T20:21:57Z", 1_795_292_517_000),
            ("2026-11-21T20:21:57", 1_795_292_517_000),
            ("2026-11-21 20:21:57", 1_795_292_517_000),
            ("Sat 2026-11-21 20:21:57 UTC", 1_795_292_517_000),
            ("Sat 2026-11-21 21:21:57.231111 CET", 1_795_292_517_231),
            ("Sat 2026-11-21 15:21:57 EST", 1_795_292_517_000),
            ("Sat Nov 21 20:21:57 2026", 1_795_292_517_000),
            ("[Sat Nov 21 20:21:57 2026]", 1_795_292_517_000),
            ("1795292517.231111", 1_795_292_517_231),
            ("9223372036854775.807", i64::MAX),
        ] {
            assert_eq!(read(text), Some((Some(ms), None)), "{text}");
        }
        for text in [
            "[   12.345678]",
            "[12.3]",
            "[    1.2 <    0.000001 >]",
            "[  +0.000012]",
            "[Oct10 16:52]",
        ] {
            assert_eq!(read(text), Some((None, None)), "{text}");
        }
        let unknown = read("Sat 2026-11-21 20:21:57 IST");
        assert_eq!(unknown, Some((Some(1_795_292_517_000), Some("IST".into()))));
    }

    #[test]
    fn malformed_times() {
        for text in [
            "9223372036854775.999",
            "+1795292517.231",
            "1795292517.23",
            "1795292517.+31111",
            "1795292517",
            "2026-11-21T20:21:57++100",
            "2026-11-21T20:21:57+1:00",
            "2026-13-21T20:21:57Z",
            "Sat +2026-11-21 20:21:57 UTC",
            "Nov 21 20:21:+7",
            "[]",
            "[x]",
            "[Nov]",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
