//! The values of a resource's fields: how each type is written and read.

use super::address::{Mac, Rdev};
use super::fields::{FieldSink, Style};
use super::number::{hex_number, parse_number, split};
use super::parse::{FieldReader, ParseError};
use super::table::{Field, Role};
use crate::encode::MISSING;
use crate::value::Value;
use std::borrow::Cow;
use std::fmt::{self, Write};

/// The text of a field that has no other in its form.
pub(super) struct Word;
/// A number in upper-case hex.
pub(super) struct Hex<N>(pub(super) N);
/// A name below /dev/shm, as a path.
pub(super) struct DevShm<V>(pub(super) V);
/// Bus and device: `003.007`.
pub(super) struct UsbAddress<N>(pub(super) N, pub(super) N);
/// Domain, bus, slot and function: `0000:03:00.0`.
pub(super) struct PciAddress<N>(pub(super) N, pub(super) N, pub(super) N, pub(super) N);
/// Adapter, bus, target and unit: `scsi_host0:0:2:0`.
pub(super) struct ScsiAddress<V, N, U>(pub(super) V, pub(super) N, pub(super) N, pub(super) U);

/// A value on its way into a record.
pub(super) trait Written {
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S);

    /// Whether it is the missing side of a change.
    fn is_void(&self, _: &Field) -> bool {
        false
    }
}

/// Whether the field is the old or the new side of a change.
fn is_side(field: &Field) -> bool {
    matches!(field.role, Role::Old | Role::New)
}

/// A value from a record.
pub(super) trait Read<'a>: Sized {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError>;
}

#[inline]
fn put<S: FieldSink>(sink: &mut S, field: &Field, value: &[u8]) {
    sink.field(field.key.as_bytes(), field.style, &[value]);
}

fn text<'a>(field: &Field, reader: &mut FieldReader<'a>) -> Result<Value<'a>, ParseError> {
    match field.style {
        Style::Encoded => reader.encoded(field.key),
        Style::Raw => reader.raw(field.key),
        Style::Plain | Style::Verbatim => reader.take(field.key).map(Value::new),
    }
}

/// The same, `None` for the missing one.
fn text_option<'a>(
    field: &Field,
    reader: &mut FieldReader<'a>,
) -> Result<Option<Value<'a>>, ParseError> {
    Ok(Some(text(field, reader)?).filter(|value| **value != *MISSING))
}

/// A text that `parse` makes sense of.
fn parsed<'a, T>(
    field: &Field,
    reader: &mut FieldReader<'a>,
    parse: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, ParseError> {
    parse(&text(field, reader)?).ok_or(ParseError::unexpected(field.key))
}

impl Written for Value<'_> {
    #[inline]
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        put(sink, field, self);
    }
}

impl<'a> Read<'a> for Value<'a> {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        text(field, reader)
    }
}

impl Written for Option<Value<'_>> {
    #[inline]
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        put(sink, field, self.as_deref().unwrap_or(MISSING));
    }

    fn is_void(&self, field: &Field) -> bool {
        self.is_none() && is_side(field)
    }
}

impl<'a> Read<'a> for Option<Value<'a>> {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        text_option(field, reader)
    }
}

impl Written for Word {
    #[inline]
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        put(sink, field, field.word.unwrap_or_default().as_bytes());
    }
}

impl<'a> Read<'a> for Word {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        parsed(field, reader, |text| {
            field.word.is_some_and(|word| word.as_bytes() == text).then_some(Self)
        })
    }
}

macro_rules! numbers {
    ($($number:ty)+) => { $(
        impl Written for $number {
            #[inline]
            fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
                sink.number(field.key, *self);
            }
        }

        impl<'a> Read<'a> for $number {
            fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
                reader.number(field.key)
            }
        }
    )+ };
}

numbers! { u32 u64 }

impl Written for Hex<&u32> {
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        put(sink, field, Short::new(format_args!("{:02X}", self.0)).as_bytes());
    }
}

impl<'a> Read<'a> for Hex<u32> {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        parsed(field, reader, hex_number).map(Self)
    }
}

impl Written for Mac {
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        put(sink, field, Short::new(format_args!("{self}")).as_bytes());
    }
}

impl<'a> Read<'a> for Mac {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        parsed(field, reader, Self::parse)
    }
}

impl Written for Rdev {
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        put(sink, field, Short::new(format_args!("{self}")).as_bytes());
    }
}

impl<'a> Read<'a> for Rdev {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        parsed(field, reader, Self::parse)
    }
}

macro_rules! optional {
    ($($type:ty)+) => { $(
        impl Written for Option<$type> {
            fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
                match self {
                    Some(value) => value.write(field, sink),
                    None => put(sink, field, MISSING),
                }
            }

            fn is_void(&self, field: &Field) -> bool {
                self.is_none() && is_side(field)
            }
        }

        impl<'a> Read<'a> for Option<$type> {
            fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
                let text = text_option(field, reader)?;
                let parse = |text: Value<'_>| {
                    <$type>::parse(&text).ok_or(ParseError::unexpected(field.key))
                };
                text.map(parse).transpose()
            }
        }
    )+ };
}

optional! { Mac Rdev }

const DEV_SHM: &[u8] = b"/dev/shm/";

impl Written for DevShm<&Value<'_>> {
    #[inline]
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        sink.field(field.key.as_bytes(), field.style, &[DEV_SHM, self.0]);
    }
}

impl<'a> Read<'a> for DevShm<Value<'a>> {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        let path = text(field, reader)?;
        if !path.starts_with(DEV_SHM) {
            return Err(ParseError::unexpected(field.key));
        }
        Ok(Self(match path.into_cow() {
            Cow::Borrowed(path) => Value::new(&path[DEV_SHM.len()..]),
            Cow::Owned(path) => path[DEV_SHM.len()..].to_vec().into(),
        }))
    }
}

impl Written for UsbAddress<&u32> {
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        let Self(bus, device) = self;
        put(sink, field, Short::new(format_args!("{bus:03}.{device:03}")).as_bytes());
    }
}

impl UsbAddress<u32> {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let [bus, device] = split(text, b'.')?;
        Some(Self(parse_number(bus)?, parse_number(device)?))
    }
}

impl<'a> Read<'a> for UsbAddress<u32> {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        parsed(field, reader, Self::parse)
    }
}

impl Written for PciAddress<&u32> {
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        let Self(domain, bus, slot, function) = self;
        let text = Short::new(format_args!("{domain:04x}:{bus:02x}:{slot:02x}.{function}"));
        put(sink, field, text.as_bytes());
    }
}

impl PciAddress<u32> {
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let [domain, bus, rest] = split(text, b':')?;
        let [slot, function] = split(rest, b'.')?;
        Some(Self(
            hex_number(domain)?,
            hex_number(bus)?,
            hex_number(slot)?,
            parse_number(function)?,
        ))
    }
}

impl<'a> Read<'a> for PciAddress<u32> {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        parsed(field, reader, Self::parse)
    }
}

impl Written for ScsiAddress<&Value<'_>, &u32, &u64> {
    fn write<S: FieldSink>(&self, field: &Field, sink: &mut S) {
        let Self(adapter, bus, target, unit) = self;
        let rest = Short::new(format_args!(":{bus}:{target}:{unit}"));
        sink.field(field.key.as_bytes(), field.style, &[adapter, rest.as_bytes()]);
    }
}

impl<'a> ScsiAddress<Value<'a>, u32, u64> {
    /// The adapter's name may itself hold colons: the three numbers follow the last ones.
    pub(super) fn parse(text: Value<'a>) -> Option<Self> {
        let mut parts = text.rsplitn(4, |&byte| byte == b':');
        let unit = parse_number(parts.next()?)?;
        let target = parse_number(parts.next()?)?;
        let bus = parse_number(parts.next()?)?;
        let len = parts.next()?.len();
        let adapter = match text.into_cow() {
            Cow::Borrowed(text) => Value::new(&text[..len]),
            Cow::Owned(mut text) => {
                text.truncate(len);
                text.into()
            }
        };
        Some(Self(adapter, bus, target, unit))
    }
}

impl<'a> Read<'a> for ScsiAddress<Value<'a>, u32, u64> {
    fn read(field: &Field, reader: &mut FieldReader<'a>) -> Result<Self, ParseError> {
        Self::parse(text(field, reader)?).ok_or(ParseError::unexpected(field.key))
    }
}

/// A text of bounded length, on the stack.
struct Short {
    bytes: [u8; 64],
    len: usize,
}

impl Short {
    fn new(text: fmt::Arguments<'_>) -> Self {
        let mut short = Self { bytes: [0; 64], len: 0 };
        // Every caller's text has a bounded length below 64, so this can't fail.
        let _ = short.write_fmt(text);
        short
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
