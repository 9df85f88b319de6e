//! Records as sentences in plain words.

use super::{Report, decoded_text, text};
use crate::events::{Event, EventKind};
use crate::line::fields::{decoded_option, find, raw_option};
use crate::line::{Op, ResourceChange};
use std::borrow::Cow;
use viraudit::RecordType;

/// The name of a kind of resource in a sentence.
fn noun(kind: &[u8]) -> Cow<'_, str> {
    Cow::Borrowed(match kind {
        b"disk" => "disk",
        b"fs" => "directory",
        b"net" => "network interface",
        b"chardev" => "character device",
        b"rng" => "random number source",
        b"smartcard" => "smart card",
        b"dev" | b"hostdev" => "host device",
        b"tpm" => "TPM",
        b"tpm-emulator" => "emulated TPM",
        b"tpm-external" => "external TPM",
        b"shmem" => "shared memory",
        b"ivshmem-socket" => "shared memory server",
        b"evdev" => "input device",
        b"mem" => "memory",
        b"vcpu" => "number of vCPUs",
        b"iothread" => "number of I/O threads",
        _ => return text(kind),
    })
}

/// What was done, or that it could not be.
fn done(success: bool, what: &str) -> Cow<'_, str> {
    if success { what.into() } else { format!("could not be {what}").into() }
}

impl Report {
    /// A record of libvirt as a sentence; empty for other records.
    pub(super) fn sentence(&self, event: &Event) -> String {
        let ok = event.success;
        let vm = self.guest_name(event.name);
        let reason = self.raw_word(event.reason);
        let because = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        let tail = self.store.text(event);
        let op = match event.kind {
            EventKind::Virt(op) => op,
            EventKind::Down => return "ended: the host went down".into(),
            EventKind::Boot => return "ended: the host started again after a crash".into(),
            _ => return String::new(),
        };
        match op {
            Op::Start => format!("{vm} {}{because}", done(ok, "started")),
            Op::Stop => format!("{vm} {}{because}", done(ok, "stopped")),
            Op::Init => {
                format!("init process of {vm} {}", done(ok, "started"))
            }
            Op::OtherControl => {
                let what = self.raw_word(event.what).unwrap_or("operation".into());
                format!("{what} of {vm}{because}{}", if ok { "" } else { " failed" })
            }
            Op::Label => {
                let label = find(tail, b"vm-ctx").and_then(raw_option).map(decoded_text);
                let label = label.unwrap_or("?".into());
                format!("security label {label} {} {vm}", done(ok, "set for"))
            }
            Op::Resource => self.resource_sentence(event, &vm),
            Op::Lifecycle(kind) => {
                let (what, word, key): (_, _, &[u8]) = match kind {
                    RecordType::VirtCreate => ("created", "with", b"image"),
                    RecordType::VirtDestroy => ("destroyed", "with", b"image"),
                    RecordType::VirtMigrateIn => ("migrated in", "from", b"source-host"),
                    RecordType::VirtMigrateOut => ("migrated out", "to", b"destination-host"),
                    _ => {
                        let checked = if ok { "checked" } else { "could not be confirmed" };
                        return format!("integrity of {vm} {checked}");
                    }
                };
                let value = find(tail, key).and_then(decoded_option).map(decoded_text);
                let by = value.map(|value| format!(" {word} {value}")).unwrap_or_default();
                format!("{vm} {}{by}", done(ok, what))
            }
        }
    }

    fn resource_sentence(&self, event: &Event, vm: &str) -> String {
        let ok = event.success;
        let kind = self.store.words.get(event.what);
        let reason = self.store.words.get(event.reason);
        let change = ResourceChange::new(kind, reason, self.store.text(event));
        let other = |key: &[u8]| {
            let value = change.more.iter().find(|(name, _)| *name == key);
            value.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        };
        if kind == b"cgroup" {
            let device = other(b"path")
                .or_else(|| other(b"category").map(|name| format!("{name} devices")))
                .unwrap_or_else(|| "all devices".into());
            let acl = other(b"acl").map(|acl| format!(" ({acl})")).unwrap_or_default();
            return match reason {
                b"deny" => format!("access to {device} {} {vm}", done(ok, "taken from")),
                _ => format!("access to {device}{acl} {} {vm}", done(ok, "allowed for")),
            };
        }
        let unit = if kind == b"mem" { " KiB" } else { "" };
        let side = |side: &Option<Cow<'_, [u8]>>| {
            side.as_deref().map(|value| format!("{}{unit}", String::from_utf8_lossy(value)))
        };
        let (old, new) = (side(&change.old), side(&change.new));
        let noun = noun(kind);
        let named = |value: &str| format!("{noun} {value}");
        match (reason, &old, &new) {
            (b"open", _, Some(new)) => {
                let path = other(b"path").unwrap_or_else(|| "a device".into());
                let opened = done(ok, "opened for");
                format!("{path} {opened} {} of {vm}", named(new))
            }
            (b"attach" | b"hotplug" | b"start", None, Some(new)) => {
                format!("{} {} {vm}", named(new), done(ok, "attached to"))
            }
            (b"detach" | b"unplug", Some(old), None) => {
                let detached = done(ok, "detached from");
                format!("{} {detached} {vm}", named(old))
            }
            (_, Some(old), Some(new)) => {
                let because = match reason {
                    b"update" | b"start" | b"attach" | b"detach" => String::new(),
                    reason => format!(" ({})", text(reason)),
                };
                let changed = done(ok, "changed from");
                format!("{noun} of {vm} {changed} {old} to {new}{because}")
            }
            (reason, old, Some(value)) | (reason, Some(value), old) => {
                let gone = old.is_none() && change.new.is_none();
                let what = if gone { "removed from" } else { "given to" };
                format!("{} {} {vm} ({})", named(value), done(ok, what), text(reason))
            }
            (reason, None, None) => {
                format!("{noun} of {vm} {} ({})", done(ok, "changed"), text(reason))
            }
        }
    }
}
