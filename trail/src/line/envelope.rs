//! What the kernel and libaudit put around a program's text: who sent it before, which program and
//! whether it succeeded behind.

use super::Defect;
use crate::line::fields::{Fields, number};
use memchr::{memchr, memchr_iter, memmem, memrchr, memrchr_iter};

/// The record's text inside `msg='...'`, and what stands before and behind it.
pub(crate) struct Quoted<'a> {
    /// The kernel's fields.
    pub(crate) head: &'a [u8],
    /// The program's text.
    pub(crate) text: &'a [u8],
    /// What must be nothing.
    pub(crate) trailing: &'a [u8],
}

/// Finds `msg='...'`. Its end is the last quote: a guest's name may hold one.
pub(crate) fn quoted(body: &[u8]) -> Result<Quoted<'_>, Defect> {
    let start = memchr_iter(b'\'', body).find(|&at| body[..at].ends_with(b" msg="));
    let start = match start {
        Some(at) => at + 1,
        // Cut before it, or no such record at all.
        None if body.starts_with(b"pid=") => return Err(Defect::Cut),
        None => return Err(Defect::Malformed("msg")),
    };
    let (head, text) = (&body[..start - b" msg='".len()], &body[start..]);
    let end = memrchr(b'\'', text).ok_or(Defect::Cut)?;
    Ok(Quoted { head, text: &text[..end], trailing: &text[end + 1..] })
}

/// The BODY and the result. The last `res=` counts: it is libaudit's own, behind all values.
fn result(text: &[u8]) -> Result<(&[u8], bool), Defect> {
    let at = last_word(text, b"res=").ok_or(Defect::Cut)?;
    let success = match &text[at + b" res=".len()..] {
        b"success" | b"1" => true,
        b"failed" | b"0" => false,
        partial if b"success".starts_with(partial) || b"failed".starts_with(partial) => {
            return Err(Defect::Cut);
        }
        _ => return Err(Defect::Malformed("res")),
    };
    let body = &text[..at];
    Ok((last_word(body, b"exe=").map_or(body, |exe| &body[..exe]), success))
}

/// Where the blank in front of the last word stands that starts like this.
fn last_word(text: &[u8], start: &[u8]) -> Option<usize> {
    memrchr_iter(b' ', text).find(|&at| text[at + 1..].starts_with(start))
}

/// Who wrote the record, as the kernel says.
fn sender(head: &[u8]) -> (Option<u32>, Option<u32>) {
    let (mut uid, mut auid) = (None, None);
    for field in Fields::new(head) {
        match field.key {
            b"uid" if uid.is_none() => uid = number(field.value),
            b"auid" if auid.is_none() => auid = number(field.value),
            // The security module's label follows, which is the last of the kernel's fields.
            b"subj" => break,
            _ => {}
        }
    }
    (uid, auid.filter(|&auid| auid != u32::MAX))
}

/// What stands around a BODY. A daemon's records have the same one again and again, which is
/// faster compared than read.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Envelope<'a> {
    /// Through the quote in front of the BODY.
    head: &'a [u8],
    /// From the blank behind the BODY on.
    tail: &'a [u8],
    /// It is of libaudit's usual form: then another record that begins and ends in the same way
    /// has the same frame.
    pub(crate) usual: bool,
    /// `res=success`
    pub(crate) success: bool,
    /// The sender's `uid=`.
    pub(crate) uid: Option<u32>,
    /// The sender's `auid=`; `None` when it is unset.
    pub(crate) auid: Option<u32>,
}

impl<'a> Envelope<'a> {
    /// Reads what is around a record's BODY; gives the BODY too.
    pub(crate) fn read(record: &'a [u8]) -> Result<(Self, &'a [u8]), Defect> {
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

    /// The BODY of a record, if it has this frame.
    #[inline]
    pub(crate) fn body<'r>(&self, record: &'r [u8]) -> Option<&'r [u8]> {
        self.in_front(record.strip_prefix(self.head)?)
    }

    /// What stands in front of this frame's end, if it can be known by that.
    #[inline]
    pub(crate) fn in_front<'r>(&self, record: &'r [u8]) -> Option<&'r [u8]> {
        let front = record.strip_suffix(self.tail)?;
        self.usual.then_some(front)
    }

    /// A record with this frame through so many bytes of its BODY.
    #[inline]
    pub(crate) fn through<'r>(&self, record: &'r [u8], end: usize) -> &'r [u8] {
        &record[..self.head.len() + end]
    }
}
