//! Audit records in other formats: journald's, kernel messages, syslog, JSON of log shippers.
//!
//! Each is rewritten to auditd's format. Only messages of the kernel and of auditd count: any program
//! may write `type=2500 audit(...)` to syslog, but not under their names. Records that aren't read
//! get a note, because silence would look like a host without guests.

mod daemon_log;
mod json;
mod remarks;
mod syslog;
mod times;
mod zones;

#[cfg(test)]
mod tests;

pub use remarks::{Reason, Remark, Remarks};

use super::{LineKind, front};
use crate::time::Clock;
use json::Entry;
use memchr::memmem;
use std::io::Write;
use syslog::{Header, header};
use times::{digits, leading};

/// The kind of a line that is not in auditd's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForeignLine {
    /// An audit record. It was rewritten.
    Audit,
    /// A line of another program, or an empty one; or a record that is not read, which has a note.
    Other,
    /// A line of an unknown format.
    Unknown,
}

/// The syslog tags of the kernel's and auditd's messages.
const TAGS: [&[u8]; 5] = [b"audit", b"kernel", b"audispd", b"audisp-syslog", b"auditd"];

/// The name of senders without a tag.
const UNNAMED: &[u8] = b"-";

/// Reads lines in other formats.
#[derive(Clone, Debug)]
pub(crate) struct ForeignReader {
    clock: Clock,
    /// Further tags that the user trusts.
    tags: Vec<Vec<u8>>,
}

/// The result of reading a line: its record, and the note about it.
struct Rewriting<'o> {
    out: &'o mut Vec<u8>,
    note: &'o mut dyn FnMut(Reason),
}

/// The sender of a text.
#[derive(Clone, Copy)]
struct Sender<'a> {
    host: Option<&'a [u8]>,
    /// Milliseconds since 1970, and the name of its zone if that isn't known.
    ms: Option<i64>,
    unknown_zone: Option<&'a [u8]>,
    /// Whether it names the types of its records, which then have no stamp: `VIRT_CONTROL pid=...`.
    names_types: bool,
}

impl ForeignReader {
    /// A reader that trusts the audit system's tags and these.
    pub(crate) fn new(clock: Clock, tags: &[Vec<u8>]) -> Self {
        Self { clock, tags: tags.to_vec() }
    }

    /// Rewrites a line that [`front`] rejects, and appends it to `out`. `note` gets the reason if a
    /// record can't be read, or not for certain.
    pub(crate) fn rewrite(
        &self,
        line: &[u8],
        out: &mut Vec<u8>,
        note: &mut dyn FnMut(Reason),
    ) -> ForeignLine {
        let text = line.trim_ascii();
        // The prefixes of journalctl's json-seq and json-sse.
        let object = [&b"\x1e"[..], b"data: "].into_iter().find_map(|mark| text.strip_prefix(mark));
        let text = object.filter(|object| object.starts_with(b"{")).unwrap_or(text);
        let mut rewriting = Rewriting { out, note };
        match text {
            // The separators of ausearch.
            [] | b"----" => ForeignLine::Other,
            _ if text.starts_with(b"time->") => ForeignLine::Other,
            // Remarks of journalctl: `-- Boot ... --`, and with -x explanations.
            _ if text.starts_with(b"-- ") || text.starts_with("░░".as_bytes()) => {
                rewriting.unread(text, Reason::tag(b"--"))
            }
            [b'{', ..] => self.json(text, 0, &mut rewriting),
            _ => self.text(text, &mut rewriting),
        }
    }

    fn trusts(&self, tag: &[u8]) -> bool {
        TAGS.contains(&tag) || self.is_named(tag)
    }

    /// Whether the user named this tag.
    fn is_named(&self, tag: &[u8]) -> bool {
        self.tags.iter().any(|named| named == tag)
    }

    /// A line of text, perhaps with a header.
    fn text(&self, text: &[u8], rewriting: &mut Rewriting<'_>) -> ForeignLine {
        if let Some(line) = daemon_log::line(text) {
            return match line.record {
                Some(copied) => rewriting.copied(None, line.ms, &copied),
                None => ForeignLine::Other,
            };
        }
        let kernel = syslog::kernel_line(text, &self.clock);
        if let Some(line) = &kernel
            && line.by_kernel
            && rewriting.message(None, line.message)
        {
            return ForeignLine::Audit;
        }
        if let Some(line) = kernel.as_ref().filter(|line| !line.ambiguous) {
            return rewriting.unread(line.message, Reason::tag(UNNAMED));
        }
        match header(text, &self.clock) {
            Some(header) => self.with_header(&header, rewriting),
            // A kernel message without a header.
            None if text[0] == b'[' && leading(text, &self.clock).is_some() => ForeignLine::Other,
            None => ForeignLine::Unknown,
        }
    }

    fn with_header(&self, header: &Header<'_>, rewriting: &mut Rewriting<'_>) -> ForeignLine {
        if daemon_log::is_daemon(header.tag)
            && let Some(copied) = daemon_log::message(header.rest)
            && let Some(ms) = header.time.ms
        {
            return rewriting.copied(header.host, ms, &copied);
        }
        if !self.trusts(header.tag) {
            return rewriting.unread(header.rest, Reason::tag(header.tag));
        }
        let message = leading(header.rest, &self.clock).filter(|_| header.rest.starts_with(b"["));
        let sender = Sender {
            host: header.host,
            ms: header.time.ms,
            unknown_zone: header.time.unknown_zone,
            names_types: header.tag == b"audit" || self.is_named(header.tag),
        };
        let message = message.map_or(header.rest, |(_, message)| message);
        match rewriting.record(&sender, message) {
            Some(read) => read,
            None => rewriting.unread(message, Reason::Form),
        }
    }

    /// A line of JSON.
    fn json(&self, text: &[u8], depth: u32, rewriting: &mut Rewriting<'_>) -> ForeignLine {
        let Some(entry) = Entry::parse(text) else { return ForeignLine::Unknown };
        let kind = entry.kind.as_ref().filter(|kind| is_number::<u16>(kind));
        let Some(message) = &entry.message else {
            let is_virt = |kind: &&String| is_virt(LineKind::from_name(kind.as_bytes()));
            if entry.transport.as_deref() == Some("audit") && kind.as_ref().is_some_and(is_virt) {
                (rewriting.note)(Reason::LeftOut);
                return ForeignLine::Other;
            }
            return rewriting.unread(text, Reason::Field);
        };
        let host = entry.host.as_deref().filter(|host| !host.contains(' ')).map(str::as_bytes);
        let shipped = || entry.time.as_ref().and_then(|time| self.shipped_time(time));
        let ms = entry.journal_ms().or_else(shipped);
        let tag = entry.tag.as_deref().unwrap_or_default().as_bytes();
        let tag = tag.strip_suffix(b":").unwrap_or(tag);
        let tag = memchr::memchr(b'[', tag).map_or(tag, |at| &tag[..at]);
        let tag: &[u8] = if tag.is_empty() { UNNAMED } else { tag };
        let named = self.is_named(tag);
        let mut sender = Sender { host, ms, unknown_zone: None, names_types: named };
        // A program may send anything under a daemon's tag, but not as another program.
        if !matches!(entry.transport.as_deref(), Some("audit" | "kernel"))
            && daemon_log::is_daemon(entry.exe.as_ref().map_or(tag, |exe| exe.as_bytes()))
            && let Some(copied) = daemon_log::message(message)
            && let Some(ms) = ms
        {
            return rewriting.copied(host, ms, &copied);
        }
        match entry.transport.as_deref() {
            Some("audit") => {
                if let Some(kind) = kind {
                    let serial = entry.serial.as_deref().filter(|id| is_number::<u64>(id));
                    let Some(ms) = ms else { return ForeignLine::Unknown };
                    return rewriting.numbered(host, kind, ms, serial.unwrap_or("0"), message);
                }
                sender.names_types = true;
                rewriting.record(&sender, message).unwrap_or(ForeignLine::Unknown)
            }
            Some("kernel") => match rewriting.record(&sender, message) {
                Some(read) => read,
                None => rewriting.unread(message, Reason::Form),
            },
            Some(_) if !named && self.trusts(tag) => rewriting.unread(message, Reason::sent(tag)),
            transport if !named && (transport.is_some() || tag != UNNAMED && !self.trusts(tag)) => {
                rewriting.unread(message, Reason::tag(tag))
            }
            _ => {
                let inner = message.trim_ascii();
                if depth == 0 && inner.starts_with(b"{") {
                    return self.json(inner, 1, rewriting);
                }
                if let Some(read) = rewriting.record(&sender, inner) {
                    return read;
                }
                if let Some(header) = header(inner, &self.clock) {
                    return self.with_header(&header, rewriting);
                }
                if is_about_guest(inner) {
                    return rewriting.unread(inner, Reason::tag(tag));
                }
                rewriting.unread(text, Reason::Field)
            }
        }
    }

    /// The time that a shipper has added: a date, or seconds or milliseconds since 1970.
    fn shipped_time(&self, text: &str) -> Option<i64> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if let Some(number) = digits(whole.as_bytes()) {
            let number = i64::try_from(number).ok()?;
            return match whole.len() {
                0..=11 => {
                    let millis = format!("{fraction:0<3}");
                    number.checked_mul(1000)?.checked_add(millis.get(..3)?.parse().ok()?)
                }
                12..=14 => Some(number),
                15..=17 => Some(number / 1000),
                _ => Some(number / 1_000_000),
            };
        }
        let line = format!("{text} ");
        let (time, rest) = leading(line.as_bytes(), &self.clock)?;
        time.ms.filter(|_| rest.is_empty())
    }
}

impl Rewriting<'_> {
    /// Reads a record of a sender that is trusted; `None` if the text isn't one.
    fn record(&mut self, sender: &Sender<'_>, text: &[u8]) -> Option<ForeignLine> {
        if self.message(sender.host, text) {
            return Some(ForeignLine::Audit);
        }
        let (name, fields) = split_type(text).filter(|_| sender.names_types)?;
        let Some(ms) = sender.ms else { return Some(self.unread(text, Reason::Untimed)) };
        // The name of a type that journald doesn't know.
        let name =
            name.strip_prefix(b"AUDIT").filter(|number| digits(number).is_some()).unwrap_or(name);
        self.put_node(sender.host);
        self.put_record(name, ms, b"0", fields);
        if let Some(zone) = sender.unknown_zone {
            (self.note)(Reason::zone(zone));
        }
        Some(ForeignLine::Audit)
    }

    /// `[audit: ]type=... [msg=]audit(...): ...`
    fn message(&mut self, host: Option<&[u8]>, text: &[u8]) -> bool {
        let text = message_of(text);
        let Some(known) = front(text) else { return false };
        if known.node.is_none() {
            self.put_node(host);
        }
        self.out.extend_from_slice(text);
        true
    }

    /// A record with its type as a number, as the journal has it.
    fn numbered(
        &mut self,
        host: Option<&[u8]>,
        kind: &str,
        ms: i64,
        serial: &str,
        message: &[u8],
    ) -> ForeignLine {
        let fields = split_type(message).map_or(message, |(_, fields)| fields);
        self.put_node(host);
        self.put_record(kind.as_bytes(), ms, serial.as_bytes(), fields);
        ForeignLine::Audit
    }

    fn put_node(&mut self, host: Option<&[u8]>) {
        if let Some(host) = host {
            self.out.extend_from_slice(b"node=");
            self.out.extend_from_slice(host);
            self.out.push(b' ');
        }
    }

    fn put_record(&mut self, name: &[u8], ms: i64, serial: &[u8], fields: &[u8]) {
        self.out.extend_from_slice(b"type=");
        self.out.extend_from_slice(name);
        // Writing to memory can't fail.
        let _ = write!(self.out, " msg=audit({}.{:03}:", ms / 1000, ms % 1000);
        self.out.extend_from_slice(serial);
        self.out.extend_from_slice(b"): ");
        self.out.extend_from_slice(fields);
    }

    /// A record in the log of a daemon of libvirt.
    fn copied(
        &mut self,
        host: Option<&[u8]>,
        ms: i64,
        copied: &daemon_log::Copied<'_>,
    ) -> ForeignLine {
        self.put_node(host);
        self.put_record(copied.kind, ms, b"0", &copied.fields());
        (self.note)(Reason::Copied);
        ForeignLine::Audit
    }

    /// A text that is not read. If it has a record about a guest, the reason is noted.
    fn unread(&mut self, text: &[u8], reason: Reason) -> ForeignLine {
        if is_about_guest(text) {
            (self.note)(reason);
        }
        ForeignLine::Other
    }
}

/// Whether a line belongs to a message of libvirt's own log, whose messages may have several lines.
/// `before` is whether the line before does. A line that looks like a record never does.
pub(crate) fn continues_message(before: bool, line: &[u8], read: ForeignLine) -> bool {
    match read {
        ForeignLine::Unknown => before && memmem::find(line, b"audit(").is_none(),
        ForeignLine::Audit | ForeignLine::Other => daemon_log::line(line.trim_ascii()).is_some(),
    }
}

/// The text of a kernel message about a record, without printk's prefix.
fn message_of(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"audit: ").unwrap_or(text)
}

/// Whether a text is a message with a record.
fn message_text(text: &[u8]) -> bool {
    front(message_of(text)).is_some()
}

fn is_number<T: std::str::FromStr>(text: &str) -> bool {
    digits(text.as_bytes()).is_some() && text.parse::<T>().is_ok()
}

fn is_virt(kind: LineKind) -> bool {
    matches!(kind, LineKind::Virt(_) | LineKind::UnknownVirt)
}

/// Whether a text has a record about a guest, whatever is before it.
fn is_about_guest(text: &[u8]) -> bool {
    if memmem::find(text, b"audit(").is_some() {
        let types = memmem::find_iter(text, b"type=");
        return types
            .map(|at| front(&text[at..]))
            .any(|found| found.is_some_and(|f| is_virt(f.kind)));
    }
    let Some((name, fields)) = split_type(text) else { return false };
    let name = name.strip_prefix(b"AUDIT").unwrap_or(name);
    is_virt(LineKind::from_name(name)) && memmem::find(fields, b"msg='").is_some()
}

/// The type name at the beginning of a message, and the fields after it.
fn split_type(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    let name = &text[..end];
    let upper = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_[]".contains(b);
    (!name.is_empty() && name.iter().all(upper)).then(|| (name, &text[end + 1..]))
}

/// Whether a record is as `ausearch -i` prints it. `rest` follows `audit(`: a date instead of
/// seconds, and a blank before the colon.
pub(crate) fn is_interpreted(rest: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b')', rest) else { return false };
    let (stamp, rest) = (&rest[..end], &rest[end + 1..]);
    rest.starts_with(b" : ") && stamp.iter().any(|byte| b" /".contains(byte))
}
