//! What a VIRT_RESOURCE record says: the value before, the value after, and the rest.

use crate::line::fields::{Fields, decoded, decoded_option};
use std::borrow::Cow;
use viraudit::encode::decode_raw;

/// A resource, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceChange<'t> {
    /// What is given back.
    pub old: Option<Cow<'t, [u8]>>,
    /// What is assigned.
    pub new: Option<Cow<'t, [u8]>>,
    /// The record's other fields.
    pub more: Vec<(&'t [u8], Cow<'t, [u8]>)>,
}

/// The field that says which one it is, of kinds that have no old and new value.
fn identity(kind: &[u8]) -> &'static [&'static [u8]] {
    match kind {
        b"net" => &[b"net"],
        b"dev" | b"tpm" | b"tpm-emulator" | b"tpm-external" => &[b"device"],
        b"hostdev" => &[b"disk", b"chardev"],
        b"shmem" | b"ivshmem-socket" | b"evdev" => &[b"path"],
        b"cgroup" => &[b"cgroup"],
        _ => &[b"device", b"path", b"name"],
    }
}

impl<'t> ResourceChange<'t> {
    /// Reads the fields behind the UUID.
    pub fn new(kind: &[u8], reason: &[u8], tail: &'t [u8]) -> Self {
        let mut view = Self::default();
        let identity = identity(kind);
        let gone = matches!(reason, b"detach" | b"deny");
        for field in Fields::new(tail) {
            let (key, text) = (field.key, field.value);
            let value = || decoded_option(text);
            match key {
                b"virt" | b"resrc" | b"reason" | b"vm" | b"uuid" | b"" => {}
                _ if key.starts_with(b"old-") && view.old.is_none() => {
                    view.old = amount(kind, text)
                }
                _ if key.starts_with(b"new-") && view.new.is_none() => {
                    view.new = amount(kind, text)
                }
                _ if identity.contains(&key) => {
                    if gone {
                        view.old = view.old.or_else(value);
                    } else {
                        view.new = view.new.or_else(value);
                    }
                    if key == b"disk" || key == b"chardev" {
                        view.more.push((b"type", Cow::Borrowed(key)));
                    }
                }
                // Numbers, which must not be taken for hex either.
                b"maj" | b"rdev" | b"size" => view.more.push((key, Cow::Borrowed(text))),
                b"path" => view.more.push((key, decoded(text))),
                _ => view.more.push((key, decode_raw(text))),
            }
        }
        view
    }
}

/// A value before or after. Those of memory and of counts are bare numbers, which must not be
/// taken for hex.
fn amount<'t>(kind: &[u8], text: &'t [u8]) -> Option<Cow<'t, [u8]>> {
    match kind {
        b"mem" | b"vcpu" | b"iothread" => Some(Cow::Borrowed(text)).filter(|text| !text.is_empty()),
        _ => decoded_option(text),
    }
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
