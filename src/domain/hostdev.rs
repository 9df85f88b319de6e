//! Devices of the host that the guest gets as they are.

use super::element::{Element, owned};
use crate::error::XmlError;
use crate::guest::Uuid;
use crate::record::{HostDevice, Resource};
use crate::value::Value;

const TYPES: [&str; 5] = ["usb", "pci", "scsi", "scsi_host", "mdev"];

pub(super) fn read(
    domain: Element<'_>,
    resources: &mut Vec<Resource<'static>>,
) -> Result<(), XmlError> {
    for hostdev in domain.devices("hostdev") {
        let mode = hostdev.one_of("mode", &["subsystem", "capabilities"])?;
        hostdev.required("type")?;
        if mode == Some("capabilities") {
            resources.extend(capability(hostdev)?);
            continue;
        }
        let kind = hostdev.one_of("type", &TYPES)?.unwrap_or_default();
        resources.extend(subsystem(hostdev, kind)?.map(Resource::Dev));
    }
    Ok(())
}

/// A device by its address, from the `<source>` below `device`; also an interface's. `None` for
/// one that is not this host's.
pub(super) fn subsystem(
    device: Element<'_>,
    kind: &str,
) -> Result<Option<HostDevice<'static>>, XmlError> {
    let source = source(device)?;
    match kind {
        "usb" => usb(source).map(Some),
        "pci" => pci(source).map(Some),
        "scsi" => scsi(source),
        "scsi_host" => scsi_host(source).map(Some),
        _ => mdev(source).map(Some),
    }
}

fn source(device: Element<'_>) -> Result<Element<'_>, XmlError> {
    let missing = || device.error(format!("<{}> has no <source>", device.name()));
    device.child("source").ok_or_else(missing)
}

/// A device given by vendor and product has no address in the XML, unless the guest runs.
fn usb(source: Element<'_>) -> Result<HostDevice<'static>, XmlError> {
    let Some(address) = source.child("address") else {
        return Ok(HostDevice::Usb { bus: 0, device: 0 });
    };
    Ok(HostDevice::Usb {
        bus: address.required_any_base("bus")?,
        device: address.required_any_base("device")?,
    })
}

fn pci(source: Element<'_>) -> Result<HostDevice<'static>, XmlError> {
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

fn scsi(source: Element<'_>) -> Result<Option<HostDevice<'static>>, XmlError> {
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

fn scsi_host(source: Element<'_>) -> Result<HostDevice<'static>, XmlError> {
    source.required("protocol")?;
    source.one_of("protocol", &["vhost"])?;
    let wwpn = source.required("wwpn")?;
    let digits = wwpn.strip_prefix("naa.").unwrap_or_default();
    if digits.len() != 16 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(source.bad("wwpn", "naa. and 16 hex digits"));
    }
    Ok(HostDevice::ScsiHost(Some(owned(wwpn))))
}

fn mdev(source: Element<'_>) -> Result<HostDevice<'static>, XmlError> {
    let Some(address) = source.child("address") else {
        return Err(source.error("the source of a mediated device has no <address>"));
    };
    let uuid = Uuid::parse(address.required("uuid")?.as_bytes());
    let uuid = uuid.ok_or_else(|| address.bad("uuid", "a UUID of 32 hex digits"))?;
    Ok(HostDevice::Mdev(Some(Value::from(uuid.text().to_vec()))))
}

/// What a container gets by name. A network interface has no record.
fn capability(hostdev: Element<'_>) -> Result<Option<Resource<'static>>, XmlError> {
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
