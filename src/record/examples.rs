//! Resources with made-up values, for tests: [`Resource::every_kind`](super::Resource::every_kind)
//! and, with random values, those of this workspace's tests.

use super::address::{Mac, Rdev};
use super::table::Field;
use super::tail::{DevShm, Hex, PciAddress, ScsiAddress, UsbAddress, Word};
use crate::value::Value;

/// Where made-up values come from.
pub trait Source {
    /// Whether a value that may be missing is there.
    fn is_there(&mut self) -> bool;
    /// A text for a field.
    fn text(&mut self, field: &Field) -> Value<'static>;
    /// A number.
    fn number(&mut self) -> u64;
}

/// Fixed values, each different, with or without the optional ones.
pub(super) struct Fixed {
    /// A bit for each optional value: it is missing.
    missing: u8,
    last_number: u64,
}

impl Fixed {
    /// Every choice for up to four optional values; the first one has them all.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..16).map(|missing| Self { missing, last_number: 0 })
    }
}

impl Source for Fixed {
    fn is_there(&mut self) -> bool {
        let missing = self.missing & 1 == 1;
        self.missing >>= 1;
        !missing
    }

    fn text(&mut self, field: &Field) -> Value<'static> {
        match field.key {
            "acl" => Value::new(b"rw"),
            key => Value::from(format!("/example/{key}")),
        }
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

/// A type of values that can be made up.
pub(super) trait Example: Sized {
    fn example(field: &Field, source: &mut dyn Source) -> Self;
}

impl Example for Word {
    fn example(_: &Field, _: &mut dyn Source) -> Self {
        Self
    }
}

impl Example for Value<'static> {
    fn example(field: &Field, source: &mut dyn Source) -> Self {
        source.text(field)
    }
}

impl Example for u32 {
    fn example(_: &Field, source: &mut dyn Source) -> Self {
        source.number() as u32
    }
}

impl Example for u64 {
    fn example(_: &Field, source: &mut dyn Source) -> Self {
        source.number()
    }
}

impl Example for Mac {
    fn example(_: &Field, source: &mut dyn Source) -> Self {
        let [.., a, b, c, d, e, g] = source.number().to_be_bytes();
        Self([a, b, c, d, e, g])
    }
}

impl Example for Rdev {
    fn example(_: &Field, source: &mut dyn Source) -> Self {
        Self { major: source.number() as u32, minor: source.number() as u32 }
    }
}

impl<T: Example> Example for Option<T> {
    fn example(field: &Field, source: &mut dyn Source) -> Self {
        source.is_there().then(|| T::example(field, source))
    }
}

impl Example for Hex<u32> {
    fn example(field: &Field, source: &mut dyn Source) -> Self {
        Self(u32::example(field, source))
    }
}

impl Example for DevShm<Value<'static>> {
    fn example(field: &Field, source: &mut dyn Source) -> Self {
        Self(source.text(field))
    }
}

impl Example for UsbAddress<u32> {
    fn example(field: &Field, source: &mut dyn Source) -> Self {
        let mut number = || u32::example(field, source);
        Self(number(), number())
    }
}

impl Example for PciAddress<u32> {
    fn example(field: &Field, source: &mut dyn Source) -> Self {
        let mut number = || u32::example(field, source);
        Self(number(), number(), number(), number())
    }
}

impl Example for ScsiAddress<Value<'static>, u32, u64> {
    fn example(field: &Field, source: &mut dyn Source) -> Self {
        let adapter = source.text(field);
        let mut number = || u32::example(field, source);
        Self(adapter, number(), number(), source.number())
    }
}
