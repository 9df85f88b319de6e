//! Reading a record's BODY back.
//!
//! Strict: every field in libvirt's order, nothing missing and nothing left over. What a record
//! was shortened to reads back as the shortened values. Readers of whole logs, which must make
//! the best of anything, are another matter: see the package `viraudit-trail`.

use super::number::parse_number;
use super::{Control, Event, Lifecycle, MachineId, Record, RecordType, Resource};
use crate::encode::{MISSING, decode, decode_raw};
use crate::guest::{Guest, Uuid};
use crate::value::Value;
use std::fmt;
use std::str::FromStr;

/// Why a text isn't a record.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParseError {
    /// This field was expected next, and isn't there.
    Missing(&'static str),
    /// This field's value can't be read.
    Unexpected(&'static str),
    /// Text is left after the last field.
    Trailing,
}

impl ParseError {
    pub(super) const fn unexpected(key: &'static str) -> Self {
        Self::Unexpected(key)
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(key) => write!(f, "the field {key}= is missing"),
            Self::Unexpected(key) => write!(f, "the value of {key}= can't be read"),
            Self::Trailing => f.write_str("there is text after the last field"),
        }
    }
}

impl std::error::Error for ParseError {}

/// The guest's name and UUID, in the middle of a record.
pub(super) type Subject<'a> = (Value<'a>, Uuid);

/// Reads fields one after the other.
#[derive(Clone, Debug)]
pub struct FieldReader<'a> {
    rest: &'a [u8],
}

impl<'a> FieldReader<'a> {
    /// A reader of the fields of `text`.
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text }
    }

    /// The raw text of the next field, which must be `key`.
    pub fn take(&mut self, key: &'static str) -> Result<&'a [u8], ParseError> {
        let value = self
            .rest
            .strip_prefix(key.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"="))
            .ok_or(ParseError::Missing(key))?;
        let end = value.iter().position(|&byte| byte == b' ');
        self.rest = end.map_or(&[][..], |end| &value[end + 1..]);
        Ok(end.map_or(value, |end| &value[..end]))
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// An encoded value.
    pub fn encoded(&mut self, key: &'static str) -> Result<Value<'a>, ParseError> {
        let text = self.take(key)?;
        decode(text).map(Value::from).ok_or(ParseError::Unexpected(key))
    }

    /// An encoded value, or `None` for the missing one.
    pub fn encoded_option(&mut self, key: &'static str) -> Result<Option<Value<'a>>, ParseError> {
        Ok(Some(self.encoded(key)?).filter(|value| **value != *MISSING))
    }

    /// A value that libvirt leaves raw.
    pub fn raw(&mut self, key: &'static str) -> Result<Value<'a>, ParseError> {
        self.take(key).map(|text| decode_raw(text).into())
    }

    /// A raw value, or `None` for the missing one.
    pub fn raw_option(&mut self, key: &'static str) -> Result<Option<Value<'a>>, ParseError> {
        Ok(Some(self.raw(key)?).filter(|value| **value != *MISSING))
    }

    /// A decimal number.
    pub fn number<N: FromStr>(&mut self, key: &'static str) -> Result<N, ParseError> {
        parse_number(self.take(key)?).ok_or(ParseError::Unexpected(key))
    }

    pub(super) fn subject(&mut self) -> Result<Subject<'a>, ParseError> {
        let name = self.encoded("vm")?;
        let uuid = Uuid::parse(self.take("uuid")?).ok_or(ParseError::Unexpected("uuid"))?;
        Ok((name, uuid))
    }
}

impl<'a> Record<'a> {
    /// Reads a record's BODY: the text without the origin suffix. `success` is its `res=`, which
    /// is in the suffix; [`ParsedMessage`](crate::message::ParsedMessage) reads both.
    pub fn parse(kind: RecordType, body: &'a [u8], success: bool) -> Result<Self, ParseError> {
        let mut reader = FieldReader::new(body);
        let virt = reader.raw("virt")?;
        let ((name, uuid), event) = match kind {
            RecordType::VirtControl => {
                let (subject, control) = Control::parse(&mut reader)?;
                (subject, Event::Control(control))
            }
            RecordType::VirtMachineId => {
                let subject = reader.subject()?;
                (subject, Event::MachineId(MachineId::parse(&mut reader)?))
            }
            RecordType::VirtResource => {
                let kind = reader.take("resrc")?;
                let reason = reader.raw("reason")?;
                let subject = reader.subject()?;
                let resource = Resource::parse(kind, &mut reader)?;
                (subject, Event::Resource { reason, resource })
            }
            _ => {
                let (subject, event) = Lifecycle::parse(kind, &mut reader)?;
                (subject, Event::Lifecycle(event))
            }
        };
        if !reader.rest.is_empty() {
            return Err(ParseError::Trailing);
        }
        Ok(Self { guest: Guest { virt, name, uuid }, event, success })
    }
}
