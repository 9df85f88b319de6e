//! An event, with a cursor over its fields that only moves forward.

use crate::interpret;
use crate::numbers::signed;
use crate::record::{Field, Record};
use crate::stamp::Stamp;

/// An event: its records, and the position of the last field found.
pub(crate) struct Event<'t> {
    pub(crate) stamp: Stamp,
    /// The type of its first record.
    pub(crate) kind: i32,
    records: Vec<Record<'t>>,
    cursor: Cursor,
}

/// The position of a search. After a search without a result, all further ones fail until
/// [`Event::start_over`].
#[derive(Clone, Copy)]
enum Cursor {
    At {
        record: usize,
        field: usize,
    },
    /// Counts as being in the first record.
    Lost,
}

/// A field of an event.
#[derive(Clone, Copy)]
pub(crate) struct Found<'e, 't> {
    record: &'e Record<'t>,
    field: Field<'t>,
}

impl<'t> Event<'t> {
    pub(crate) fn new(stamp: Stamp, kind: i32, records: Vec<Record<'t>>) -> Self {
        Self { stamp, kind, records, cursor: Cursor::At { record: 0, field: 0 } }
    }

    /// Moves the cursor to the first field of the first record.
    pub(crate) fn start_over(&mut self) {
        self.cursor = Cursor::At { record: 0, field: 0 };
    }

    /// Searches for a field, from the cursor on.
    pub(crate) fn find(&mut self, name: &str) -> Option<Found<'_, 't>> {
        let name = name.as_bytes();
        let Cursor::At { record, field } = self.cursor else { return None };
        if self.stamp.seconds == 0 {
            return None;
        }
        let fields = &self.records.get(record)?.fields;
        let here = fields.get(field)?;
        let mut at = None;
        if here.name == name {
            at = Some((record, field));
        } else if field + 1 == fields.len() {
            // auvirt doesn't search beyond a record's last field, and leaves the cursor there.
            return None;
        }
        let mut from = field + 1;
        for (index, later) in self.records.iter().enumerate().skip(record) {
            if at.is_some() {
                break;
            }
            let rest = later.fields.get(from..).unwrap_or_default();
            at = rest.iter().position(|field| field.name == name).map(|i| (index, from + i));
            from = 0;
        }
        let Some((record, field)) = at else {
            self.cursor = Cursor::Lost;
            return None;
        };
        self.cursor = Cursor::At { record, field };
        let record = &self.records[record];
        Some(Found { record, field: record.fields[field] })
    }

    /// The text of the record with the cursor.
    pub(crate) fn text(&self) -> Option<&'t [u8]> {
        match self.cursor {
            Cursor::At { record, .. } => self.records.get(record).map(|record| record.text),
            Cursor::Lost => self.records.first().map(|record| record.text),
        }
    }
}

impl<'e> Found<'e, '_> {
    /// The value as in the log.
    pub(crate) fn raw(self) -> &'e [u8] {
        self.record.value(self.field)
    }

    /// The value's meaning.
    pub(crate) fn interpreted(self) -> Vec<u8> {
        interpret::value(self.field.name, self.raw(), self.record.looked_up)
    }

    /// The value as a number; -1 if it doesn't fit.
    pub(crate) fn number(self) -> i32 {
        signed(self.raw()).map_or(-1, |number| number as i32)
    }
}
