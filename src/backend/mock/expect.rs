//! Assertions for tests. Their messages show the nearest record and its differences.

use super::{MockBackend, MockRecord};
use crate::Record;
use crate::record::RecordType;
use std::fmt::{self, Write};

/// The keys of a record's origin, which is the same for all records of a process.
const ORIGIN: [&[u8]; 4] = [b"exe", b"hostname", b"addr", b"terminal"];

impl MockBackend {
    /// Fails unless a record like this one was sent: with the same type, fields and result.
    ///
    /// ```
    /// # use viraudit::{Auditor, Guest, MockBackend, Options, Record, Uuid};
    /// # let mock = MockBackend::new();
    /// # let auditor = Auditor::open(mock.clone(), Options::new())?;
    /// # let guest = Guest::new("kvm", "web1", Uuid::default());
    /// auditor.emit(Record::start(&guest, "booted", 4242, true))?;
    /// mock.assert_sent(&Record::start(&guest, "booted", 4242, true));
    /// # Ok::<(), viraudit::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none. The message shows the nearest record and the fields that differ.
    ///
    /// ```should_panic
    /// # use viraudit::{Guest, MockBackend, Record, Uuid};
    /// # let guest = Guest::new("kvm", "web1", Uuid::default());
    /// MockBackend::new().assert_sent(&Record::stop(&guest, "shutdown", 0));
    /// ```
    #[track_caller]
    pub fn assert_sent(&self, record: &Record<'_>) {
        let sent = self.records();
        let expected = FieldList::of_expected(record);
        if !sent.iter().any(|record| FieldList::of_sent(record) == expected) {
            panic!("this record was not sent:\n  {expected}\n{}", Nearest(&sent, &expected, 0));
        }
    }

    /// Fails unless records like these were sent in this order. Others may be between them.
    ///
    /// ```
    /// # use viraudit::{Auditor, Guest, MockBackend, Options, Record, Uuid};
    /// # let mock = MockBackend::new();
    /// # let auditor = Auditor::open(mock.clone(), Options::new())?;
    /// # let guest = Guest::new("kvm", "web1", Uuid::default());
    /// let life = [
    ///     Record::start(&guest, "booted", 4242, true),
    ///     Record::stop(&guest, "shutdown", 0),
    /// ];
    /// for record in &life {
    ///     auditor.emit(record)?;
    /// }
    /// mock.assert_sent_in_order(&life);
    /// # Ok::<(), viraudit::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If a record is missing, or was sent too early.
    #[track_caller]
    pub fn assert_sent_in_order(&self, records: &[Record<'_>]) {
        let sent = self.records();
        let mut from = 0;
        for (i, record) in records.iter().enumerate() {
            let expected = FieldList::of_expected(record);
            let is_it = |record: &MockRecord| FieldList::of_sent(record) == expected;
            match sent[from..].iter().position(is_it) {
                Some(at) => from += at + 1,
                None => {
                    let early = sent[..from].iter().position(is_it).map(|at| {
                        format!("it was sent too early, as number {} of {}", at + 1, sent.len())
                    });
                    let nearest = || Nearest(&sent, &expected, from).to_string();
                    panic!(
                        "record {} of {} was not sent where it should have been:\n  {expected}\n{}",
                        i + 1,
                        records.len(),
                        early.unwrap_or_else(nearest)
                    );
                }
            }
        }
    }

    /// Fails unless exactly these records were sent, in this order, and no other.
    ///
    /// # Panics
    ///
    /// If a record is missing, differs, or is one too many.
    #[track_caller]
    pub fn assert_sent_only(&self, records: &[Record<'_>]) {
        let sent = self.records();
        for (i, record) in records.iter().enumerate() {
            let expected = FieldList::of_expected(record);
            let Some(found) = sent.get(i) else {
                panic!("only {} records were sent; next should be:\n  {expected}", sent.len());
            };
            let found = FieldList::of_sent(found);
            assert!(
                found == expected,
                "record {} should be:\n  {expected}\nbut is:\n  {found}{}",
                i + 1,
                Differences(&found, &expected)
            );
        }
        if let Some(more) = sent.get(records.len()) {
            panic!(
                "{} records more than expected were sent, the first:\n  {}",
                sent.len() - records.len(),
                FieldList::of_sent(more)
            );
        }
    }

    /// Fails if a record like this one was sent.
    ///
    /// # Panics
    ///
    /// If there is one.
    #[track_caller]
    pub fn assert_not_sent(&self, record: &Record<'_>) {
        let sent = self.records();
        let unwanted = FieldList::of_expected(record);
        if let Some(at) = sent.iter().position(|record| FieldList::of_sent(record) == unwanted) {
            panic!("this record was sent, as number {} of {}:\n  {unwanted}", at + 1, sent.len());
        }
    }
}

/// A record as a list of fields, without its origin.
#[derive(PartialEq, Eq)]
struct FieldList {
    kind: RecordType,
    /// Keys and values, as they are in the text. A word without `=` has no key.
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// For decoding the values.
    record: MockRecord,
}

impl FieldList {
    fn of_expected(record: &Record<'_>) -> Self {
        let result: &[u8] = if record.success { b" res=success" } else { b" res=failed" };
        let text = [&record.body(), result].concat();
        Self::new(record.record_type(), text)
    }

    fn of_sent(record: &MockRecord) -> Self {
        Self::new(record.kind, record.text.clone())
    }

    fn new(kind: RecordType, text: Vec<u8>) -> Self {
        let fields = text
            .split(|&byte| byte == b' ')
            .map(|word| match word.iter().position(|&byte| byte == b'=') {
                Some(at) => (word[..at].to_vec(), word[at + 1..].to_vec()),
                None => (Vec::new(), word.to_vec()),
            })
            .filter(|(key, _)| !ORIGIN.contains(&key.as_slice()))
            .collect();
        // Only the fields are compared. The text is for decoding, and its origin may differ.
        let plain = Self { kind, fields, record: MockRecord { kind, text: Vec::new() } };
        let text = plain.text();
        Self { record: MockRecord { kind, text }, ..plain }
    }

    fn text(&self) -> Vec<u8> {
        let word = |(key, value): &(Vec<u8>, Vec<u8>)| match key.as_slice() {
            [] => value.clone(),
            key => [key, b"=", value].concat(),
        };
        self.fields.iter().map(word).collect::<Vec<_>>().join(&b' ')
    }

    fn raw(&self, key: &[u8]) -> Option<&[u8]> {
        self.fields.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_slice())
    }

    /// How similar the other one is.
    fn likeness(&self, other: &Self) -> usize {
        let same = other.fields.iter().filter(|(k, v)| self.raw(k) == Some(v)).count();
        // Type, resource and operation decide which event a record is about.
        let kind = usize::from(self.kind == other.kind) * 4;
        let what = |key: &[u8]| usize::from(self.raw(key) == other.raw(key)) * 4;
        same + kind + what(b"resrc") + what(b"op")
    }

    /// A field's value for messages.
    fn shown(&self, key: &[u8]) -> String {
        match (self.raw(key), str::from_utf8(key)) {
            (None, _) => "missing".to_owned(),
            (Some(_), Ok(name)) if !key.is_empty() => {
                let value = self.record.field(name).unwrap_or_default();
                format!("\"{}\"", value.escape_ascii())
            }
            (Some(raw), _) => format!("\"{}\"", raw.escape_ascii()),
        }
    }
}

impl fmt::Display for FieldList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.kind,
            self.record.text.escape_ascii().to_string().replace("\\\"", "\"")
        )
    }
}

/// The fields in which the first record differs from the second, one a line.
struct Differences<'a>(&'a FieldList, &'a FieldList);

impl fmt::Display for Differences<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(found, expected) = self;
        if found.kind != expected.kind {
            write!(f, "\n  its type is {}, not {}", found.kind, expected.kind)?;
        }
        let mut keys: Vec<&[u8]> = Vec::new();
        for (key, _) in expected.fields.iter().chain(&found.fields) {
            if !keys.contains(&key.as_slice()) {
                keys.push(key);
            }
        }
        let mut differs = false;
        for key in keys {
            if found.raw(key) != expected.raw(key) {
                differs = true;
                let (is, should) = (found.shown(key), expected.shown(key));
                write!(f, "\n  its {} is {is}, not {should}", key.escape_ascii())?;
            }
        }
        if !differs && found.kind == expected.kind {
            f.write_str("\n  its fields are in another order")?;
        }
        Ok(())
    }
}

/// The sent record, from a number on, that is most like the expected one.
struct Nearest<'a>(&'a [MockRecord], &'a FieldList, usize);

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sent, expected, from) = self;
        let rest = sent[*from..].iter().map(FieldList::of_sent).enumerate();
        // The first of those that are equally near.
        let nearest = rest.rev().max_by_key(|(_, found)| found.likeness(expected));
        match nearest {
            None if sent.is_empty() => f.write_str("no record was sent at all"),
            None => f.write_str("none was sent after the one before it"),
            Some((at, found)) => {
                writeln!(f, "the nearest is number {} of {}:", from + at + 1, sent.len())?;
                write!(f, "  {found}")?;
                f.write_char('\n')?;
                let text = Differences(&found, expected).to_string();
                f.write_str(text.trim_start_matches('\n'))
            }
        }
    }
}

#[cfg(test)]
mod tests;
