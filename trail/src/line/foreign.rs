//! Audit records in other formats: journald's short and JSON lines, kernel messages, syslog.
//!
//! Each is rewritten to auditd's format. Only messages of the kernel and of auditd count: any program
//! may write `type=2500 audit(...)` to syslog, but not under their names.

use super::front;
use crate::time::Clock;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::io::Write;

/// The kind of a line that is not in auditd's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignLine {
    /// An audit record. It was rewritten.
    Audit,
    /// A line of another program, or an empty one.
    Other,
    /// A line of an unknown format.
    Unknown,
}

/// The syslog tags of the kernel's and auditd's messages.
const TAGS: [&[u8]; 5] = [b"audit", b"kernel", b"audispd", b"audisp-syslog", b"auditd"];

/// Rewrites a line that [`front`] rejects, and appends it to `out`.
pub(crate) fn rewrite(line: &[u8], clock: &Clock, out: &mut Vec<u8>) -> ForeignLine {
    let text = line.trim_ascii();
    // The prefixes of journalctl's json-seq and json-sse.
    let object = [&b"\x1e"[..], b"data: "].into_iter().find_map(|mark| text.strip_prefix(mark));
    let text = object.filter(|object| object.starts_with(b"{")).unwrap_or(text);
    // The separators of ausearch.
    if text.is_empty() || text == b"----" || text.starts_with(b"time->") {
        return ForeignLine::Other;
    }
    if text[0] == b'{' {
        return json(text, out);
    }
    if let Some(rest) = kernel_time(text) {
        return if message(None, rest, out) { ForeignLine::Audit } else { ForeignLine::Other };
    }
    if message(None, text, out) {
        return ForeignLine::Audit;
    }
    match header(text, clock) {
        None => ForeignLine::Unknown,
        Some(header) if !TAGS.contains(&header.tag) => ForeignLine::Other,
        Some(header) => {
            let rest = kernel_time(header.rest).unwrap_or(header.rest);
            if message(Some(header.host), rest, out)
                || header.tag == b"audit" && unnumbered(&header, rest, out)
            {
                ForeignLine::Audit
            } else {
                ForeignLine::Other
            }
        }
    }
}

/// `[   12.345678] `
fn kernel_time(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"[")?;
    let end = memchr::memchr(b']', rest)?;
    let inner = rest[..end].trim_ascii();
    let known = !inner.is_empty() && inner.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    known.then(|| rest[end + 1..].trim_ascii_start())
}

/// `[audit: ]type=... [msg=]audit(...): ...`
fn message(host: Option<&[u8]>, text: &[u8], out: &mut Vec<u8>) -> bool {
    let text = text.strip_prefix(b"audit: ").unwrap_or(text);
    let Some(known) = front(text) else { return false };
    if let (None, Some(host)) = (known.node, host) {
        put_node(host, out);
    }
    out.extend_from_slice(text);
    true
}

fn put_node(host: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"node=");
    out.extend_from_slice(host);
    out.push(b' ');
}

/// `TYPE FIELDS`, as journald prints it: without stamp and serial number.
fn unnumbered(header: &Header<'_>, text: &[u8], out: &mut Vec<u8>) -> bool {
    let Some((name, fields)) = split_type(text) else { return false };
    put_node(header.host, out);
    put_record(name, header.ms, b"0", fields, out);
    true
}

fn put_record(name: &[u8], ms: i64, serial: &[u8], fields: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"type=");
    out.extend_from_slice(name);
    // Writing to memory can't fail.
    let _ = write!(out, " msg=audit({}.{:03}:", ms / 1000, ms % 1000);
    out.extend_from_slice(serial);
    out.extend_from_slice(b"): ");
    out.extend_from_slice(fields);
}

/// The type name at the beginning of a message, and the fields after it.
fn split_type(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    let name = &text[..end];
    let upper = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_[]".contains(b);
    (!name.is_empty() && name.iter().all(upper)).then(|| (name, &text[end + 1..]))
}

/// The fields of an entry of `journalctl -o json`, not yet parsed: other fields may be long, and
/// parsed values take many times the memory of their text.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(rename = "MESSAGE", borrow)]
    message: Option<&'a RawValue>,
    #[serde(rename = "_TRANSPORT", borrow)]
    transport: Option<&'a RawValue>,
    #[serde(rename = "_HOSTNAME", borrow)]
    host: Option<&'a RawValue>,
    #[serde(rename = "_SOURCE_REALTIME_TIMESTAMP", borrow)]
    source_time: Option<&'a RawValue>,
    #[serde(rename = "__REALTIME_TIMESTAMP", borrow)]
    time: Option<&'a RawValue>,
    #[serde(rename = "_AUDIT_TYPE", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(rename = "_AUDIT_ID", borrow)]
    serial: Option<&'a RawValue>,
}

/// The text of a JSON string; `None` for any other value.
fn json_text(value: Option<&RawValue>) -> Option<String> {
    value.and_then(|value| serde_json::from_str(value.get()).ok())
}

/// A line of `journalctl -o json`.
fn json(text: &[u8], out: &mut Vec<u8>) -> ForeignLine {
    let Ok(entry) = serde_json::from_slice::<Entry<'_>>(text) else {
        return ForeignLine::Unknown;
    };
    let transport = json_text(entry.transport);
    let transport = match transport.as_deref() {
        Some(known @ ("kernel" | "audit")) => known,
        _ => return ForeignLine::Other,
    };
    let message_bytes = match entry.message {
        // journald's notation for text that is not UTF-8.
        Some(array) if array.get().starts_with('[') => {
            match serde_json::from_str::<Vec<u8>>(array.get()) {
                Ok(bytes) => bytes,
                Err(_) => return ForeignLine::Unknown,
            }
        }
        value => match json_text(value) {
            Some(text) => text.into_bytes(),
            None => return ForeignLine::Other,
        },
    };
    let host = json_text(entry.host).filter(|host| !host.contains(' '));
    let host = host.as_deref().map(str::as_bytes);
    if transport == "kernel" {
        let is_record = message(host, &message_bytes, out);
        return if is_record { ForeignLine::Audit } else { ForeignLine::Other };
    }
    let micros = json_text(entry.source_time).or_else(|| json_text(entry.time));
    let micros = micros.and_then(|text| text.parse::<u64>().ok());
    let kind = json_text(entry.kind).filter(|kind| kind.parse::<u16>().is_ok());
    let (Some(micros), Some(kind)) = (micros, kind) else { return ForeignLine::Unknown };
    let serial = json_text(entry.serial).filter(|id| id.parse::<u64>().is_ok());
    let serial = serial.as_deref().unwrap_or("0");
    let fields = split_type(&message_bytes).map_or(&message_bytes[..], |(_, fields)| fields);
    if let Some(host) = host {
        put_node(host, out);
    }
    put_record(kind.as_bytes(), (micros / 1000) as i64, serial.as_bytes(), fields, out);
    ForeignLine::Audit
}

/// A message with its header in the short formats of syslog and journald.
struct Header<'a> {
    ms: i64,
    host: &'a [u8],
    tag: &'a [u8],
    rest: &'a [u8],
}

fn header<'a>(text: &'a [u8], clock: &Clock) -> Option<Header<'a>> {
    let text = priority(text).unwrap_or(text);
    let (ms, rest) = header_time(text, clock)?;
    let (host, rest) = word(rest)?;
    let end = memchr::memmem::find(rest, b": ")?;
    let (tag, rest) = (&rest[..end], &rest[end + 2..]);
    let tag = memchr::memchr(b'[', tag).map_or(tag, |at| &tag[..at]);
    Some(Header { ms, host, tag, rest })
}

/// `<13>`
fn priority(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|&byte| byte == b'>')?;
    rest[..end].iter().all(u8::is_ascii_digit).then(|| &rest[end + 1..])
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    (end > 0).then(|| (&text[..end], &text[end + 1..]))
}

fn header_time<'a>(text: &'a [u8], clock: &Clock) -> Option<(i64, &'a [u8])> {
    match text.first()? {
        b'0'..=b'9' if text.get(4) == Some(&b'-') => {
            let (date, zone) = broken_down("%Y-%m-%dT%H:%M:%S%.f", text)?;
            let (zone, rest) = word(zone).unwrap_or((zone, b""));
            Some((millis(date.to_datetime().ok()?, &iso_zone(zone)?)?, rest))
        }
        b'0'..=b'9' => {
            let (stamp, rest) = word(text)?;
            let (seconds, micros) = std::str::from_utf8(stamp).ok()?.split_once('.')?;
            let millis: i64 = micros.get(..3)?.parse().ok()?;
            let seconds: i64 = seconds.parse().ok()?;
            Some((seconds.checked_mul(1000)?.checked_add(millis)?, rest))
        }
        b'A'..=b'Z' => with_month(text, clock).or_else(|| with_weekday(text, clock)),
        _ => None,
    }
}

/// `Nov 21 20:21:57[.123456] `, in the latest year in which this is not in the future.
fn with_month<'a>(text: &'a [u8], clock: &Clock) -> Option<(i64, &'a [u8])> {
    let (mut date, rest) = broken_down("%b %e %H:%M:%S%.f", text)?;
    let now = clock.now();
    let latest = now.timestamp().as_millisecond() + 24 * 3_600_000;
    let year = now.year();
    let ms = (0..8).find_map(|back| {
        date.set_year(Some(year - back)).ok()?;
        // `to_datetime` fails for 29 February in most years.
        millis(date.to_datetime().ok()?, now.time_zone()).filter(|&ms| ms <= latest)
    })?;
    Some((ms, rest.strip_prefix(b" ")?))
}

/// `Sat 2026-11-21 20:21:57 CET `
fn with_weekday<'a>(text: &'a [u8], clock: &Clock) -> Option<(i64, &'a [u8])> {
    let (date, rest) = broken_down("%a %Y-%m-%d %H:%M:%S%.f", text)?;
    let (zone, rest) = word(rest.strip_prefix(b" ")?)?;
    let now = clock.now();
    let zone = if zone == b"UTC" { &TimeZone::UTC } else { now.time_zone() };
    Some((millis(date.to_datetime().ok()?, zone)?, rest))
}

fn broken_down<'a>(format: &str, text: &'a [u8]) -> Option<(BrokenDownTime, &'a [u8])> {
    let (date, len) = BrokenDownTime::parse_prefix(format, text).ok()?;
    Some((date, &text[len..]))
}

fn iso_zone(text: &[u8]) -> Option<TimeZone> {
    let (sign, digits) = match text {
        b"" | b"Z" => return Some(TimeZone::UTC),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let digits: Vec<u8> = digits.iter().copied().filter(|&byte| byte != b':').collect();
    let number = std::str::from_utf8(&digits).ok().filter(|text| text.len() == 4)?;
    let number: i32 = number.parse().ok()?;
    let seconds = sign * (number / 100 * 3600 + number % 100 * 60);
    Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?))
}

fn millis(date: DateTime, zone: &TimeZone) -> Option<i64> {
    let ms = zone.to_ambiguous_timestamp(date).compatible().ok()?.as_millisecond();
    (ms >= 0).then_some(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &str = "pid=1 uid=0 msg='virt=kvm res=success'";

    fn rewritten(line: &str) -> Result<String, ForeignLine> {
        let mut out = Vec::new();
        let clock = Clock::fixed("2026-11-22T00:00:00[UTC]");
        match rewrite(line.as_bytes(), &clock, &mut out) {
            ForeignLine::Audit => Ok(String::from_utf8(out).unwrap()),
            other => Err(other),
        }
    }

    #[test]
    fn kernel_messages() {
        let record = format!("type=2501 audit(1795292517.231:15): {FIELDS}");
        for prefix in ["audit: ", "[   12.345678] audit: ", "[12.3] "] {
            assert_eq!(rewritten(&format!("{prefix}{record}")), Ok(record.clone()));
        }
        for prefix in [
            "Nov 21 20:21:57 h1 kernel: audit: ",
            "Nov  1 20:21:57 h1 kernel: [   12.3] audit: ",
            "2026-11-21T20:21:57+0100 h1 kernel: audit: ",
            "<5>Nov 21 20:21:57 h1 audispd: ",
        ] {
            assert_eq!(rewritten(&format!("{prefix}{record}")), Ok(format!("node=h1 {record}")));
        }
    }

    #[test]
    fn journald_short_forms() {
        for (time, stamp) in [
            ("Nov 21 20:21:57", "1795292517.000"),
            ("Nov 21 20:21:57.231111", "1795292517.231"),
            ("Dec 21 20:21:57", "1766348517.000"),
            ("2026-11-21T20:21:57+0000", "1795292517.000"),
            ("2026-11-21T21:21:57.231111+01:00", "1795292517.231"),
            ("Sat 2026-11-21 20:21:57 UTC", "1795292517.000"),
            ("1795292517.231111", "1795292517.231"),
        ] {
            let line = format!("{time} h1 audit[3851]: VIRT_RESOURCE {FIELDS}");
            let expected = format!("node=h1 type=VIRT_RESOURCE msg=audit({stamp}:0): {FIELDS}");
            assert_eq!(rewritten(&line), Ok(expected), "{time}");
        }
    }

    #[test]
    fn times_out_of_range_are_rejected() {
        let line = |time: &str| format!("{time} h1 audit[1]: VIRT_CONTROL {FIELDS}");
        assert_eq!(rewritten(&line("9223372036854775.999")), Err(ForeignLine::Unknown));
        assert!(rewritten(&line("9223372036854775.807")).is_ok());
    }

    #[test]
    fn journald_json() {
        let line = format!(
            r#"{{"_TRANSPORT":"audit","_AUDIT_TYPE":"2501","_AUDIT_ID":"15","_HOSTNAME":"h1",
            "_SOURCE_REALTIME_TIMESTAMP":"1795292517231000","MESSAGE":"VIRT_RESOURCE {FIELDS}"}}"#
        );
        let expected = format!("node=h1 type=2501 msg=audit(1795292517.231:15): {FIELDS}");
        let line = line.replace('\n', "");
        for line in [line.clone(), format!("\x1e{line}"), format!("data: {line}")] {
            assert_eq!(rewritten(&line), Ok(expected.clone()), "{line:?}");
        }
    }

    #[test]
    fn journald_bytes() {
        let line = |message: &str| {
            format!(
                r#"{{"_TRANSPORT":"audit","_AUDIT_TYPE":"2501","_SOURCE_REALTIME_TIMESTAMP":"1000000","MESSAGE":{message}}}"#
            )
        };
        let expected = "type=2501 msg=audit(1.000:0): a=b".to_owned();
        assert_eq!(rewritten(&line("[97,61,98]")), Ok(expected));
        assert_eq!(rewritten(&line("null")), Err(ForeignLine::Other));
        for malformed in ["[97,256]", "[97,\"b\"]", "[97", "\"a\",\"MESSAGE\":\"b\""] {
            assert_eq!(rewritten(&line(malformed)), Err(ForeignLine::Unknown), "{malformed}");
        }
    }

    #[test]
    fn other_programs_cannot_forge_kernel_messages() {
        let record = format!("type=2501 audit(1795292517.231:15): {FIELDS}");
        for line in [
            format!("Nov 21 20:21:57 h1 evil[7]: {record}"),
            format!("Nov 21 20:21:57 h1 evil: audit: {record}"),
            format!("Nov 21 20:21:57 h1 evil[7]: VIRT_RESOURCE {FIELDS}"),
            r#"{"_TRANSPORT":"syslog","MESSAGE":"audit: type=2501 audit(1.2:3): pid=1"}"#.into(),
            "----".into(),
            "time->Sat Nov 21 20:21:57 2026".into(),
            "".into(),
        ] {
            assert_eq!(rewritten(&line), Err(ForeignLine::Other), "{line}");
        }
        for line in ["rubbish", "ype=VIRT_CONTROL msg=audit(1.2:3): pid=1", "{rubbish", "\0\0"] {
            assert_eq!(rewritten(line), Err(ForeignLine::Unknown), "{line}");
        }
    }
}
