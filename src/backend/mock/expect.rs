//! Assertions for test suites; their messages show the nearest record and where it differs.

use super::{MockBackend, MockRecord};
use crate::Record;
use crate::record::RecordType;
use std::fmt::{self, Write};

/// What a record says of where it comes from: the same for all of a process's records.
const ORIGIN: [&[u8]; 4] = [b"exe", b"hostname", b"addr", b"terminal"];

impl MockBackend {
    /// Fails unless a record like this one was sent: the same type, the same fields, the same
    /// result.
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
    /// When there is none; the message shows the nearest one and the fields that differ:
    ///
    /// ```should_panic
    /// # use viraudit::{Guest, MockBackend, Record, Uuid};
    /// # let guest = Guest::new("kvm", "web1", Uuid::default());
    /// MockBackend::new().assert_sent(&Record::stop(&guest, "shutdown", 0));
    /// ```
    #[track_caller]
    pub fn assert_sent(&self, record: &Record<'_>) {
        let sent = self.records();
        let expected = Said::expected(record);
        if !sent.iter().any(|record| Said::sent(record) == expected) {
            panic!("this record was not sent:\n  {expected}\n{}", Nearest(&sent, &expected, 0));
        }
    }

    /// Fails unless records like these were sent, in this order; others may stand between them.
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
    /// When one is missing, or comes too early.
    #[track_caller]
    pub fn assert_sent_in_order(&self, records: &[Record<'_>]) {
        let sent = self.records();
        let mut from = 0;
        for (i, record) in records.iter().enumerate() {
            let expected = Said::expected(record);
            let is_it = |record: &MockRecord| Said::sent(record) == expected;
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
    /// When one is missing, differs, or is too many.
    #[track_caller]
    pub fn assert_sent_only(&self, records: &[Record<'_>]) {
        let sent = self.records();
        for (i, record) in records.iter().enumerate() {
            let expected = Said::expected(record);
            let Some(found) = sent.get(i) else {
                panic!("only {} records were sent; next should be:\n  {expected}", sent.len());
            };
            let found = Said::sent(found);
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
                Said::sent(more)
            );
        }
    }

    /// Fails if a record like this one was sent.
    ///
    /// # Panics
    ///
    /// When there is one.
    #[track_caller]
    pub fn assert_not_sent(&self, record: &Record<'_>) {
        let sent = self.records();
        let unwanted = Said::expected(record);
        if let Some(at) = sent.iter().position(|record| Said::sent(record) == unwanted) {
            panic!("this record was sent, as number {} of {}:\n  {unwanted}", at + 1, sent.len());
        }
    }
}

/// A record as a list of fields, without its origin.
#[derive(PartialEq, Eq)]
struct Said {
    kind: RecordType,
    /// Key and value as they stand in the text; a word without `=` has no key.
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// For decoding its values.
    record: MockRecord,
}

impl Said {
    fn expected(record: &Record<'_>) -> Self {
        let result: &[u8] = if record.success { b" res=success" } else { b" res=failed" };
        let text = [&record.body(), result].concat();
        Self::new(record.record_type(), text)
    }

    fn sent(record: &MockRecord) -> Self {
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
        // Compared are the fields; the text, whose origin may differ, is only for decoding.
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

    /// How much of another one it shares.
    fn likeness(&self, other: &Self) -> usize {
        let same = other.fields.iter().filter(|(k, v)| self.raw(k) == Some(v)).count();
        // The same type, resource or operation is what makes a record the one that was meant.
        let kind = usize::from(self.kind == other.kind) * 4;
        let what = |key: &[u8]| usize::from(self.raw(key) == other.raw(key)) * 4;
        same + kind + what(b"resrc") + what(b"op")
    }

    /// A field's value for people.
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

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.kind,
            self.record.text.escape_ascii().to_string().replace("\\\"", "\"")
        )
    }
}

/// The fields in which the first differs from the second, one a line.
struct Differences<'a>(&'a Said, &'a Said);

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

/// The record sent, from a number on, that is most like the one expected.
struct Nearest<'a>(&'a [MockRecord], &'a Said, usize);

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sent, expected, from) = self;
        let rest = sent[*from..].iter().map(Said::sent).enumerate();
        // The first of those that are equally near.
        let nearest = rest.rev().max_by_key(|(_, said)| said.likeness(expected));
        match nearest {
            None if sent.is_empty() => f.write_str("no record was sent at all"),
            None => f.write_str("none was sent after the one before it"),
            Some((at, said)) => {
                writeln!(f, "the nearest is number {} of {}:", from + at + 1, sent.len())?;
                write!(f, "  {said}")?;
                f.write_char('\n')?;
                let text = Differences(&said, expected).to_string();
                f.write_str(text.trim_start_matches('\n'))
            }
        }
    }
}

#[cfg(test)]
mod tests;
