//! Requirements on a record: its type, and fields with decoded values.

use super::RecordType;
use super::fields::Style;
use super::kinds::style_of;
use crate::encode::{decode, decode_raw};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::fmt;

/// The value of the first field of a record's text with this key, as it is in the text.
pub(crate) fn raw_field<'a>(text: &'a [u8], key: &str) -> Option<&'a [u8]> {
    text.split(|&byte| byte == b' ')
        .find_map(|word| word.strip_prefix(key.as_bytes()).and_then(|rest| rest.strip_prefix(b"=")))
}

/// The value of the first field of a record's text with this key, decoded.
pub fn field<'a>(text: &'a [u8], key: &str) -> Option<Cow<'a, [u8]>> {
    let raw = raw_field(text, key)?;
    Some(match style_of(key.as_bytes(), raw_field(text, "resrc")) {
        Style::Encoded => decode(raw).unwrap_or(Cow::Borrowed(raw)),
        Style::Raw => decode_raw(raw),
        Style::Plain | Style::Verbatim => Cow::Borrowed(raw),
    })
}

/// A record whose fields can be looked up.
pub trait Fields {
    /// The type; `None` for an event that is not a VIRT_* record.
    fn kind(&self) -> Option<RecordType>;
    /// The decoded value of a field.
    fn field(&self, key: &str) -> Option<Cow<'_, [u8]>>;
}

/// A requirement on a value. It displays as the value that a record should have.
pub trait Requirement: fmt::Display {
    /// Whether a decoded value meets it.
    fn accepts(&self, value: &[u8]) -> bool;
}

/// This value and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exactly<V>(pub V);

impl<V: AsRef<[u8]>> Requirement for Exactly<V> {
    fn accepts(&self, value: &[u8]) -> bool {
        self.0.as_ref() == value
    }
}

impl<V: AsRef<[u8]>> fmt::Display for Exactly<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.as_ref().escape_ascii())
    }
}

/// The requirements on a record: its type, or any, and fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted<K, R> {
    /// The type.
    pub kind: Option<RecordType>,
    /// Keys and what is required of their values.
    pub fields: Vec<(K, R)>,
}

/// The first of the records that are equally likely to be the wanted one.
pub type Likeness = (usize, Reverse<u64>);

impl<K: AsRef<str>, R: Requirement> Wanted<K, R> {
    /// Whether a record meets all requirements.
    pub fn fits(&self, record: &impl Fields) -> bool {
        self.has_kind(record)
            && self.fields.iter().all(|(key, required)| {
                record.field(key.as_ref()).is_some_and(|value| required.accepts(&value))
            })
    }

    fn has_kind(&self, record: &impl Fields) -> bool {
        self.kind.is_none() || self.kind == record.kind()
    }

    /// How near the record with this number comes: by its type, its equal fields, and fields that only
    /// differ.
    pub fn likeness(&self, record: &impl Fields, number: u64) -> Likeness {
        let of_field = |(key, required): &(K, R)| {
            let Some(value) = record.field(key.as_ref()) else { return 0 };
            match required.accepts(&value) {
                // They decide what a record is about.
                true if matches!(key.as_ref(), "resrc" | "op") => 8,
                true => 2,
                false => 1,
            }
        };
        let fields: usize = self.fields.iter().map(of_field).sum();
        (8 * usize::from(self.has_kind(record)) + fields, Reverse(number))
    }

    /// The requirements that a record doesn't meet.
    pub fn differences(&self, record: &impl Fields) -> Vec<Difference> {
        let kind = self.kind.filter(|&kind| Some(kind) != record.kind()).map(|kind| Difference {
            key: "type".into(),
            found: record.kind().map(|kind| kind.name().as_bytes().to_vec()),
            wanted: kind.name().into(),
        });
        let fields = self.fields.iter().filter_map(|(key, required)| {
            let key = key.as_ref();
            let found = record.field(key);
            if found.as_ref().is_some_and(|value| required.accepts(value)) {
                return None;
            }
            let found = found.map(Cow::into_owned);
            Some(Difference { key: key.into(), found, wanted: required.to_string() })
        });
        kind.into_iter().chain(fields).collect()
    }
}

/// A requirement that a record doesn't meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key; `type` for the type.
    pub key: String,
    /// The record's value; `None` if it has no such field.
    pub found: Option<Vec<u8>>,
    /// The value that it should have.
    pub wanted: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its {} is ", self.key)?;
        match &self.found {
            None => f.write_str("missing")?,
            Some(found) if self.key == "type" => write!(f, "{}", found.escape_ascii())?,
            Some(found) => write!(f, "\"{}\"", found.escape_ascii())?,
        }
        write!(f, ", not {}", self.wanted)
    }
}
