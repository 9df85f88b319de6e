//! The change that a VIRT_RESOURCE record reports: the old value, the new value, and all other fields.

use super::fields::{Field, Fields, decoded, decoded_option, raw_option};
use std::borrow::Cow;
use viraudit::encode::decode_raw;
use viraudit::internal::record::{Kind, Role, Style};

/// The change of a resource, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResourceChange<'t> {
    /// The value that is given back.
    pub(crate) old: Option<Cow<'t, [u8]>>,
    /// The value that is assigned.
    pub(crate) new: Option<Cow<'t, [u8]>>,
    /// The record's other fields.
    pub(crate) more: Vec<(&'t [u8], Cow<'t, [u8]>)>,
}

/// The role of a field and the style of its value: from the table of kinds, or from the key if the
/// table has no such kind or field.
fn meaning(kind: Option<&Kind>, key: &[u8]) -> (Role, Option<Style>) {
    match kind.and_then(|kind| kind.field(key)) {
        Some(field) => (field.role, Some(field.style)),
        None if key.starts_with(b"old-") => (Role::Old, None),
        None if key.starts_with(b"new-") => (Role::New, None),
        None if kind.is_none() && matches!(key, b"device" | b"path" | b"name") => {
            (Role::Identity, None)
        }
        None => (Role::Other, None),
    }
}

/// A plain value without the quotes that libvirt doesn't write around it, but other programs may.
fn bare(text: &[u8]) -> &[u8] {
    match text {
        [b'"', inner @ .., b'"'] => inner,
        _ => text,
    }
}

/// A value without the single quotes in which libvirt before 0.9.10 wrote MAC addresses.
fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'\'', inner @ .., b'\''] => inner,
        _ => text,
    }
}

/// An old or a new value; `None` for the placeholder. Plain numbers are not hex.
fn side(text: &[u8], style: Option<Style>) -> Option<Cow<'_, [u8]>> {
    match style {
        Some(Style::Plain) => {
            Some(Cow::Borrowed(unquoted(bare(text)))).filter(|text| !text.is_empty())
        }
        Some(Style::Raw) => raw_option(text),
        _ => decoded_option(unquoted(text)),
    }
}

/// Any other value.
fn other(text: &[u8], style: Option<Style>) -> Cow<'_, [u8]> {
    match style {
        Some(Style::Plain) => Cow::Borrowed(bare(text)),
        Some(Style::Encoded) => decoded(text),
        _ => decode_raw(text),
    }
}

/// Whether records about any resource have a field with this key.
fn is_common(key: &[u8]) -> bool {
    let suffix: &[&[u8]] = &[b"exe", b"hostname", b"addr", b"terminal", b"res", b"(hostname"];
    matches!(key, b"virt" | b"resrc" | b"reason" | b"vm" | b"uuid" | b"") || suffix.contains(&key)
}

impl<'t> ResourceChange<'t> {
    /// Parses the fields after the UUID, or all of them.
    pub(crate) fn new(kind: &[u8], reason: &[u8], tail: &'t [u8]) -> Self {
        let mut change = Self::default();
        let kind = Kind::find(kind);
        let gone = matches!(reason, b"detach" | b"deny");
        for Field { key, value: text, .. } in Fields::new(tail) {
            if is_common(key) {
                continue;
            }
            let (role, style) = meaning(kind, key);
            let into = match role {
                Role::Old => &mut change.old,
                Role::New => &mut change.new,
                Role::Identity if gone => &mut change.old,
                Role::Identity => &mut change.new,
                _ => {
                    change.more.push((key, other(text, style)));
                    continue;
                }
            };
            if into.is_none() {
                *into = side(text, style);
            }
            if role == Role::Identity && kind.is_some_and(has_types) {
                change.more.push((b"type", Cow::Borrowed(key)));
            }
        }
        change
    }
}

/// Whether resources of this kind are identified by different fields, one for each of their types.
fn has_types(kind: &Kind) -> bool {
    let mut keys = kind.fields().filter(|field| field.role == Role::Identity).map(|it| it.key);
    let first = keys.next();
    keys.any(|key| Some(key) != first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(kind: &str, reason: &str, tail: &str) -> String {
        let tail = tail.as_bytes().to_vec();
        let view = ResourceChange::new(kind.as_bytes(), reason.as_bytes(), &tail);
        let text = |value: Option<Cow<'_, [u8]>>| {
            value.map_or("-".to_owned(), |v| String::from_utf8_lossy(&v).into_owned())
        };
        let mut shown = format!("{} {}", text(view.old), text(view.new));
        for (key, value) in view.more {
            shown += &format!(" {}={}", key.escape_ascii(), String::from_utf8_lossy(&value));
        }
        shown
    }

    #[test]
    fn every_kind_is_decoded() {
        for (kind, reason, tail, expected) in [
            ("disk", "attach", r#"old-disk="?" new-disk="/a""#, "- /a"),
            ("disk", "attach", "old-disk=\"/a\" new-disk=2F61", "/a /a"),
            ("fs", "start", "old-fs=\"?\" new-fs=2F612062", "- /a b"),
            ("net", "update", r#"old-net="52:54:00:00:00:01" new-net="?""#, "52:54:00:00:00:01 -"),
            (
                "net",
                "open",
                r#"net=52:54:00:00:00:01 path="/dev/net/tun" rdev=0A:C8"#,
                "- 52:54:00:00:00:01 path=/dev/net/tun rdev=0A:C8",
            ),
            (
                "net",
                "open",
                r#"net="52:54:00:00:00:01" rdev="0A:C8""#,
                "- 52:54:00:00:00:01 rdev=0A:C8",
            ),
            ("net", "attach", "old-net='?' new-net='52:54:00:00:00:01'", "- 52:54:00:00:00:01"),
            ("net", "attach", "old-net=? new-net=52:54:00:00:00:01", "- 52:54:00:00:00:01"),
            ("net", "open", "net='52:54:00:00:00:01' exe=? res=success", "- 52:54:00:00:00:01"),
            ("dev", "start", "type=pci device=\"0000:03:00.0\"", "- 0000:03:00.0 type=pci"),
            ("mem", "update", "old-mem=0 new-mem=1048576", "0 1048576"),
            ("vcpu", "update", "old-vcpu=10 new-vcpu=20", "10 20"),
            ("dev", "attach", r#"bus=usb device="001.002""#, "- 001.002 bus=usb"),
            ("dev", "detach", "bus=usb device=555342207265646972646576", "USB redirdev - bus=usb"),
            ("hostdev", "start", r#"disk="/dev/sda""#, "- /dev/sda type=disk"),
            ("hostdev", "start", r#"chardev="/dev/x""#, "- /dev/x type=chardev"),
            ("tpm-emulator", "start", r#"device="/run/s""#, "- /run/s"),
            ("shmem", "start", "size=4096 path=/dev/shm/x", "- /dev/shm/x size=4096"),
            ("evdev", "start", "path=?", "- -"),
            ("cgroup", "deny", r#"cgroup="/c" class=all"#, "/c - class=all"),
            (
                "cgroup",
                "allow",
                r#"cgroup="/c" class=major category=pty maj=88 acl=rw"#,
                "- /c class=major category=pty maj=88 acl=rw",
            ),
            (
                "cgroup",
                "allow",
                r#"cgroup="/c" class=path path="/dev/kvm" rdev=0A:E8 acl=rw"#,
                "- /c class=path path=/dev/kvm rdev=0A:E8 acl=rw",
            ),
            ("new-kind", "start", r#"old-x="?" new-x="/y" z=1"#, "- /y z=1"),
        ] {
            assert_eq!(view(kind, reason, tail), expected, "{kind} {tail}");
        }
    }
}
