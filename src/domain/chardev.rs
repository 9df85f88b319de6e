//! Character devices: their paths, and the special case that a full machine's first serial port is
//! also its first console.

use super::element::{Element, owned};
use super::fault::{Fault, Reading};
use super::identity::Os;
use crate::record::{Change, Resource};
use crate::value::Value;

const TYPES: [&str; 15] = [
    "null",
    "vc",
    "pty",
    "dev",
    "file",
    "pipe",
    "stdio",
    "udp",
    "tcp",
    "unix",
    "spicevmc",
    "spiceport",
    "nmdm",
    "qemu-vdagent",
    "dbus",
];

const CONSOLE_TARGETS: [&str; 9] =
    ["none", "serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp", "sclplm"];

/// The path of a character device of type `kind` whose `<source>` is a child of `device`. A
/// terminal's path is only known while the guest runs.
pub(super) fn path(device: Element<'_>, kind: &str) -> Result<Option<Value<'static>>, Fault> {
    let mut sources = device.children("source");
    let Some(source) = sources.next() else { return Ok(None) };
    let further = if kind == "udp" { sources.nth(1) } else { sources.next() };
    if let Some(further) = further {
        return Err(further.error("one <source> too many for a character device"));
    }
    if matches!(kind, "tcp" | "udp" | "unix") {
        source.one_of("mode", &["connect", "bind"])?;
    }
    Ok(match kind {
        "pty" | "dev" | "file" | "pipe" | "unix" => source.value("path"),
        // The guest's end; the other is for whoever talks to it.
        "nmdm" => source.value("master"),
        _ => None,
    })
}

/// The type of a character device, from an attribute `type` that may be optional.
pub(super) fn kind<'d>(device: Element<'d>) -> Result<Option<&'static str>, Fault> {
    device.one_of("type", &TYPES)
}

/// The same, where it must be there.
pub(super) fn required_kind(device: Element<'_>) -> Result<&'static str, Fault> {
    device.required("type")?;
    kind(device).map(Option::unwrap_or_default)
}

fn resource(device: Element<'_>) -> Result<Option<Resource<'static>>, Fault> {
    let path = path(device, kind(device)?.unwrap_or("pty"))?;
    Ok(path.map(|path| Resource::Chardev(Change { old: None, new: Some(path) })))
}

/// Serials, parallels, channels, consoles.
///
/// In a whole machine the first console, unless it is of another kind, *is* the first serial port:
/// without serials it becomes one, with serials it is a copy of the first. Either way it has no
/// record of its own.
pub(super) fn read(
    domain: Element<'_>,
    os: Os,
    reading: &mut Reading<'_>,
    resources: &mut Vec<Resource<'static>>,
) -> Result<(), Fault> {
    let mut serials = 0;
    for serial in domain.devices("serial") {
        serials += 1;
        resources.extend(reading.accept(serial, resource(serial))?.flatten());
    }
    let mut consoles = Vec::new();
    for (i, console) in domain.devices("console").enumerate() {
        let found = read_console(console, i == 0);
        let Some((serial, found)) = reading.accept(console, found)? else { continue };
        match (serial && os == Os::Hvm, serials) {
            (true, 0) => resources.extend(found),
            (true, _) => {}
            (false, _) => consoles.extend(found),
        }
    }
    for kind in ["parallel", "channel"] {
        for device in domain.devices(kind) {
            resources.extend(reading.accept(device, resource(device))?.flatten());
        }
    }
    resources.append(&mut consoles);
    Ok(())
}

/// Whether a console is a serial port, and its resource.
fn read_console(
    console: Element<'_>,
    is_first: bool,
) -> Result<(bool, Option<Resource<'static>>), Fault> {
    let serial = is_serial(console)?;
    if serial && !is_first {
        return Err(console.error("only the first <console> can be a serial port"));
    }
    Ok((serial, resource(console)?))
}

/// Whether a console is a serial port, which is the default for its target.
fn is_serial(console: Element<'_>) -> Result<bool, Fault> {
    let Some(target) = console.child("target") else { return Ok(true) };
    let kind = target.one_of("type", &CONSOLE_TARGETS)?.unwrap_or("none");
    Ok(matches!(kind, "none" | "serial"))
}

/// A text of the XML as a change with no old side.
pub(super) fn assigned(text: impl Into<String>) -> Change<'static> {
    Change { old: None, new: Some(owned(text)) }
}
