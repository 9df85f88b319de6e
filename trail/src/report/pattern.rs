//! Values that a user selects by: names, paths, MAC addresses and devices.

use crate::session::{normalize, parents};
use glob::{MatchOptions, Pattern as Glob};
use std::error::Error;
use std::fmt;
use viraudit::record::HostDevice;

/// A value that can't be selected by, with what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidValue(String);

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for InvalidValue {}

/// In a path, `*` and `?` stop at a slash.
const IN_PATHS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A glob, unless the text has no wildcard or is no glob.
fn glob(text: &[u8]) -> Option<Glob> {
    let has_wildcard = text.iter().any(|byte| b"*?[".contains(byte));
    Glob::new(std::str::from_utf8(text).ok()?).ok().filter(|_| has_wildcard)
}

/// A name, or a pattern with `*`, `?` and `[...]`. A name that has these characters matches itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern {
    text: Vec<u8>,
    glob: Option<Glob>,
}

impl NamePattern {
    /// Whether a name fits.
    pub fn matches(&self, name: &[u8]) -> bool {
        let fits = |glob: &Glob| glob.matches(&String::from_utf8_lossy(name));
        *name == self.text || self.glob.as_ref().is_some_and(fits)
    }
}

impl<T: AsRef<[u8]> + ?Sized> From<&T> for NamePattern {
    fn from(text: &T) -> Self {
        let text = text.as_ref();
        Self { text: text.to_vec(), glob: glob(text) }
    }
}

/// An absolute path, a path with `/**` behind it for all that is below it, or a pattern with `*`, `?`
/// and `[...]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: Vec<u8>,
    below: bool,
    glob: Option<Glob>,
}

impl PathPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// The path is not absolute.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidValue> {
        if !text.starts_with(b"/") {
            return Err(InvalidValue(
                "is not an absolute path, such as /srv/a.img or /srv/**".into(),
            ));
        }
        let (path, below) = match text.strip_suffix(b"/**") {
            Some(path) => (path, true),
            None => (text, false),
        };
        let text = if path.is_empty() { b"/".to_vec() } else { normalize(path).into_owned() };
        Ok(Self { glob: glob(&text), text, below })
    }

    /// Whether a path fits. `shared` means that it may be a directory with all that it contains.
    pub(super) fn matches(&self, path: &[u8], shared: bool) -> bool {
        let path = normalize(path);
        if shared && *path != *b"/" && parents(&self.text).any(|parent| *parent == *path) {
            return true;
        }
        if self.fits(&path) {
            return true;
        }
        self.below && (self.text == b"/" || parents(&path).any(|parent| self.fits(parent)))
    }

    fn fits(&self, path: &[u8]) -> bool {
        let fits = |glob: &Glob| glob.matches_with(&String::from_utf8_lossy(path), IN_PATHS);
        *path == self.text || self.glob.as_ref().is_some_and(fits)
    }
}

/// A MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacAddress([u8; 6]);

impl MacAddress {
    /// Parses an address, with colons or dashes.
    ///
    /// # Errors
    ///
    /// The text is no MAC address.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue("is not a MAC address, such as 52:54:00:12:34:56".into());
        let mut mac = [0; 6];
        let mut parts = text.split(|&byte| byte == b':' || byte == b'-');
        for byte in &mut mac {
            let digits = parts.next().filter(|part| matches!(part.len(), 1 | 2));
            let digits = digits.filter(|part| part.iter().all(u8::is_ascii_hexdigit));
            let digits = digits.and_then(|part| std::str::from_utf8(part).ok());
            *byte = u8::from_str_radix(digits.ok_or_else(invalid)?, 16).map_err(|_| invalid())?;
        }
        if parts.next().is_some() { Err(invalid()) } else { Ok(Self(mac)) }
    }
}

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAddress(Vec<HostDevice<'static>>);

/// The buses of devices.
const BUSES: [&str; 5] = ["pci", "usb", "scsi", "scsi_host", "mdev"];

impl DeviceAddress {
    /// Parses the address of a PCI, USB or SCSI device, of a SCSI host or of a mediated device.
    ///
    /// # Errors
    ///
    /// The text is the address of no such device.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidValue> {
        let known = BUSES.iter().filter_map(|bus| HostDevice::parse_address(bus, text).ok());
        let known: Vec<_> = known.collect();
        if known.is_empty() {
            return Err(InvalidValue(
                "is not a device's address: 0000:03:00.0 (PCI), 1.4 (USB), scsi_host0:0:2:0 (SCSI), \
                 naa.5001405df3e54061 (SCSI host) or a UUID (mediated device)"
                    .into(),
            ));
        }
        Ok(Self(known))
    }

    /// Whether this is the device at an address on a bus.
    pub(super) fn is(&self, bus: &str, address: &[u8]) -> bool {
        HostDevice::parse_address(bus, address).is_ok_and(|device| self.0.contains(&device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns() {
        for (pattern, name, fits) in [
            ("web1", "web1", true),
            ("web1", "web10", false),
            ("web*", "web10", true),
            ("web?", "web10", false),
            ("web[12]", "web2", true),
            ("web[12]", "web[12]", true),
            ("a[", "a[", true),
            ("*", "", true),
        ] {
            assert_eq!(
                NamePattern::from(pattern).matches(name.as_bytes()),
                fits,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn paths_and_what_is_below_them() {
        for (pattern, path, shared, fits) in [
            ("/srv/a", "/srv/a", false, true),
            ("/srv//./a", "/srv/b/../a", false, true),
            ("/srv/a", "/srv/ab", false, false),
            ("/srv/**", "/srv/a/b", false, true),
            ("/srv/**", "/srv", false, true),
            ("/srv/**", "/srv2/a", false, false),
            ("/**", "/a", false, true),
            ("/srv/*.img", "/srv/a.img", false, true),
            ("/srv/*.img", "/srv/x/a.img", false, false),
            ("/srv/*/**", "/srv/x/a.img", false, true),
            ("/srv/a/b", "/srv/a", true, true),
            ("/srv/a/b", "/srv/a", false, false),
            ("/srv/a/b", "/", true, false),
        ] {
            let parsed = PathPattern::parse(pattern.as_bytes()).unwrap();
            assert_eq!(parsed.matches(path.as_bytes(), shared), fits, "{pattern} {path}");
        }
        assert!(PathPattern::parse(b"srv/a").is_err());
    }

    #[test]
    fn addresses_in_any_notation() {
        let mac = MacAddress::parse(b"52:54:00:ab:CD:ef").unwrap();
        assert_eq!(MacAddress::parse(b"52-54-0-AB-cd-EF").unwrap(), mac);
        for text in ["", "52:54:00:ab:cd", "52:54:00:ab:cd:ef:01", "52:54:00:ab:cd:+f", "x"] {
            assert!(MacAddress::parse(text.as_bytes()).is_err(), "{text}");
        }
        let pci = DeviceAddress::parse(b"03:00.1").unwrap();
        assert!(pci.is("pci", b"0000:03:00.1"));
        assert!(!pci.is("usb", b"0000:03:00.1"));
        assert!(DeviceAddress::parse(b"1.4").unwrap().is("usb", b"001.004"));
        assert!(DeviceAddress::parse(b"card").is_err());
    }
}
