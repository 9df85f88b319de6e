//! Addresses of host devices, checked and brought into the records' form.

use viraudit::record::HostDevice;
use viraudit::{Uuid, Value};

/// The buses, by the names that records give them.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub(crate) enum Bus {
    /// BUS.DEV, decimal, as in lsusb: 3.7
    Usb,
    /// [DOMAIN:]BUS:SLOT.FUNCTION, hex, as in lspci: 0000:03:00.0
    Pci,
    /// ADAPTER:BUS:TARGET:UNIT: scsi_host0:0:2:0
    Scsi,
    /// The vhost WWPN: naa.5001405df3e54061
    #[value(name = "scsi_host", alias = "scsi-host")]
    ScsiHost,
    /// The mediated device's UUID
    Mdev,
}

/// Reads an address, or says what one looks like.
pub(crate) fn parse(bus: Bus, address: &[u8]) -> Result<HostDevice<'static>, &'static str> {
    let (device, form) = match bus {
        Bus::Usb => (usb(address), "BUS.DEV, two decimal numbers, such as 3.7"),
        Bus::Pci => (pci(address), "[DOMAIN:]BUS:SLOT.FUNCTION, hex, such as 0000:03:00.0"),
        Bus::Scsi => (scsi(address), "ADAPTER:BUS:TARGET:UNIT, such as scsi_host0:0:2:0"),
        Bus::ScsiHost => (wwpn(address), "naa. and 16 hex digits"),
        Bus::Mdev => (mdev(address), "the mediated device's UUID"),
    };
    device.ok_or(form)
}

/// A decimal number: digits only, which [`str::parse`] isn't strict about.
fn decimal<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    let text = str::from_utf8(digits).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A hex number up to `most`.
fn hex(digits: &str, most: u32) -> Option<u32> {
    let only_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = only_digits.then(|| u32::from_str_radix(digits, 16).ok())??;
    (number <= most).then_some(number)
}

fn usb(address: &[u8]) -> Option<HostDevice<'static>> {
    let at = address.iter().position(|&byte| byte == b'.')?;
    Some(HostDevice::Usb { bus: decimal(&address[..at])?, device: decimal(&address[at + 1..])? })
}

fn pci(address: &[u8]) -> Option<HostDevice<'static>> {
    let (rest, function) = str::from_utf8(address).ok()?.split_once('.')?;
    let (rest, slot) = rest.rsplit_once(':')?;
    let (domain, bus) = rest.split_once(':').unwrap_or(("0", rest));
    Some(HostDevice::Pci {
        domain: hex(domain, u32::MAX)?,
        bus: hex(bus, 0xff)?,
        slot: hex(slot, 0x1f)?,
        function: hex(function, 7)?,
    })
}

/// The adapter's name may itself hold colons.
fn scsi(address: &[u8]) -> Option<HostDevice<'static>> {
    let mut parts = address.rsplitn(4, |&byte| byte == b':');
    let unit = decimal(parts.next()?)?;
    let target = decimal(parts.next()?)?;
    let bus = decimal(parts.next()?)?;
    let adapter = parts.next().filter(|name| !name.is_empty())?.to_vec().into();
    Some(HostDevice::Scsi { adapter, bus, target, unit })
}

fn wwpn(address: &[u8]) -> Option<HostDevice<'static>> {
    let digits = address.strip_prefix(b"naa.")?;
    let valid = digits.len() == 16 && digits.iter().all(u8::is_ascii_hexdigit);
    valid.then(|| HostDevice::ScsiHost(Some(address.to_vec().into())))
}

fn mdev(address: &[u8]) -> Option<HostDevice<'static>> {
    let uuid = Uuid::parse(address)?;
    Some(HostDevice::Mdev(Some(Value::from(uuid.to_string()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use viraudit::Record;
    use viraudit::record::Resource;

    /// What stands in a record, or nothing for what is refused.
    fn shown(bus: Bus, address: &str) -> Option<String> {
        let device = parse(bus, address.as_bytes()).ok()?;
        let guest = viraudit::Guest::new("kvm", "g", Uuid::default());
        let body = Record::resource(guest, "attach", Resource::Dev(device), true).body();
        let body = String::from_utf8(body).unwrap();
        body.split_once("device=").map(|(_, device)| device.to_owned())
    }

    #[test]
    fn addresses_take_the_records_form() {
        let uuid = "4b20d080-1b54-4048-85b3-a6a62d165c01";
        for (bus, address, expected) in [
            (Bus::Usb, "3.7", "\"003.007\""),
            (Bus::Usb, "003.1024", "\"003.1024\""),
            (Bus::Pci, "03:00.1", "\"0000:03:00.1\""),
            (Bus::Pci, "10000:E1:1F.7", "\"10000:e1:1f.7\""),
            (Bus::Scsi, "scsi_host0:0:2:0", "\"scsi_host0:0:2:0\""),
            (Bus::Scsi, "a:b:1:2:18446744073709551615", "\"a:b:1:2:18446744073709551615\""),
            (Bus::ScsiHost, "naa.5001405df3e54061", "\"naa.5001405df3e54061\""),
            (Bus::Mdev, "4B20D0801B54404885B3A6A62D165C01", &format!("\"{uuid}\"")),
        ] {
            assert_eq!(shown(bus, address).as_deref(), Some(expected), "{address}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (bus, address) in [
            (Bus::Usb, "3"),
            (Bus::Usb, "3.x"),
            (Bus::Usb, "+3.1"),
            (Bus::Usb, "3."),
            (Bus::Pci, "03:00"),
            (Bus::Pci, "03:20.0"),
            (Bus::Pci, "03:00.8"),
            (Bus::Pci, "100:00.0"),
            (Bus::Pci, ":03:00.0"),
            (Bus::Pci, "0:0:03:00.0"),
            (Bus::Scsi, "0:2:0"),
            (Bus::Scsi, ":0:2:0"),
            (Bus::ScsiHost, "5001405df3e54061"),
            (Bus::ScsiHost, "naa.5001"),
            (Bus::Mdev, "4b20d080"),
        ] {
            assert_eq!(shown(bus, address), None, "{address}");
        }
    }
}
