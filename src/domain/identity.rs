//! Who the guest is: the driver's name, its own, its UUID, and what kind of system it runs.

use super::element::{Element, owned};
use super::fault::{Fault, Reading};
use crate::guest::{Guest, Uuid, VIRT_NAMES};

/// The kind of guest, as far as records depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Os {
    /// A whole machine: `<os><type>hvm`.
    Hvm,
    /// A paravirtualized one, or a container.
    Other,
}

/// The longest name of an unknown driver, in bytes.
const MAX_DRIVER: usize = 32;

const OS_TYPES: [&str; 6] = ["hvm", "xen", "linux", "exe", "uml", "xenpvh"];

/// The driver of a later libvirt is recorded as it is.
pub(super) fn read(
    domain: Element<'_>,
    reading: &mut Reading<'_>,
) -> Result<(Guest<'static>, Os), Fault> {
    let virt = domain.required("type")?;
    if !VIRT_NAMES.contains(&virt) && (reading.is_strict() || !is_word(virt)) {
        return Err(domain.bad("type", &format!("one of: {}", VIRT_NAMES.join(", "))));
    }
    let name = domain
        .child_text("name")
        .ok_or_else(|| domain.error("the domain has no name; expected <name>...</name>"))?;
    let guest = Guest::new(owned(virt), owned(name), uuid(domain)?);
    let kind = domain.children("os").find_map(|os| os.child("type")).unwrap_or(domain);
    let os = reading.accept(kind, os(domain))?;
    Ok((guest, os.unwrap_or(Os::Other)))
}

/// Whether a text can be a driver's name.
fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=MAX_DRIVER).contains(&text.len()) && text.bytes().all(plain)
}

/// The domain's UUID, or the one in its SMBIOS data. With neither, libvirt generates a new one,
/// which would be wrong for a running guest.
fn uuid(domain: Element<'_>) -> Result<Uuid, Fault> {
    let smbios = || {
        let sysinfo =
            domain.children("sysinfo").find(|info| info.attribute("type") == Some("smbios"))?;
        let mut entries = sysinfo.child("system")?.children("entry");
        entries.find(|entry| entry.attribute("name") == Some("uuid"))
    };
    let filled = |element: &Element<'_>| element.some_text().is_some();
    let Some(element) = domain.child("uuid").filter(filled).or_else(|| smbios().filter(filled))
    else {
        return Err(domain.error("the domain has no UUID; the XML of a running guest has a <uuid>"));
    };
    Uuid::parse(element.text().as_bytes())
        .ok_or_else(|| element.bad_text("a UUID of 32 hex digits"))
}

/// Without an OS type, a boot loader means a paravirtualized guest.
fn os(domain: Element<'_>) -> Result<Os, Fault> {
    let kind = domain.children("os").find_map(|os| os.child("type"));
    let Some((kind, text)) = kind.and_then(|kind| Some((kind, kind.some_text()?))) else {
        return match domain.child_text("bootloader") {
            Some(_) => Ok(Os::Other),
            None => Err(domain.error("the domain has no <os> with a <type>")),
        };
    };
    match &*text {
        "hvm" => Ok(Os::Hvm),
        text if OS_TYPES.contains(&text) => Ok(Os::Other),
        _ => Err(kind.bad_text(&format!("one of: {}", OS_TYPES.join(", ")))),
    }
}
