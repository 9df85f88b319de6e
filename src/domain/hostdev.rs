//! Devices of the host that the guest gets as they are.

use super::element::{Element, owned};
use super::fault::{Fault, Reading};
use super::number;
use crate::audit_sys::usb;
use crate::guest::Uuid;
use crate::record::{HostDevice, Resource};
use crate::value::Value;
use std::path::Path;

const TYPES: [&str; 5] = ["usb", "pci", "scsi", "scsi_host", "mdev"];

pub(super) fn read(
    domain: Element<'_>,
    reading: &mut Reading<'_>,
    resources: &mut Vec<Resource<'static>>,
) -> Result<(), Fault> {
    for hostdev in domain.devices("hostdev") {
        let found = read_one(hostdev, reading.usb_devices);
        resources.extend(reading.accept(hostdev, found)?.flatten());
    }
    Ok(())
}

fn read_one(hostdev: Element<'_>, usb_devices: &Path) -> Result<Option<Resource<'static>>, Fault> {
    let mode = hostdev.one_of("mode", &["subsystem", "capabilities"])?;
    hostdev.required("type")?;
    if mode == Some("capabilities") {
        return capability(hostdev);
    }
    let kind = hostdev.one_of("type", &TYPES)?.unwrap_or_default();
    Ok(subsystem(hostdev, kind, usb_devices)?.map(Resource::Dev))
}

/// A device by its address, from the `<source>` below `device`; also an interface's. `None` for
/// one that is not this host's.
pub(super) fn subsystem(
    device: Element<'_>,
    kind: &str,
    usb_devices: &Path,
) -> Result<Option<HostDevice<'static>>, Fault> {
    let source = source(device)?;
    match kind {
        "usb" => usb(source, usb_devices).map(Some),
        "pci" => pci(source).map(Some),
        "scsi" => scsi(source),
        "scsi_host" => scsi_host(source).map(Some),
        _ => mdev(source).map(Some),
    }
}

fn source(device: Element<'_>) -> Result<Element<'_>, Fault> {
    let missing = || device.error(format!("<{}> has no <source>", device.name()));
    device.child("source").ok_or_else(missing)
}

/// A USB device: by bus and device number, by bus and port, or by vendor and product.
///
/// The number of a device changes when it is plugged in, and libvirt 12 names only the port even in
/// the XML of a running guest. So the number is looked up. It is 0 for a device that isn't there, as
/// it is in a record of libvirt's about a device that it hasn't looked up.
fn usb(source: Element<'_>, devices: &Path) -> Result<HostDevice<'static>, Fault> {
    let ids = usb_ids(source)?;
    let Some(address) = source.child("address") else {
        let found = ids.and_then(|(vendor, product)| usb::by_product(devices, vendor, product));
        let (bus, device) = found.unwrap_or_default();
        return Ok(HostDevice::Usb { bus, device });
    };
    let bus = address.required_any_base("bus")?;
    let port = address.attribute("port").filter(|port| !port.is_empty());
    let device = match (address.attribute("device"), port) {
        (None, Some(port)) => {
            let port = port_numbers(port);
            port.and_then(|port| usb::at_port(devices, bus, &port)).unwrap_or(0)
        }
        _ => address.required_any_base("device")?,
    };
    Ok(HostDevice::Usb { bus, device })
}

/// The vendor and product of a device that is given by them.
fn usb_ids(source: Element<'_>) -> Result<Option<(u32, u32)>, Fault> {
    match (source.child("vendor"), source.child("product")) {
        (None, None) => Ok(None),
        (Some(vendor), Some(product)) => {
            Ok(Some((vendor.required_any_base("id")?, product.required_any_base("id")?)))
        }
        _ => Err(source.error("a USB device needs both <vendor> and <product>, or neither")),
    }
}

/// The path of ports from the bus to a device as the kernel names it: decimal, with dots.
fn port_numbers(port: &str) -> Option<String> {
    let numbers = port.split('.').map(|number| {
        number::parse(number, 0).filter(|number| *number <= 0xFFF).map(|number| number.to_string())
    });
    let numbers: Vec<_> = numbers.collect::<Option<_>>()?;
    (numbers.len() <= 7).then(|| numbers.join("."))
}

fn pci(source: Element<'_>) -> Result<HostDevice<'static>, Fault> {
    let part = |name: &str, max: u32| match source.child("address") {
        None => Ok(0),
        Some(address) => match address.any_base(name)?.unwrap_or(0) {
            number if number <= max => Ok(number),
            _ => Err(address.bad(name, &format!("at most {max}"))),
        },
    };
    Ok(HostDevice::Pci {
        domain: part("domain", u32::MAX)?,
        bus: part("bus", 0xFF)?,
        slot: part("slot", 0x1F)?,
        function: part("function", u32::MAX)?,
    })
}

fn scsi(source: Element<'_>) -> Result<Option<HostDevice<'static>>, Fault> {
    if source.one_of("protocol", &["adapter", "iscsi"])? == Some("iscsi") {
        return Ok(None);
    }
    let missing = |what: &str| source.error(format!("the source of a SCSI device has no {what}"));
    let address = source.child("address").ok_or_else(|| missing("<address>"))?;
    let adapter = source.child("adapter").and_then(|adapter| adapter.attribute("name"));
    let adapter = adapter.filter(|name| !name.is_empty());
    Ok(Some(HostDevice::Scsi {
        adapter: owned(adapter.ok_or_else(|| missing("<adapter name='...'/>"))?),
        bus: address.required_any_base("bus")?,
        target: address.required_any_base("target")?,
        unit: address.required_any_base("unit")?,
    }))
}

fn scsi_host(source: Element<'_>) -> Result<HostDevice<'static>, Fault> {
    source.required("protocol")?;
    source.one_of("protocol", &["vhost"])?;
    let wwpn = source.required("wwpn")?;
    let digits = wwpn.strip_prefix("naa.").unwrap_or_default();
    if digits.len() != 16 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(source.bad("wwpn", "naa. and 16 hex digits"));
    }
    Ok(HostDevice::ScsiHost(Some(owned(wwpn))))
}

fn mdev(source: Element<'_>) -> Result<HostDevice<'static>, Fault> {
    let Some(address) = source.child("address") else {
        return Err(source.error("the source of a mediated device has no <address>"));
    };
    let uuid = Uuid::parse(address.required("uuid")?.as_bytes());
    let uuid = uuid.ok_or_else(|| address.bad("uuid", "a UUID of 32 hex digits"))?;
    Ok(HostDevice::Mdev(Some(Value::from(uuid.text().to_vec()))))
}

/// What a container gets by name. A network interface has no record.
fn capability(hostdev: Element<'_>) -> Result<Option<Resource<'static>>, Fault> {
    let source = source(hostdev)?;
    let text = |name: &str| {
        let missing = || source.error(format!("<source> has no <{name}> with a text"));
        source.child_text(name).map(owned).ok_or_else(missing)
    };
    Ok(match hostdev.one_of("type", &["storage", "misc", "net"])? {
        Some("storage") => Some(Resource::HostdevStorage(Some(text("block")?))),
        Some("misc") => Some(Resource::HostdevMisc(Some(text("char")?))),
        _ => None,
    })
}
