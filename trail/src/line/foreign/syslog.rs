//! The headers of syslog messages: the files of rsyslog, `journalctl`, RFC 5424, and dmesg.

use super::times::{LineTime, leading, word};
use crate::time::Clock;

/// A message with its header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) time: LineTime<'a>,
    pub(super) host: Option<&'a [u8]>,
    /// The program's name, without its process number.
    pub(super) tag: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// The header of a line; `None` if it has none.
pub(super) fn header<'a>(text: &'a [u8], clock: &Clock) -> Option<Header<'a>> {
    let after = priority(text);
    if let Some(header) = after.and_then(|rest| rfc5424(rest, clock)) {
        return Some(header);
    }
    let (time, rest) = leading(after.unwrap_or(text), clock)?;
    let (host, rest) = word(rest)?;
    let (tag, rest) = tag(rest)?;
    Some(Header { time, host: Some(host), tag, rest })
}

/// `tag: `, `tag[123]: `, or a word before a record: rsyslog writes what the administrator chose.
fn tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = word(text)?;
    let (tag, rest) = match first.strip_suffix(b":") {
        Some(tag) => (tag, rest),
        None if super::message_text(rest) => (first, rest),
        None => {
            let end = memchr::memmem::find(text, b": ")?;
            (&text[..end], &text[end + 2..])
        }
    };
    Some((memchr::memchr(b'[', tag).map_or(tag, |at| &tag[..at]), rest))
}

/// `1 2026-11-21T20:21:57.231111+01:00 h1 audispd 7 - - MESSAGE`; the priority is before it.
fn rfc5424<'a>(text: &'a [u8], clock: &Clock) -> Option<Header<'a>> {
    let (time, rest) = leading(text.strip_prefix(b"1 ")?, clock)?;
    let (host, rest) = word(rest)?;
    let (tag, rest) = word(rest)?;
    let (_process, rest) = word(rest)?;
    let (_message_id, rest) = word(rest)?;
    let rest = structured_data(rest)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let rest = rest.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(rest);
    Some(Header { time, host: (host != b"-").then_some(host), tag, rest })
}

/// The text after `-` or `[ID NAME="VALUE" ...]...`.
fn structured_data(text: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some(rest);
    }
    let mut rest = text;
    while rest.first() == Some(&b'[') {
        let (mut quoted, mut at) = (false, 1);
        loop {
            match rest.get(at)? {
                b'\\' if quoted => at += 1,
                b'"' => quoted = !quoted,
                b']' if !quoted => break,
                _ => {}
            }
            at += 1;
        }
        rest = &rest[at + 1..];
    }
    (rest.len() < text.len()).then_some(rest)
}

/// The text after `<13>`, also if the message's length is before it (RFC 6587).
pub(super) fn priority(text: &[u8]) -> Option<&[u8]> {
    let len = text.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    let framed = if len > 0 { text[len..].strip_prefix(b" ") } else { None };
    let rest = framed.unwrap_or(text).strip_prefix(b"<")?;
    let end = rest.iter().take(4).position(|&byte| byte == b'>')?;
    (end > 0 && rest[..end].iter().all(u8::is_ascii_digit)).then(|| &rest[end + 1..])
}

/// A line of dmesg.
pub(super) struct KernelLine<'a> {
    /// Whether the kernel wrote it, and not a program.
    pub(super) by_kernel: bool,
    /// The message, after the facility and level (`-x` or `-r`) and the time.
    pub(super) message: &'a [u8],
    /// Whether other programs write such lines too.
    pub(super) ambiguous: bool,
}

/// A line as dmesg prints it; `None` if it isn't one.
pub(super) fn kernel_line<'a>(text: &'a [u8], clock: &Clock) -> Option<KernelLine<'a>> {
    let (facility, rest) = match facility(text) {
        Some((facility, rest)) => (Some(facility), rest),
        None => (None, priority(text).unwrap_or(text)),
    };
    // With --time-format iso, dmesg writes a comma before the fraction.
    let timed = rest.first() == Some(&b'[') || rest.get(19) == Some(&b',');
    let after = leading(rest, clock).filter(|_| timed).map(|(_, message)| message);
    let message = match after {
        Some(message) => message.trim_ascii_start(),
        None if facility.is_some() || rest.len() == text.len() => rest,
        None => return None,
    };
    let by_kernel = facility.is_none_or(|facility| facility == b"kern");
    let ambiguous = facility.is_none() && (after.is_none() || rest.first() == Some(&b'['));
    Some(KernelLine { by_kernel, message, ambiguous })
}

/// `kern  :notice: ` at the beginning of a line: the facility, and the text after it.
fn facility(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const NAMES: [&[u8]; 10] = [
        b"kern",
        b"user",
        b"mail",
        b"daemon",
        b"auth",
        b"syslog",
        b"lpr",
        b"news",
        b"cron",
        b"authpriv",
    ];
    let (name, rest) = text.split_at(memchr::memchr(b':', text.get(..9)?)?);
    let level = rest.get(1..10)?;
    let end = memchr::memchr(b':', level)?;
    let name = name.trim_ascii_end();
    let is_level = level[..end].iter().all(|byte| byte.is_ascii_lowercase() || *byte == b' ');
    (is_level && NAMES.contains(&name)).then(|| (name, rest[1 + end + 1..].trim_ascii_start()))
}
