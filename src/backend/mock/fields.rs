//! Looking a record up by some of its fields; the message of a failure shows the nearest one.

use super::{MockBackend, MockRecord};
use crate::record::RecordType;
use std::cmp::Reverse;
use std::fmt;

/// The requirements on a record: its type, or any, and fields with decoded values.
pub(crate) struct WantedFields<'a> {
    pub(crate) kind: Option<RecordType>,
    pub(crate) fields: Vec<(&'a str, &'a [u8])>,
}

impl WantedFields<'_> {
    fn has_kind(&self, record: &MockRecord) -> bool {
        self.kind.is_none_or(|kind| kind == record.kind)
    }

    fn fits(&self, record: &MockRecord) -> bool {
        self.has_kind(record) && self.fields.iter().all(|&(key, value)| has(record, key, value))
    }

    /// How near a record comes: by its type, its equal fields, and fields that only differ.
    fn likeness(&self, record: &MockRecord) -> usize {
        let of_field = |&(key, value): &(&str, &[u8])| match record.field(key) {
            // They decide what a record is about.
            Some(found) if found == value && matches!(key, "resrc" | "op") => 8,
            Some(found) if found == value => 2,
            Some(_) => 1,
            None => 0,
        };
        8 * usize::from(self.has_kind(record)) + self.fields.iter().map(of_field).sum::<usize>()
    }
}

fn has(record: &MockRecord, key: &str, value: &[u8]) -> bool {
    record.field(key).as_deref() == Some(value)
}

impl MockBackend {
    /// The number of the first record, from number `from` on, that has what is wanted.
    ///
    /// # Errors
    ///
    /// The nearest record and how it differs, as text for people.
    pub(crate) fn find_fields(
        &self,
        wanted: &WantedFields<'_>,
        from: usize,
    ) -> Result<usize, String> {
        self.with_records(|records| {
            let rest = records.iter().enumerate().skip(from);
            if let Some((at, _)) = rest.clone().find(|(_, record)| wanted.fits(record)) {
                return Ok(at);
            }
            // The first of those that are equally near.
            let nearest = rest.max_by_key(|&(at, record)| (wanted.likeness(record), Reverse(at)));
            Err(match nearest {
                None if records.is_empty() => "no record was sent".to_owned(),
                None => format!("only {} records were sent", records.len()),
                Some((at, record)) => {
                    let differences = Differences(wanted, record);
                    let sent = records.len();
                    let MockRecord { kind, text } = record;
                    let text = String::from_utf8_lossy(text);
                    format!(
                        "the nearest record is number {at} of {sent}:{differences}\n  {kind} {text}"
                    )
                }
            })
        })
    }
}

/// The requirements that a record fails, one a line.
struct Differences<'a>(&'a WantedFields<'a>, &'a MockRecord);

impl fmt::Display for Differences<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(wanted, record) = self;
        if let Some(kind) = wanted.kind.filter(|&kind| kind != record.kind) {
            write!(f, "\n  its type is {}, not {kind}", record.kind)?;
        }
        for &(key, value) in &wanted.fields {
            match record.field(key) {
                Some(found) if found == value => continue,
                Some(found) => write!(f, "\n  its {key} is \"{}\"", found.escape_ascii())?,
                None => write!(f, "\n  its {key} is missing")?,
            }
            write!(f, ", not \"{}\"", value.escape_ascii())?;
        }
        Ok(())
    }
}
