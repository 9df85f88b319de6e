//! A VIRT_* record's fields, read so that nothing a guest's name or path holds can pass for one.

use super::Line;
use crate::fields::{Fields, number};
use memchr::{memchr, memchr_iter, memmem, memrchr, memrchr_iter};
use viraudit::{RecordType, Uuid};

/// Why a line's record can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// Its end is missing: `res=`, or the quote behind it.
    Cut,
    /// A field that it must have is missing, or can't be read; says which.
    Malformed(&'static str),
}

/// What a record says has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A guest starts.
    Start,
    /// A guest stops.
    Stop,
    /// A container's init starts.
    Init,
    /// A VIRT_CONTROL with an operation that nobody has defined.
    OtherControl,
    /// VIRT_RESOURCE.
    Resource,
    /// VIRT_MACHINE_ID.
    Label,
    /// The types that libvirt never emits.
    Lifecycle(RecordType),
}

/// A VIRT_* record's parts, as they stand in the line.
#[derive(Clone, Copy, Debug)]
pub struct VirtLine<'a> {
    /// What has happened.
    pub op: Op,
    /// `op=` or `resrc=`, as it stands there.
    pub what: &'a [u8],
    /// `virt=`
    pub virt: &'a [u8],
    /// `vm=`, encoded.
    pub vm: &'a [u8],
    /// `uuid=`
    pub uuid: Uuid,
    /// `reason=`
    pub reason: &'a [u8],
    /// The rest of the BODY: behind `vm=` and `uuid=` where they stand in libvirt's order, else
    /// all of it.
    pub tail: &'a [u8],
    /// `res=success`
    pub success: bool,
    /// The sender's `uid=`.
    pub uid: Option<u32>,
    /// The sender's `auid=`; `None` when it is unset.
    pub auid: Option<u32>,
    /// `vm-pid=`
    pub pid: Option<i64>,
}

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
pub(crate) fn result(text: &[u8]) -> Result<(&[u8], bool), Defect> {
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

impl<'a> VirtLine<'a> {
    /// Reads the record of a line of this type.
    pub fn parse(kind: RecordType, line: &Line<'a>) -> Result<Self, Defect> {
        let quoted = quoted(line.body)?;
        let (body, success) = result(quoted.text)?;
        let mut vm = None;
        let mut uuid = None;
        let (mut virt, mut op, mut reason, mut pid) = (&b""[..], None, &b""[..], None);
        let mut tail = body;
        for field in Fields::new(body) {
            match field.key {
                b"virt" if field.at == 0 => virt = field.value,
                b"vm" if vm.is_none() => vm = Some(field.value),
                b"uuid" if uuid.is_none() => {
                    uuid = Some(Uuid::parse(field.value).ok_or(Defect::Malformed("uuid"))?);
                    if vm.is_some() {
                        let end = field.at + b"uuid=".len() + field.value.len();
                        tail = body.get(end + 1..).unwrap_or_default();
                    }
                }
                b"op" | b"resrc" if op.is_none() => op = Some(field.value),
                b"reason" if reason.is_empty() => reason = field.value,
                b"vm-pid" if pid.is_none() => pid = number(field.value),
                _ => {}
            }
        }
        let vm = vm.filter(|vm| !vm.is_empty()).ok_or(Defect::Malformed("vm"))?;
        let uuid = uuid.ok_or(Defect::Malformed("uuid"))?;
        let op_of = |key| op.ok_or(Defect::Malformed(key));
        let (op, what) = match kind {
            RecordType::VirtControl => {
                let what = op_of("op")?;
                let op = match what {
                    b"start" => Op::Start,
                    b"stop" => Op::Stop,
                    b"init" => Op::Init,
                    _ => Op::OtherControl,
                };
                (op, what)
            }
            RecordType::VirtResource => (Op::Resource, op_of("resrc")?),
            RecordType::VirtMachineId => (Op::Label, &b""[..]),
            _ => (Op::Lifecycle(kind), &b""[..]),
        };
        let (uid, auid) = sender(quoted.head);
        Ok(Self { op, what, virt, vm, uuid, reason, tail, success, uid, auid, pid })
    }
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

/// Only the UUID's text and the result, of a record that is otherwise whole; for records of which a
/// report only shows that they were.
pub(crate) fn uuid_only<'a>(
    finder: &memmem::Finder<'_>,
    line: &Line<'a>,
) -> Option<(&'a [u8], bool)> {
    let at = finder.find(line.body)?;
    let (front, rest) = (&line.body[..at], &line.body[at + b" uuid=".len()..]);
    let uuid = rest.get(..36)?;
    let mark = memrchr(b' ', front)?;
    let named = front[mark..].starts_with(b" vm=") && front.len() > mark + b" vm=".len();
    let quoted = memchr(b'\'', &front[..mark]).is_some_and(|at| front[..at].ends_with(b" msg="));
    let success = line.body.ends_with(b" res=success'");
    let ended = success || line.body.ends_with(b" res=failed'");
    (*rest.get(36)? == b' ' && named && ended && quoted).then_some((uuid, success))
}
