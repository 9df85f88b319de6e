//! The guest of a record: the driver's name, the guest's name and its UUID.
//!
//! A process id isn't part of a guest here: only VIRT_CONTROL records carry one, so it is in
//! [`Control`](crate::record::Control).

use crate::value::Value;
use std::fmt;
use std::str::FromStr;

/// The names of libvirt's drivers, as `virt=` gives them.
pub const VIRT_NAMES: [&str; 17] = [
    "none",
    "qemu",
    "kqemu",
    "kvm",
    "xen",
    "lxc",
    "uml",
    "openvz",
    "test",
    "vmware",
    "hyperv",
    "vbox",
    "phyp",
    "parallels",
    "bhyve",
    "vz",
    "hvf",
];

/// A guest's UUID.
///
/// ```
/// use viraudit::Uuid;
///
/// let uuid: Uuid = "8E4F0F4C2F8B4B7A9D9C0123456789AB".parse()?;
/// assert_eq!(uuid.to_string(), "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab");
/// assert_eq!(Uuid::from([0; 16]), Uuid::default());
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// The 36 bytes of its text: lower case, with dashes.
    pub fn text(&self) -> [u8; 36] {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        /// The place of each byte's digits.
        const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        let mut text = [b'-'; 36];
        for (byte, at) in self.0.iter().zip(PLACES) {
            text[at] = HEX[(byte >> 4) as usize];
            text[at + 1] = HEX[(byte & 15) as usize];
        }
        text
    }

    /// Reads a UUID the way libvirt does: 32 hex digits of either case, any dashes and spaces
    /// before each pair of them, blanks before it and behind it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 16];
        let mut rest = text.trim_ascii();
        for byte in &mut bytes {
            while let [b'-' | b' ', tail @ ..] = rest {
                rest = tail;
            }
            let (high, low, tail) = match rest {
                [high, low, tail @ ..] => (*high, *low, tail),
                _ => return None,
            };
            let digit = |c: u8| (c as char).to_digit(16).map(|d| d as u8);
            *byte = digit(high)? << 4 | digit(low)?;
            rest = tail;
        }
        rest.is_empty().then_some(Self(bytes))
    }
}

impl FromStr for Uuid {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text.as_bytes()).ok_or(crate::Error::Invalid("a UUID has 32 hex digits"))
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().iter().try_for_each(|&byte| fmt::Write::write_char(f, byte as char))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<[u8; 16]> for Uuid {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Uuid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "uuid")]
impl From<uuid::Uuid> for Uuid {
    fn from(uuid: uuid::Uuid) -> Self {
        Self(uuid.into_bytes())
    }
}

#[cfg(feature = "uuid")]
impl From<Uuid> for uuid::Uuid {
    fn from(uuid: Uuid) -> Self {
        Self::from_bytes(uuid.0)
    }
}

/// The guest that a record is about.
///
/// ```
/// use viraudit::Guest;
///
/// let uuid = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?;
/// // Any bytes: they can't break out of a record.
/// let guest = Guest::new("kvm", &b"g\xE4st\n"[..], uuid);
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Guest<'a> {
    /// The driver's name, one of [`VIRT_NAMES`] or another one; `?` when unknown.
    pub virt: Value<'a>,
    /// The guest's name.
    pub name: Value<'a>,
    /// The guest's UUID.
    pub uuid: Uuid,
}

impl<'a> Guest<'a> {
    /// A guest from its parts.
    pub fn new(virt: impl Into<Value<'a>>, name: impl Into<Value<'a>>, uuid: Uuid) -> Self {
        Self { virt: virt.into(), name: name.into(), uuid }
    }

    /// The same guest, borrowed: no allocation.
    pub fn borrowed(&self) -> Guest<'_> {
        Guest { virt: self.virt.borrowed(), name: self.name.borrowed(), uuid: self.uuid }
    }

    /// The same guest, owning its texts.
    pub fn into_owned(self) -> Guest<'static> {
        Guest { virt: self.virt.into_owned(), name: self.name.into_owned(), uuid: self.uuid }
    }
}

impl<'a> From<&'a Guest<'_>> for Guest<'a> {
    /// The same guest, borrowed: no allocation.
    fn from(guest: &'a Guest<'_>) -> Self {
        guest.borrowed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "uuid")]
    #[test]
    fn uuids_are_those_of_the_uuid_crate() {
        let text = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab";
        let (ours, theirs): (Uuid, uuid::Uuid) = (text.parse().unwrap(), text.parse().unwrap());
        assert_eq!(Uuid::from(theirs), ours);
        assert_eq!(uuid::Uuid::from(ours), theirs);
    }

    #[test]
    fn uuid_text_goes_both_ways() {
        let text = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab";
        let uuid: Uuid = text.parse().unwrap();
        assert_eq!(uuid.to_string(), text);
        for same in [
            "8E4F0F4C-2F8B-4B7A-9D9C-0123456789AB",
            "8e4f0f4c2f8b4b7a9d9c0123456789ab",
            " 8e4f0f4c--2f8b4b7a9d9c0123456789ab ",
            "-8e4f0f4c2f8b4b7a9d9c0123456789ab\t\n",
            "8e4f - 0f4c2f8b4b7a9d9c 0123456789-ab",
        ] {
            assert_eq!(Uuid::parse(same.as_bytes()), Some(uuid), "{same}");
        }
        for wrong in [
            "",
            "8e4f",
            "8e4f0f4c2f8b4b7a9d9c0123456789ab-",
            "8-e4f0f4c2f8b4b7a9d9c0123456789ab",
            "8e4f\t0f4c2f8b4b7a9d9c0123456789ab",
            "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ag",
        ] {
            assert_eq!(Uuid::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
