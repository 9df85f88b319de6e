//! Values for [`Resource::every_kind`](super::Resource::every_kind).

use super::address::{Mac, Rdev};
use super::kinds::Field;
use super::tail::{DevShm, Hex, PciAddress, ScsiAddress, UsbAddress, Word};
use crate::value::Value;

/// Which of a form's optional values are missing: a bit for each.
#[derive(Clone, Copy)]
pub(super) struct Choices(u8);

impl Choices {
    /// Every choice for up to four optional values; the first one has them all.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..16).map(Self)
    }

    fn is_there(&mut self) -> bool {
        let missing = self.0 & 1 == 1;
        self.0 >>= 1;
        !missing
    }
}

/// A type of which there is an example for any field, told from other fields' examples.
pub(super) trait Example: Sized {
    fn example(field: &Field, choices: &mut Choices) -> Self;
}

/// A small number that differs between the fields of a form.
fn number(field: &Field) -> u8 {
    field.key.bytes().fold(1, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte))
}

impl Example for Value<'static> {
    fn example(field: &Field, _: &mut Choices) -> Self {
        Self::from(format!("/example/{}", field.key))
    }
}

impl Example for Word {
    fn example(_: &Field, _: &mut Choices) -> Self {
        Self
    }
}

impl Example for u32 {
    fn example(field: &Field, _: &mut Choices) -> Self {
        number(field).into()
    }
}

impl Example for u64 {
    fn example(field: &Field, _: &mut Choices) -> Self {
        number(field).into()
    }
}

impl Example for Mac {
    fn example(field: &Field, _: &mut Choices) -> Self {
        Self([0x52, 0x54, 0, 0, 0, number(field)])
    }
}

impl Example for Rdev {
    fn example(_: &Field, _: &mut Choices) -> Self {
        Self { major: 10, minor: 200 }
    }
}

impl<T: Example> Example for Option<T> {
    fn example(field: &Field, choices: &mut Choices) -> Self {
        choices.is_there().then(|| T::example(field, choices))
    }
}

impl Example for Hex<u32> {
    fn example(field: &Field, choices: &mut Choices) -> Self {
        Self(u32::example(field, choices))
    }
}

impl Example for DevShm<Value<'static>> {
    fn example(_: &Field, _: &mut Choices) -> Self {
        Self(Value::new(b"example"))
    }
}

impl Example for UsbAddress<u32> {
    fn example(_: &Field, _: &mut Choices) -> Self {
        Self(3, 7)
    }
}

impl Example for PciAddress<u32> {
    fn example(_: &Field, _: &mut Choices) -> Self {
        Self(0, 0xa, 0x1f, 7)
    }
}

impl Example for ScsiAddress<Value<'static>, u32, u64> {
    fn example(_: &Field, _: &mut Choices) -> Self {
        Self(Value::new(b"scsi_host0"), 0, 2, 5)
    }
}
