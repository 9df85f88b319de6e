//! MAC addresses and device numbers.

use super::number::{hex_number, split};
use std::fmt;
use std::str::FromStr;

/// A MAC address.
///
/// ```
/// use viraudit::record::Mac;
///
/// let mac: Mac = "52:54:0:A1:b2:c3".parse()?;
/// assert_eq!(mac, Mac::from([0x52, 0x54, 0, 0xa1, 0xb2, 0xc3]));
/// assert_eq!(format!("{mac} {mac:?}"), "52:54:00:a1:b2:c3 52:54:00:a1:b2:c3");
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Reads six hex numbers of one or two digits, either case, separated by colons.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let groups: [&[u8]; 6] = split(text, b':')?;
        let mut bytes = [0; 6];
        for (byte, group) in bytes.iter_mut().zip(groups) {
            *byte = hex_number(group).filter(|_| group.len() <= 2)? as u8;
        }
        Some(Self(bytes))
    }
}

impl FromStr for Mac {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let message = "a MAC address is six hex numbers with colons between them";
        Self::parse(text.as_bytes()).ok_or(crate::Error::Invalid(message))
    }
}

impl From<[u8; 6]> for Mac {
    fn from(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Mac {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The device number of a character or block device: `MAJ:MIN` in upper-case hex.
///
/// ```
/// use viraudit::record::Rdev;
///
/// let tun: Rdev = "a:c8".parse()?;
/// assert_eq!(tun, Rdev { major: 10, minor: 200 });
/// assert_eq!(tun.to_string(), "0A:C8");
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rdev {
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

impl Rdev {
    /// Reads two hex numbers with a colon between them.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let [major, minor] = split(text, b':')?;
        Some(Self { major: hex_number(major)?, minor: hex_number(minor)? })
    }
}

impl FromStr for Rdev {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let message = "a device number is MAJ:MIN, both hex";
        Self::parse(text.as_bytes()).ok_or(crate::Error::Invalid(message))
    }
}

impl fmt::Display for Rdev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}:{:02X}", self.major, self.minor)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Rdev {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
