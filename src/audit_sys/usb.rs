//! The numbers of the host's USB devices, from the kernel's list of them.
//!
//! The list is a directory, /sys/bus/usb/devices. A device is in it by its bus and the path of
//! ports to it, such as `1-2.3`; interfaces (`1-2.3:1.0`) and root hubs (`usb1`) are there too.

use std::fs;
use std::path::Path;

/// The kernel's list of USB devices.
pub(crate) const DEVICES: &str = "/sys/bus/usb/devices";

/// The longest attribute that is read. Numbers have few digits.
const MAX_LENGTH: usize = 16;

/// The number of the device at a port, such as `2.3`, of a bus.
pub(crate) fn at_port(devices: &Path, bus: u32, port: &str) -> Option<u32> {
    number(&devices.join(format!("{bus}-{port}")), "devnum", 10)
}

/// The bus and the number of the one device of this vendor and product; `None` if there are several.
pub(crate) fn by_product(devices: &Path, vendor: u32, product: u32) -> Option<(u32, u32)> {
    let mut found = None;
    for device in fs::read_dir(devices).ok()?.filter_map(Result::ok) {
        let device = device.path();
        let is = |name, wanted| number(&device, name, 16) == Some(wanted);
        if is("idVendor", vendor) && is("idProduct", product) {
            let place = (number(&device, "busnum", 10)?, number(&device, "devnum", 10)?);
            if found.replace(place).is_some() {
                return None;
            }
        }
    }
    found
}

/// An attribute of a device that is a number.
fn number(device: &Path, name: &str, base: u32) -> Option<u32> {
    let text = fs::read_to_string(device.join(name)).ok()?;
    let digits = Some(text.trim()).filter(|text| text.len() <= MAX_LENGTH)?;
    u32::from_str_radix(digits, base).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_found_by_port_and_by_product() {
        let devices = tempfile::tempdir().unwrap();
        let device = |name: &str, attributes: &[(&str, &str)]| {
            let device = devices.path().join(name);
            fs::create_dir(&device).unwrap();
            for (name, value) in attributes {
                fs::write(device.join(name), format!("{value}\n")).unwrap();
            }
        };
        let ids = |vendor, product, bus, number| {
            [("idVendor", vendor), ("idProduct", product), ("busnum", bus), ("devnum", number)]
        };
        device("usb1", &ids("1d6b", "0002", "1", "1"));
        device("usb2", &ids("1d6b", "0002", "2", "1"));
        device("1-2.3", &ids("05ac", "8290", "1", "17"));
        device("1-2.3:1.0", &[("bInterfaceNumber", "00")]);
        device("1-4", &[("devnum", "many")]);

        let at_port = |bus, port| at_port(devices.path(), bus, port);
        assert_eq!(at_port(1, "2.3"), Some(17));
        assert_eq!((at_port(2, "2.3"), at_port(1, "2"), at_port(1, "4")), (None, None, None));
        let by_product = |vendor, product| by_product(devices.path(), vendor, product);
        assert_eq!(by_product(0x05AC, 0x8290), Some((1, 17)));
        assert_eq!((by_product(0x1D6B, 2), by_product(0x05AC, 2)), (None, None));
        assert_eq!(super::by_product(Path::new("/no/such"), 1, 2), None);
    }
}
