//! One line of a log: its record type, its stamp and its fields.
//!
//! Lines are bytes, not UTF-8. auditd's own format is parsed in place. A line in any other format is
//! first rewritten to it (`foreign.rs`), so that one parser is enough.

mod denial;
mod envelope;
pub(crate) mod fields;
pub(crate) mod foreign;
mod kind;
pub(crate) mod names;
mod program;
mod resource;
mod sign;
mod stamp;
mod virt;

pub(crate) use denial::{AuxBody, Denial, context, is_granted};
pub(crate) use envelope::{Envelope, is_cut, quoted};
pub use foreign::{Reason, Remark, Remarks};
pub(crate) use kind::{AuxKind, LANDLOCK_ACCESS, LANDLOCK_DOMAIN, LineKind, SECCOMP, anomaly_name};
pub(crate) use program::other_program;
pub(crate) use resource::ResourceChange;
pub(crate) use sign::Sign;
pub use stamp::Stamp;
pub(crate) use stamp::StampReader;
pub(crate) use virt::{Defect, Op, VirtLine};

/// A line in auditd's format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// The text before the stamp.
    pub(crate) start: &'a [u8],
    /// `node=`
    pub(crate) node: Option<&'a [u8]>,
    /// The record type.
    pub(crate) kind: LineKind,
    pub(crate) stamp: Stamp,
    /// The fields.
    pub(crate) body: &'a [u8],
    /// The interpreted fields of `log_format = ENRICHED`, which follow the byte 0x1D.
    pub(crate) names: &'a [u8],
}

/// The front of a line, up to its stamp. Most lines are dropped by it alone.
#[derive(Clone, Copy, Debug)]
pub struct Front<'a> {
    /// The front itself, through `audit(`.
    pub(crate) start: &'a [u8],
    /// `node=`
    pub(crate) node: Option<&'a [u8]>,
    /// The record type.
    pub(crate) kind: LineKind,
    /// The value of `type=`.
    pub name: &'a [u8],
    /// The text after `audit(`.
    pub rest: &'a [u8],
}

/// The line without a final CR, which copying through other systems may have added.
pub(crate) fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A record of the kernel as a line, without a line feed.
pub fn record_line(kind: u16, text: &[u8]) -> Vec<u8> {
    let mut line = [format!("type={kind} ").as_bytes(), text].concat();
    // A line feed in the text could forge a second record. auditd writes a blank, too.
    line.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
    line
}

/// Parses the front of a line; `None` if the line is not in auditd's format.
#[inline]
pub fn front(line: &[u8]) -> Option<Front<'_>> {
    // Most records about guests are of this type.
    if let Some(rest) = line.strip_prefix(b"type=VIRT_RESOURCE msg=audit(") {
        let kind = LineKind::Virt(viraudit::RecordType::VirtResource);
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
    // No type has a longer name.
    let end = memchr::memchr(b' ', rest.get(..40).unwrap_or(rest))?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    // printk omits `msg=`.
    let rest = rest.strip_prefix(b"msg=").unwrap_or(rest).strip_prefix(b"audit(")?;
    let start = &line[..line.len() - rest.len()];
    Some(Front { start, node, kind: LineKind::from_name(name), name, rest })
}

impl<'a> Front<'a> {
    /// Parses the rest of the line with a reader that has seen the lines before.
    #[inline(always)] // as StampReader::read is
    pub(crate) fn line_by(&self, stamps: &mut StampReader) -> Option<Line<'a>> {
        let (stamp, body) = stamps.read(self.rest)?;
        Some(self.line(stamp, body))
    }

    /// The line with its stamp and the text after it, which [`StampReader::read`] returns.
    #[inline(always)] // as above
    pub(crate) fn line(&self, stamp: Stamp, body: &'a [u8]) -> Line<'a> {
        let (body, names) = names::split(body);
        let Self { start, node, kind, .. } = *self;
        Line { start, node, kind, stamp, body, names }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Option<Line<'_>> {
        front(without_cr(text))?.line_by(&mut StampReader::default())
    }

    #[test]
    fn formats_of_a_front() {
        for (text, node, ms, serial) in [
            ("type=VIRT_CONTROL msg=audit(12.345:67): pid=1", None, 12345, 67),
            ("node=h1 type=VIRT_CONTROL msg=audit(12.345:67): pid=1", Some("h1"), 12345, 67),
            ("type=2500 audit(12.345:67): pid=1", None, 12345, 67),
            ("type=UNKNOWN[2500] msg=audit(12:67): pid=1\r", None, 12000, 67),
            ("type=2500 msg=audit(12.3): pid=1", None, 12003, 0),
        ] {
            let line = parse(text.as_bytes()).expect(text);
            assert_eq!(line.kind, LineKind::Virt(viraudit::RecordType::VirtControl), "{text}");
            assert_eq!(line.node, node.map(str::as_bytes), "{text}");
            assert_eq!(line.stamp, Stamp { ms, serial }, "{text}");
            assert_eq!(line.body, b"pid=1", "{text}");
        }
    }

    #[test]
    fn malformed_fronts() {
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
            assert!(parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn interpreted_fields_follow_their_byte() {
        let line = parse(b"type=X msg=audit(1:1): a='b'\x1dUID=\"root\"").unwrap();
        assert_eq!((line.body, line.names), (&b"a='b'"[..], &b"UID=\"root\""[..]));
    }
}
