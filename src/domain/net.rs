//! Network interfaces, and the host devices that some of them are.

use super::element::Element;
use super::fault::{Fault, Reading};
use super::hostdev::subsystem;
use crate::record::{HostDevice, Mac, Resource};
use std::path::Path;

/// One of them matters here, and a misspelt one must not pass for another.
const TYPES: [&str; 15] = [
    "user",
    "ethernet",
    "vhostuser",
    "server",
    "client",
    "mcast",
    "network",
    "bridge",
    "internal",
    "direct",
    "hostdev",
    "udp",
    "vdpa",
    "null",
    "vds",
];

/// Interfaces in the XML's order, then the host devices among them: libvirt lists these before
/// all others.
pub(super) fn read(
    domain: Element<'_>,
    reading: &mut Reading<'_>,
    resources: &mut Vec<Resource<'static>>,
) -> Result<(), Fault> {
    let mut devices = Vec::new();
    for net in domain.devices("interface") {
        // An interface of an unknown type still has its address.
        let device = host_device(net, reading.usb_devices);
        let mac = reading.accept(net, mac(net))?;
        // One that has neither is listed once.
        let device = if mac.is_some() { reading.accept(net, device)? } else { device.ok() };
        resources.extend(mac.map(|mac| Resource::Net { old: None, new: Some(mac) }));
        devices.extend(device.flatten().map(Resource::Dev));
    }
    resources.append(&mut devices);
    Ok(())
}

/// The host device that an interface is, if it is one.
fn host_device(net: Element<'_>, usb_devices: &Path) -> Result<Option<HostDevice<'static>>, Fault> {
    match net.one_of("type", &TYPES)? {
        Some("hostdev") => subsystem(net, device_kind(net)?, usb_devices),
        _ => Ok(None),
    }
}

/// The kind of host device that an interface is, from its source's address.
fn device_kind(net: Element<'_>) -> Result<&'static str, Fault> {
    let source = net.child("source");
    let address = source.and_then(|source| source.child("address"));
    if let Some(address) = address.filter(|address| address.attribute("type").is_some()) {
        return Ok(address.one_of("type", &["pci", "usb"])?.unwrap_or_default());
    }
    match source.and_then(|source| source.child("vendor")) {
        Some(_) => Ok("usb"),
        None => Err(net.error("the <source> of this <interface> has no <address type='...'>")),
    }
}

/// The MAC address. libvirt makes up one that is missing; a running guest's XML has it. Later
/// versions than 9.0.0 also replace one of zeros.
fn mac(net: Element<'_>) -> Result<Mac, Fault> {
    let Some(mac) = net.child("mac").filter(|mac| mac.attribute("address").is_some()) else {
        let message = "<interface> has no <mac address='...'/>; the XML of a running guest has";
        return Err(net.error(message));
    };
    match parse_mac(mac.required("address")?) {
        Some(Mac([first, ..])) if first & 1 == 1 => {
            Err(mac.bad("address", "a unicast MAC address"))
        }
        Some(Mac([0, 0, 0, 0, 0, 0])) => {
            Err(mac
                .bad("address", "an address other than zeros; the XML of a running guest has one"))
        }
        Some(mac) => Ok(mac),
        None => Err(mac.bad("address", "a MAC address, such as 52:54:00:12:34:56")),
    }
}

/// Six bytes of one or two hex digits with colons between them; what follows a blank is ignored.
fn parse_mac(text: &str) -> Option<Mac> {
    let text = text.split([' ', '\t', '\n', '\r', '\x0B', '\x0C']).next()?;
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next()?;
        if part.len() > 2 || !part.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(Mac(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_addresses_as_libvirt_reads_them() {
        let mac = Some(Mac([0x52, 0x54, 0, 0xAA, 0xB, 0xC]));
        for (text, expected) in [
            ("52:54:00:aa:0b:0c", mac),
            ("52:54:0:AA:b:C", mac),
            ("52:54:00:aa:0b:0c \n", mac),
            (" 52:54:00:aa:0b:0c", None),
            ("52:54:00:aa:0b", None),
            ("52:54:00:aa:0b:0c:0d", None),
            ("52:54:00:aa:0b:00c", None),
            ("52-54-00-aa-0b-0c", None),
            ("+2:54:00:aa:0b:0c", None),
            ("52::00:aa:0b:0c", None),
            ("", None),
        ] {
            assert_eq!(parse_mac(text), expected, "{text:?}");
        }
    }
}
