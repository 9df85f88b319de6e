//! An event with a cursor over its fields, which searches only forward.

use super::numbers::signed;
use super::record::{Field, Record};
use super::stamp::Stamp;
use super::{interpret, kinds};

/// An event: its records, and where in them the last search ended.
pub(super) struct Event<'t> {
    pub(super) stamp: Stamp,
    /// The type of its first record, which is the event's.
    pub(super) kind: i32,
    records: Vec<Record<'t>>,
    cursor: Cursor,
}

/// Once a search ran over the end, all further ones fail until the event is started over.
#[derive(Clone, Copy)]
enum Cursor {
    At {
        record: usize,
        field: usize,
    },
    /// Which leaves it in the first record.
    Lost,
}

/// A field that was found.
#[derive(Clone, Copy)]
pub(super) struct Found<'e, 't> {
    record: &'e Record<'t>,
    field: Field<'t>,
}

impl<'t> Event<'t> {
    pub(super) fn new(stamp: Stamp, kind: i32, records: Vec<Record<'t>>) -> Self {
        Self { stamp, kind, records, cursor: Cursor::At { record: 0, field: 0 } }
    }

    /// Back to the first field of the first record.
    pub(super) fn start_over(&mut self) {
        self.cursor = Cursor::At { record: 0, field: 0 };
    }

    /// Searches for a field from the cursor on.
    pub(super) fn find(&mut self, name: &str) -> Option<Found<'_, 't>> {
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
            // On a record's last field the search ends, and the cursor stays.
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

    /// The text of the record that the cursor is in.
    pub(super) fn text(&self) -> Option<&'t [u8]> {
        match self.cursor {
            Cursor::At { record, .. } => self.records.get(record).map(|record| record.text),
            Cursor::Lost => self.records.first().map(|record| record.text),
        }
    }

    pub(super) fn is_anomaly(&self) -> bool {
        kinds::is_anomaly(self.kind)
    }
}

impl<'e> Found<'e, '_> {
    /// As it is written.
    pub(super) fn raw(self) -> &'e [u8] {
        self.record.value(self.field)
    }

    /// As it is meant.
    pub(super) fn interpreted(self) -> Vec<u8> {
        interpret::value(self.field.name, self.raw(), self.record.looked_up)
    }

    /// As a number; -1 if it doesn't fit.
    pub(super) fn number(self) -> i32 {
        signed(self.raw()).map_or(-1, |number| number as i32)
    }
}
