//! Devices of the host, and their addresses as people write them.

use super::borrow::parts;
use super::tail::{PciAddress, ScsiAddress, UsbAddress};
use crate::Error;
use crate::guest::Uuid;
use crate::value::Value;

/// A device of the host that a guest gets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HostDevice<'a> {
    /// A USB device.
    Usb {
        /// Bus number.
        bus: u32,
        /// Device number on the bus.
        device: u32,
    },
    /// A PCI function.
    Pci {
        /// PCI domain (segment).
        domain: u32,
        /// Bus.
        bus: u32,
        /// Slot (device).
        slot: u32,
        /// Function.
        function: u32,
    },
    /// A SCSI logical unit.
    Scsi {
        /// The host adapter's name, such as `scsi_host0`.
        adapter: Value<'a>,
        /// Bus.
        bus: u32,
        /// Target.
        target: u32,
        /// Logical unit.
        unit: u64,
    },
    /// A SCSI host (vhost): its WWPN.
    ScsiHost(Option<Value<'a>>),
    /// A mediated device: its UUID.
    Mdev(Option<Value<'a>>),
    /// A USB device that is redirected from a client.
    Redirected,
}

impl HostDevice<'static> {
    /// Reads an address on the bus that `bus=` names, and checks it: `3.7` (usb), `03:00.1` or
    /// `0000:03:00.1` (pci), `scsi_host0:0:2:0` (scsi), `naa.5001405df3e54061` (scsi_host), a UUID
    /// (mdev).
    ///
    /// ```
    /// use viraudit::record::HostDevice;
    ///
    /// let device = HostDevice::parse_address("pci", b"03:00.1")?;
    /// assert_eq!(device, HostDevice::Pci { domain: 0, bus: 3, slot: 0, function: 1 });
    /// let error = HostDevice::parse_address("usb", b"3").unwrap_err();
    /// assert_eq!(error.to_string(), "BUS.DEV, two decimal numbers, such as 3.7");
    /// # Ok::<(), viraudit::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Describes the addresses of that bus if `address` isn't one, or the buses if `bus` isn't one.
    pub fn parse_address(bus: &str, address: &[u8]) -> Result<Self, Error> {
        let (device, form) = match bus {
            "usb" => (usb(address), "BUS.DEV, two decimal numbers, such as 3.7"),
            "pci" => (pci(address), "[DOMAIN:]BUS:SLOT.FUNCTION, hex, such as 0000:03:00.0"),
            "scsi" => (scsi(address), "ADAPTER:BUS:TARGET:UNIT, such as scsi_host0:0:2:0"),
            "scsi_host" => (scsi_host(address), "naa. and 16 hex digits"),
            "mdev" => (mdev(address), "the mediated device's UUID"),
            _ => (None, NO_BUS),
        };
        device.ok_or(Error::Invalid(form))
    }
}

const NO_BUS: &str = "the bus is usb, pci, scsi, scsi_host or mdev";

fn usb(address: &[u8]) -> Option<HostDevice<'static>> {
    let UsbAddress(bus, device) = UsbAddress::parse(address)?;
    Some(HostDevice::Usb { bus, device })
}

/// The domain may be left out, as lspci does.
fn pci(address: &[u8]) -> Option<HostDevice<'static>> {
    let short = address.iter().filter(|&&byte| byte == b':').count() == 1;
    let domain = if short { &b"0:"[..] } else { b"" };
    let PciAddress(domain, bus, slot, function) = PciAddress::parse(&[domain, address].concat())?;
    let exists = bus <= 0xff && slot <= 0x1f && function <= 7;
    exists.then_some(HostDevice::Pci { domain, bus, slot, function })
}

fn scsi(address: &[u8]) -> Option<HostDevice<'static>> {
    let ScsiAddress(adapter, bus, target, unit) = ScsiAddress::parse(address.to_vec().into())?;
    (!adapter.is_empty()).then_some(HostDevice::Scsi { adapter, bus, target, unit })
}

fn scsi_host(wwpn: &[u8]) -> Option<HostDevice<'static>> {
    let digits = wwpn.strip_prefix(b"naa.")?;
    let valid = digits.len() == 16 && digits.iter().all(u8::is_ascii_hexdigit);
    valid.then(|| HostDevice::ScsiHost(Some(wwpn.to_vec().into())))
}

fn mdev(uuid: &[u8]) -> Option<HostDevice<'static>> {
    let uuid = Uuid::parse(uuid)?;
    Some(HostDevice::Mdev(Some(Value::from(uuid.to_string()))))
}

parts! {
    pub(crate) enum HostDevice {
        Usb { bus, device },
        Pci { domain, bus, slot, function },
        Scsi { adapter, bus, target, unit },
        ScsiHost(wwpn),
        Mdev(uuid),
        Redirected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Kind, Record, Resource};

    /// The value of `device=`; `None` where the address is rejected.
    fn shown(bus: &str, address: &str) -> Option<String> {
        let device = HostDevice::parse_address(bus, address.as_bytes()).ok()?;
        let guest = crate::Guest::new("kvm", "g", Uuid::default());
        let body = Record::resource(guest, "attach", Resource::Dev(device), true).body();
        let body = String::from_utf8(body).unwrap();
        body.split_once("device=").map(|(_, device)| device.to_owned())
    }

    #[test]
    fn addresses_take_the_records_form() {
        let uuid = "4b20d080-1b54-4048-85b3-a6a62d165c01";
        for (bus, address, expected) in [
            ("usb", "3.7", "\"003.007\""),
            ("usb", "003.1024", "\"003.1024\""),
            ("pci", "03:00.1", "\"0000:03:00.1\""),
            ("pci", "10000:E1:1F.7", "\"10000:e1:1f.7\""),
            ("scsi", "scsi_host0:0:2:0", "\"scsi_host0:0:2:0\""),
            ("scsi", "a:b:1:2:18446744073709551615", "\"a:b:1:2:18446744073709551615\""),
            ("scsi_host", "naa.5001405df3e54061", "\"naa.5001405df3e54061\""),
            ("mdev", "4B20D0801B54404885B3A6A62D165C01", &format!("\"{uuid}\"")),
        ] {
            assert_eq!(shown(bus, address).as_deref(), Some(expected), "{address}");
        }
    }

    #[test]
    fn malformed_addresses_are_rejected() {
        for (bus, address) in [
            ("usb", "3"),
            ("usb", "3.x"),
            ("usb", "+3.1"),
            ("usb", "3."),
            ("pci", "03:00"),
            ("pci", "03:20.0"),
            ("pci", "03:00.8"),
            ("pci", "100:00.0"),
            ("pci", ":03:00.0"),
            ("pci", "0:0:03:00.0"),
            ("scsi", "0:2:0"),
            ("scsi", ":0:2:0"),
            ("scsi_host", "5001405df3e54061"),
            ("scsi_host", "naa.5001"),
            ("mdev", "4b20d080"),
        ] {
            assert_eq!(shown(bus, address), None, "{address}");
        }
    }
    #[test]
    fn every_bus_has_addresses() {
        let fields = Kind::find(b"dev").into_iter().flat_map(Kind::fields);
        let buses: Vec<_> = fields.filter(|field| field.key == "bus").collect();
        assert!(buses.len() > 4);
        for bus in buses.into_iter().filter_map(|field| field.word) {
            let error = HostDevice::parse_address(bus, b"").unwrap_err().to_string();
            assert_ne!(error, NO_BUS, "{bus}");
        }
    }
}
