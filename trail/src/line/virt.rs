//! A VIRT_* record's fields, read so that nothing a guest's name or path holds can pass for one.

use super::{Frame, Line};
use crate::fields::{Fields, number};
use memchr::{memmem, memrchr};
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

impl<'a> VirtLine<'a> {
    /// Reads the record of a line of this type.
    pub fn parse(kind: RecordType, line: &Line<'a>) -> Result<Self, Defect> {
        let (frame, body) = Frame::read(line.body)?;
        Self::of_body(kind, &frame, body)
    }

    /// Reads the BODY of a record of this type.
    pub(crate) fn of_body(
        kind: RecordType,
        frame: &Frame<'_>,
        body: &'a [u8],
    ) -> Result<Self, Defect> {
        let mut vm = None;
        let mut uuid = None;
        let (mut virt, mut op, mut reason, mut pid) = (&b""[..], None, &b""[..], None);
        let mut tail = body;
        for field in Fields::new(body) {
            match field.key {
                b"virt" if field.at == 0 => virt = field.value,
                b"vm" if vm.is_none() => vm = Some(field.value),
                b"uuid" if uuid.is_none() => {
                    uuid = Some(uuid_of(field.value).ok_or(Defect::Malformed("uuid"))?);
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
        let Frame { success, uid, auid, .. } = *frame;
        Ok(Self { op, what, virt, vm, uuid, reason, tail, success, uid, auid, pid })
    }
}

/// Only the guest's name and UUID, as they stand in a BODY with both in libvirt's order; for records
/// of which a report only shows that they were.
#[inline]
pub(crate) fn guest_only<'a>(finder: &memmem::Finder<'_>, body: &'a [u8]) -> Option<&'a [u8]> {
    let at = finder.find(body)?;
    let (front, end) = (&body[..at], at + b" uuid=".len() + UUID_LEN);
    let guest = body.get(..end)?;
    let mark = memrchr(b' ', front)?;
    let named = front[mark..].starts_with(b" vm=") && front.len() > mark + b" vm=".len();
    (named && body.get(end).is_none_or(|&end| end == b' ')).then_some(&guest[mark..])
}

/// Reads a UUID: in its usual form at once, else in any that libvirt takes.
#[inline]
fn uuid_of(text: &[u8]) -> Option<Uuid> {
    match uuid::Uuid::try_parse_ascii(text) {
        Ok(uuid) if text.len() == UUID_LEN => Some(Uuid(uuid.into_bytes())),
        _ => Uuid::parse(text),
    }
}

/// The length of a UUID's usual text.
const UUID_LEN: usize = 36;
