//! The fields of a VIRT_* record, parsed so that no text in a guest's name or path counts as a field.

use super::fields::{self, Fields, few_digits, number};
use super::{Envelope, Line};
use viraudit::{RecordType, Uuid, client};

/// The reason why a record is unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Defect {
    /// The end is missing: `res=` or the closing quote.
    Cut,
    /// This required field is missing or malformed.
    Malformed(&'static str),
}

/// The operation that a record reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// A guest starts.
    Start,
    /// A guest stops.
    Stop,
    /// The init process of a container starts.
    Init,
    /// A VIRT_CONTROL with an undefined operation.
    OtherControl,
    /// VIRT_RESOURCE: a resource is assigned, changed or removed.
    Resource,
    /// VIRT_MACHINE_ID: the guest gets its security labels.
    Label,
    /// A type that libvirt never emits.
    Lifecycle(RecordType),
}

/// The parts of a VIRT_* record, as encoded in the line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VirtLine<'a> {
    pub(crate) op: Op,
    /// `op=` or `resrc=`
    pub(crate) what: &'a [u8],
    /// `virt=`
    pub(crate) virt: &'a [u8],
    /// `vm=`
    pub(crate) vm: &'a [u8],
    /// `uuid=`
    pub(crate) uuid: Uuid,
    /// ` vm=... uuid=...`, with the first blank, if the BODY is in libvirt's order.
    pub(crate) guest: Option<&'a [u8]>,
    /// `reason=`
    pub(crate) reason: &'a [u8],
    /// The BODY after `vm=` and `uuid=` if they are in libvirt's order, else all of it; without the
    /// client's fields.
    pub(crate) tail: &'a [u8],
    /// The client's fields.
    pub(crate) client: &'a [u8],
    /// `res=success`
    pub(crate) success: bool,
    /// The kernel's `uid=`.
    pub(crate) uid: Option<u32>,
    /// The kernel's `auid=`; `None` if it is unset.
    pub(crate) auid: Option<u32>,
    /// `vm-pid=`
    pub(crate) pid: Option<i64>,
}

impl<'a> VirtLine<'a> {
    /// Parses the record of a line.
    pub(crate) fn parse(kind: RecordType, line: &Line<'a>) -> Result<Self, Defect> {
        let (envelope, body) = Envelope::parse(line.body)?;
        Self::of_body(kind, &envelope, body)
    }

    /// Parses the BODY of a record.
    pub(crate) fn of_body(
        kind: RecordType,
        envelope: &Envelope<'_>,
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
        let Envelope { success, uid, auid, .. } = *envelope;
        let (tail, client) = split_client(tail);
        Ok(Self { client, op, what, virt, vm, uuid, guest, reason, tail, success, uid, auid, pid })
    }
}

/// The length of the shortest text with a client: `vm-pid=0 sauid=0`.
const LEAST_WITH_CLIENT: usize = 16;

/// Splits the client's fields from the end of a text. Hardly any log has them, so a few bytes are
/// enough for nearly all records.
#[inline]
fn split_client(text: &[u8]) -> (&[u8], &[u8]) {
    // A client's last value is a number, quoted or hex.
    let may_end = matches!(text.last(), Some(b'"' | b'0'..=b'9' | b'A'..=b'F'));
    if text.len() < LEAST_WITH_CLIENT || !may_end {
        return (text, b"");
    }
    match text.get(last_word(text)) {
        Some(b'a' | b'c' | b's') => split_known_client(text),
        _ => (text, b""),
    }
}

/// The offset of the last word. Most are short, and memrchr is made for longer texts.
#[inline]
fn last_word(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    let mut rest = text;
    while let Some((front, last)) = rest.split_last_chunk::<8>() {
        // Blanks become zeros. Whether there are any is certain; the last one is found below.
        let word = u64::from_le_bytes(*last) ^ u64::from_le_bytes([b' '; 8]);
        if word.wrapping_sub(ONES) & !word & HIGH != 0 {
            break;
        }
        rest = front;
    }
    rest.iter().rposition(|&byte| byte == b' ').map_or(0, |at| at + 1)
}

#[cold]
fn split_known_client(text: &[u8]) -> (&[u8], &[u8]) {
    let mut keys = &client::KEYS[..];
    let mut from = text.len();
    loop {
        let front = &text[..from];
        let at = memchr::memrchr(b' ', front).map_or(0, |at| at + 1);
        let is_it = |key: &&str| {
            front[at..].strip_prefix(key.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
        };
        // In their order, each once.
        let Some(which) = keys.iter().position(is_it) else { break };
        keys = &keys[..which];
        from = at.saturating_sub(1);
        if at == 0 {
            break;
        }
    }
    (&text[..from], text[from..].trim_ascii_start())
}

/// The words of a BODY that any record may have.
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
    /// Parses a BODY in libvirt's order, which nearly all have.
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

    /// Parses a BODY in any order. The first word with a key counts.
    #[cold]
    fn in_any_order(kind: RecordType, body: &'a [u8]) -> Result<Self, Defect> {
        let is_control = kind == RecordType::VirtControl;
        let is_label = kind == RecordType::VirtMachineId;
        let mut vm = None;
        let mut uuid = None;
        let (mut virt, mut op, mut reason, mut pid) = (None, None, &b""[..], None);
        let mut tail = body;
        for field in Fields::new(body) {
            match field.key {
                b"virt" if virt.is_none() => virt = Some(field.value),
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
        let virt = virt.unwrap_or_default();
        Ok(Self { virt, op, reason, vm, uuid, guest: None, tail, pid })
    }
}

/// The first `vm-pid=` that is a number.
fn pid_of(tail: &[u8]) -> Option<i64> {
    // Usually the tail is nothing but a short `vm-pid=`.
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

/// The value of the word at the beginning of a text, if the word has this key, and the rest.
#[inline]
fn word<'a>(text: &'a [u8], key: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (value, rest) = fields::word(text.strip_prefix(key)?);
    Some((value, rest.get(1..).unwrap_or_default()))
}

/// Parses a UUID: fast in its usual format, else in any format that libvirt accepts.
#[inline]
fn uuid_of(text: &[u8]) -> Option<Uuid> {
    match uuid::Uuid::try_parse_ascii(text) {
        Ok(uuid) if text.len() == UUID_LEN => Some(Uuid(uuid.into_bytes())),
        _ => Uuid::parse(text),
    }
}

/// The length of a UUID in its usual format.
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
        fn both_parsers_agree(body in bodies(), cut in 0usize..200) {
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
