//! A record that was heard, and its fields.

use crate::line::fields::{Fields as Words, find};
use crate::line::foreign::{ForeignLine, ForeignReader};
use crate::line::{LineKind, Stamp, StampReader, front, is_cut, quoted, without_cr};
use crate::time::Clock;
use std::borrow::Cow;
use viraudit::RecordType;
use viraudit::internal::record::wanted::{self, Fields};

/// A VIRT_* record that was heard.
#[derive(Clone, Debug)]
pub struct HeardRecord {
    kind: RecordType,
    stamp: Stamp,
    node: Option<Vec<u8>>,
    /// The kernel's fields.
    head: Vec<u8>,
    /// BODY and origin suffix.
    text: Vec<u8>,
    is_cut: bool,
}

impl HeardRecord {
    /// The type.
    pub fn kind(&self) -> RecordType {
        self.kind
    }

    /// The time and the serial number.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The program's text: BODY and origin suffix.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether it lacks its end, and may lack fields.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Whether the record may have had another value of a field: it was cut before or in it.
    pub(super) fn is_open(&self, key: &str) -> bool {
        let last = || Words::new(&self.text).last().is_some_and(|word| word.key == key.as_bytes());
        self.is_cut && (key == "text" || self.field(key).is_none() || last())
    }

    /// The decoded value of a field: of the program's text, else of the kernel's fields (`pid`, `uid`,
    /// `auid`, `ses`, `subj`). `type`, `node` and `text` are fields, too: the type's name, the host,
    /// and the program's whole text.
    pub fn field(&self, key: &str) -> Option<Cow<'_, [u8]>> {
        match key {
            "type" => Some(Cow::Borrowed(self.kind.name().as_bytes())),
            "node" => self.node.as_deref().map(Cow::Borrowed),
            "text" => Some(Cow::Borrowed(&self.text)),
            _ => wanted::field(&self.text, key)
                .or_else(|| find(&self.head, key.as_bytes()).map(Cow::Borrowed)),
        }
    }

    /// The fields of the program's text, decoded, in their order.
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for word in Words::new(&self.text) {
            let Ok(key) = std::str::from_utf8(word.key) else { continue };
            if key.is_empty() || fields.iter().any(|(known, _)| known == key) {
                continue;
            }
            let value = wanted::field(&self.text, key).unwrap_or_default();
            fields.push((key.to_owned(), String::from_utf8_lossy(&value).into_owned()));
        }
        fields
    }
}

impl Fields for HeardRecord {
    fn kind(&self) -> Option<RecordType> {
        Some(self.kind)
    }

    fn field(&self, key: &str) -> Option<Cow<'_, [u8]>> {
        self.field(key)
    }
}

/// Reads the records in the lines of any log that `report` reads.
#[derive(Debug)]
pub struct RecordReader {
    foreign: ForeignReader,
    stamps: StampReader,
    others: u64,
}

impl RecordReader {
    /// A reader. The clock is for lines of syslog, which have no year.
    pub fn new(clock: Clock) -> Self {
        Self { foreign: ForeignReader::new(clock, &[]), stamps: StampReader::default(), others: 0 }
    }

    /// The record in a line; `None` if it has no VIRT_* record.
    pub fn read(&mut self, line: &[u8]) -> Option<HeardRecord> {
        let line = without_cr(line);
        let mut rewritten = Vec::new();
        let line = match front(line) {
            Some(_) => line,
            None => match self.foreign.rewrite(line, &mut rewritten, &mut |_| {}) {
                ForeignLine::Audit => &rewritten,
                ForeignLine::Other | ForeignLine::Unknown => return None,
            },
        };
        let front = front(line)?;
        let LineKind::Virt(kind) = front.kind else {
            self.others += 1;
            return None;
        };
        let line = front.line_by(&mut self.stamps)?;
        // A record that was cut or isn't a program's is looked at as a whole.
        let (head, text) = match quoted(line.body) {
            Ok(quoted) => (quoted.head, quoted.text),
            Err(_) => (&b""[..], line.body),
        };
        Some(HeardRecord {
            kind,
            stamp: line.stamp,
            node: line.node.map(<[u8]>::to_vec),
            head: head.to_vec(),
            text: text.to_vec(),
            is_cut: is_cut(line.body),
        })
    }

    /// The number of records of other types so far.
    pub fn others(&self) -> u64 {
        self.others
    }
}
