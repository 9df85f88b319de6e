//! A VIRT_* record's fields, read so that nothing a guest's name or path holds can pass for one.

use super::{Envelope, Line};
use crate::line::fields::{self, Fields, few_digits, number};
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
    /// From the blank in front of `vm=` through the UUID, where the BODY is in libvirt's order.
    pub guest: Option<&'a [u8]>,
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
        let (frame, body) = Envelope::read(line.body)?;
        Self::of_body(kind, &frame, body)
    }

    /// Reads the BODY of a record of this type.
    pub(crate) fn of_body(
        kind: RecordType,
        frame: &Envelope<'_>,
        body: &'a [u8],
    ) -> Result<Self, Defect> {
        let words = match Words::in_order(kind, body) {
            Some(words) => words,
            None => Words::in_any_order(kind, body)?,
        };
        let Words { virt, op, reason, vm, uuid, guest, tail, pid } = words;
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
        let Envelope { success, uid, auid, .. } = *frame;
        Ok(Self { op, what, virt, vm, uuid, guest, reason, tail, success, uid, auid, pid })
    }
}

/// The words of a BODY that every record may have.
#[derive(Debug, PartialEq, Eq)]
struct Words<'a> {
    virt: &'a [u8],
    /// `op=` or `resrc=`
    op: Option<&'a [u8]>,
    reason: &'a [u8],
    vm: &'a [u8],
    uuid: Uuid,
    guest: Option<&'a [u8]>,
    tail: &'a [u8],
    pid: Option<i64>,
}

impl<'a> Words<'a> {
    /// Those of a BODY in libvirt's order, which is what nearly all are.
    #[inline(always)]
    fn in_order(kind: RecordType, body: &'a [u8]) -> Option<Self> {
        let (virt, rest) = word(body, b"virt=")?;
        let (op, reason, rest) = match kind {
            RecordType::VirtControl | RecordType::VirtResource => {
                let control = kind == RecordType::VirtControl;
                let (op, rest) = word(rest, if control { b"op=" } else { b"resrc=" })?;
                let (reason, rest) = word(rest, b"reason=")?;
                (Some(op), reason, rest)
            }
            RecordType::VirtMachineId => (None, &b""[..], rest),
            _ => return None,
        };
        let (vm, rest) = word(rest, b"vm=")?;
        let (uuid, rest) = rest.strip_prefix(b"uuid=")?.split_at_checked(UUID_LEN)?;
        let tail = match rest {
            [] => rest,
            [b' ', tail @ ..] => tail,
            _ => return None,
        };
        if vm.is_empty() || op.is_some() && reason.is_empty() {
            return None;
        }
        let pid = match kind {
            RecordType::VirtControl => pid_of(tail),
            _ => None,
        };
        let uuid = uuid_of(uuid)?;
        let guest_len = b" vm= uuid=".len() + vm.len() + UUID_LEN;
        let end = body.len() - rest.len();
        let guest = body.get(end - guest_len..end);
        Some(Self { virt, op, reason, vm, uuid, guest, tail, pid })
    }

    /// Those of any other. The first one of a kind counts.
    #[cold]
    fn in_any_order(kind: RecordType, body: &'a [u8]) -> Result<Self, Defect> {
        let is_control = kind == RecordType::VirtControl;
        let is_label = kind == RecordType::VirtMachineId;
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
                b"op" | b"resrc" if op.is_none() && !is_label => op = Some(field.value),
                b"reason" if reason.is_empty() && !is_label => reason = field.value,
                b"vm-pid" if pid.is_none() && is_control => pid = number(field.value),
                _ => {}
            }
        }
        let vm = vm.filter(|vm| !vm.is_empty()).ok_or(Defect::Malformed("vm"))?;
        let uuid = uuid.ok_or(Defect::Malformed("uuid"))?;
        Ok(Self { virt, op, reason, vm, uuid, guest: None, tail, pid })
    }
}

/// The first `vm-pid=` that is a number.
fn pid_of(tail: &[u8]) -> Option<i64> {
    // Nearly always it is all of the tail, and small.
    if let [b'v', b'm', b'-', b'p', b'i', b'd', b'=', digits @ ..] = tail
        && let 1..10 = digits.len()
        && let Some(pid) = few_digits(digits)
    {
        return Some(pid as i64);
    }
    Fields::new(tail).find_map(|field| match field.key {
        b"vm-pid" => number(field.value),
        _ => None,
    })
}

/// The value of the word at a text's beginning, if it has this key, and what stands behind.
#[inline]
fn word<'a>(text: &'a [u8], key: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (value, rest) = fields::word(text.strip_prefix(key)?);
    Some((value, rest.get(1..).unwrap_or_default()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bodies() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "virt=kvm",
            "virt=",
            "op=start",
            "resrc=disk",
            "reason=booted",
            "reason=",
            "vm=\"web\"",
            "vm=",
            "uuid=cd613e30-d8f1-6adf-91b7-584a2265b1f5",
            "uuid=cd613e30d8f16adf91b7584a2265b1f5",
            "uuid=1",
            "vm-pid=7",
            "vm-pid=x",
            "vm-pid=8",
            "",
            "old-disk=\"?\"",
        ]);
        let any = prop::collection::vec(word, 0..9).prop_map(|words| words.join(" "));
        let usual = any.clone().prop_map(|tail| {
            format!(
                "virt=kvm op=start reason=booted vm=\"web\" \
                 uuid=cd613e30-d8f1-6adf-91b7-584a2265b1f5 {tail}"
            )
        });
        prop_oneof![any, usual]
    }

    proptest! {
        #[test]
        fn what_is_in_order_is_read_like_any(body in bodies(), cut in 0usize..200) {
            let resource = body.replacen("op=start", "resrc=disk", 1);
            let label = body.replacen("op=start reason=booted ", "", 1);
            for text in [&body[..], &body[..cut.min(body.len())], &resource, &label] {
                for kind in RecordType::ALL {
                    if let Some(mut words) = Words::in_order(kind, text.as_bytes()) {
                        let guest = words.guest.take().unwrap();
                        prop_assert!(guest.starts_with(&[b" vm=", words.vm].concat()));
                        prop_assert_eq!(guest.len() - words.vm.len(), " vm= uuid=".len() + UUID_LEN);
                        prop_assert_eq!(Ok(words), Words::in_any_order(kind, text.as_bytes()));
                    }
                }
            }
        }
    }
}
