//! The text around the BODY of a program's record: the kernel's fields before it, libaudit's fields
//! (program, host, result) after it.

use super::fields::{Fields, number, word};
use super::{Defect, other_program};
use memchr::{memchr, memchr_iter, memmem, memrchr, memrchr_iter};

/// A record, split at its `msg='...'`.
pub(crate) struct Quoted<'a> {
    /// The kernel's fields.
    pub(crate) head: &'a [u8],
    /// The program's text, inside the quotes.
    pub(crate) text: &'a [u8],
    /// The text after the closing quote. A valid record has none.
    pub(crate) trailing: &'a [u8],
}

/// Splits a record at `msg='...'`. The last quote closes it, because a guest's name may have one.
pub(crate) fn quoted(body: &[u8]) -> Result<Quoted<'_>, Defect> {
    let start = memchr_iter(b'\'', body).find(|&at| body[..at].ends_with(b" msg="));
    let start = match start {
        Some(at) => at + 1,
        // Cut before `msg=`, or not a program's record.
        None if body.starts_with(b"pid=") || body.starts_with(b"user pid=") => {
            return Err(Defect::Cut);
        }
        None => return Err(Defect::Malformed("msg")),
    };
    let (head, text) = (&body[..start - b" msg='".len()], &body[start..]);
    let end = memrchr(b'\'', text).ok_or(Defect::Cut)?;
    Ok(Quoted { head, text: &text[..end], trailing: &text[end + 1..] })
}

/// The BODY and the result. The last `res=` counts: libaudit appends it after all values.
///
/// If other fields follow `res=`, or if another program than libvirt omits it, the BODY is the whole
/// text.
fn result(text: &[u8]) -> Result<(&[u8], bool), Defect> {
    // Old versions of libaudit: `BODY: exe="..." (hostname=?, addr=?, terminal=? res=success)`
    let (inner, in_parentheses) = match text.strip_suffix(b")") {
        Some(inner) => (inner, true),
        None => (text, false),
    };
    let (at, from) = match last_word(inner, b"res=") {
        Some(at) => (at, at + b" res=".len()),
        None if inner.starts_with(b"res=") => (0, b"res=".len()),
        None if other_program(text).is_some() => return Ok((text, true)),
        None => return Err(Defect::Cut),
    };
    let (value, behind) = word(&inner[from..]);
    let success = match value {
        b"success" | b"1" => true,
        b"failed" | b"0" => false,
        partial
            if behind.is_empty()
                && (b"success".starts_with(partial) || b"failed".starts_with(partial)) =>
        {
            return Err(Defect::Cut);
        }
        _ => return Err(Defect::Malformed("res")),
    };
    if !behind.is_empty() {
        return Ok((text, success));
    }
    let body = &text[..at];
    let body = last_word(body, b"exe=").map_or(body, |exe| &body[..exe]);
    // Old versions of libaudit separate the BODY by a colon, and versions of libvirt from then write
    // no `virt=`. Any other BODY may end with a raw value that has one.
    let may_have_colon = in_parentheses || !body.starts_with(b"virt=");
    match body.strip_suffix(b":") {
        Some(body) if may_have_colon => Ok((body.trim_ascii_end(), success)),
        _ => Ok((body, success)),
    }
}

/// Whether a record lacks its end.
pub(crate) fn is_cut(record: &[u8]) -> bool {
    matches!(quoted(record).and_then(|quoted| result(quoted.text)), Err(Defect::Cut))
}

/// The offset of the blank before the last word that starts with `start`.
pub(super) fn last_word(text: &[u8], start: &[u8]) -> Option<usize> {
    memrchr_iter(b' ', text).find(|&at| text[at + 1..].starts_with(start))
}

/// The `uid=` and the `auid=` of the process that wrote the record.
fn sender(head: &[u8]) -> (Option<u32>, Option<u32>) {
    let (mut uid, mut auid) = (None, None);
    for field in Fields::new(head) {
        match field.key {
            b"uid" if uid.is_none() => uid = number(field.value),
            b"auid" if auid.is_none() => auid = number(field.value),
            // The security label is the kernel's last field, and may contain anything.
            b"subj" => break,
            _ => {}
        }
    }
    (uid, auid.filter(|&auid| auid != u32::MAX))
}

/// The text around a BODY. Consecutive records of a daemon have the same one, and comparing it is
/// faster than parsing it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Envelope<'a> {
    /// The text before the BODY, with the opening quote.
    head: &'a [u8],
    /// The text after the BODY, from the blank on.
    tail: &'a [u8],
    /// Whether the envelope has libaudit's usual format. Any record with the same beginning and the
    /// same end then has this envelope.
    pub(crate) usual: bool,
    /// `res=success`
    pub(crate) success: bool,
    /// The kernel's `uid=`.
    pub(crate) uid: Option<u32>,
    /// The kernel's `auid=`; `None` if it is unset.
    pub(crate) auid: Option<u32>,
}

impl<'a> Envelope<'a> {
    /// Parses a record to its envelope and its BODY.
    pub(crate) fn parse(record: &'a [u8]) -> Result<(Self, &'a [u8]), Defect> {
        let quoted = quoted(record)?;
        let (body, success) = result(quoted.text)?;
        let (uid, auid) = sender(quoted.head);
        let start = quoted.head.len() + b" msg='".len();
        let (head, tail) = (&record[..start], &record[start + body.len()..]);
        let usual = tail.starts_with(b" exe=")
            && (tail.ends_with(b" res=success'") || tail.ends_with(b" res=failed'"))
            && memchr(b'\'', head) == Some(start - 1)
            && memmem::find(head, b" uuid=").is_none();
        Ok((Self { head, tail, usual, success, uid, auid }, body))
    }

    /// The BODY of a record, if the record has this envelope.
    #[inline]
    pub(crate) fn body<'r>(&self, record: &'r [u8]) -> Option<&'r [u8]> {
        self.before_tail(record.strip_prefix(self.head)?)
    }

    /// The text before this envelope's tail, if the envelope is a usual one and the text ends so.
    #[inline]
    pub(crate) fn before_tail<'r>(&self, record: &'r [u8]) -> Option<&'r [u8]> {
        let front = record.strip_suffix(self.tail)?;
        self.usual.then_some(front)
    }

    /// A record with this envelope, up to `end` bytes of its BODY.
    #[inline]
    pub(crate) fn up_to<'r>(&self, record: &'r [u8], end: usize) -> &'r [u8] {
        &record[..self.head.len() + end]
    }
}
