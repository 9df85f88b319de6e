//! One line of a log: what it is, when it was, and where its fields stand.
//!
//! Bytes, not UTF-8. auditd's own form is read where it stands; every other form ([`foreign`]) is
//! first rewritten to it, so that there is one parser for all.

mod denial;
mod envelope;
pub mod fields;
pub mod foreign;
mod kind;
mod resource;
mod stamp;
mod virt;

pub use denial::Denial;
pub(crate) use denial::context;
pub(crate) use envelope::{Envelope, quoted};
pub use kind::{Aux, Kind, anomaly_name};
pub use resource::ResourceChange;
pub use stamp::Stamp;
pub(crate) use stamp::Stamps;
pub use virt::{Defect, Op, VirtLine};

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
    pub fn line(&self) -> Option<Line<'a>> {
        self.line_by(&mut Stamps::default())
    }

    /// The same, for one of many lines.
    #[inline(always)] // as Stamps::read is
    pub(crate) fn line_by(&self, stamps: &mut Stamps) -> Option<Line<'a>> {
        let (stamp, body) = stamps.read(self.rest)?;
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
