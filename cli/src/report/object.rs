//! A JSON object on a line of its own, written key by key. A report has a million of them, so
//! neither are keys looked at for what must be escaped, nor is anything formatted twice.

use serde::Serialize;
use std::io::Write;
use viraudit_trail::line::Stamp;

/// An object that is being written.
pub(super) struct Object<'l> {
    lines: &'l mut Vec<u8>,
}

impl<'l> Object<'l> {
    /// Begins a line with an object of this kind.
    pub(super) fn begin(lines: &'l mut Vec<u8>, kind: &'static str) -> Self {
        lines.extend_from_slice(b"{\"kind\":\"");
        lines.extend_from_slice(kind.as_bytes());
        lines.push(b'"');
        Self { lines }
    }

    /// Ends the line.
    pub(super) fn end(self) {
        self.lines.extend_from_slice(b"}\n");
    }

    /// A key of our own.
    #[inline]
    fn key(&mut self, key: &'static str) {
        self.lines.extend_from_slice(b",\"");
        self.lines.extend_from_slice(key.as_bytes());
        self.lines.extend_from_slice(b"\":");
    }

    /// A key and a value that may come from the log.
    pub(super) fn any(&mut self, key: &str, value: impl Serialize) {
        self.lines.push(b',');
        self.value(key);
        self.lines.push(b':');
        self.value(value);
    }

    #[inline]
    fn quoted(&mut self, text: &str) {
        self.lines.push(b'"');
        self.lines.extend_from_slice(text.as_bytes());
        self.lines.push(b'"');
    }

    fn value(&mut self, value: impl Serialize) {
        // Writing to memory doesn't fail, nor can a text or a number not be written.
        let _ = serde_json::to_writer(&mut *self.lines, &value);
    }

    /// A text of the log's.
    pub(super) fn text(&mut self, key: &'static str, value: Option<&str>) {
        self.key(key);
        self.value(value);
    }

    /// A text of our own, in which nothing needs to be escaped.
    pub(super) fn plain(&mut self, key: &'static str, value: Option<&str>) {
        self.key(key);
        match value {
            Some(text) => self.quoted(text),
            None => self.lines.extend_from_slice(b"null"),
        }
    }

    /// A number.
    pub(super) fn number(&mut self, key: &'static str, value: Option<i64>) {
        self.key(key);
        self.value(value);
    }

    /// Yes or no.
    pub(super) fn bool(&mut self, key: &'static str, value: bool) {
        self.key(key);
        self.value(value);
    }

    /// The names of records, as ausearch takes them.
    pub(super) fn proof(&mut self, stamps: &[Stamp]) {
        self.key("proof");
        self.lines.push(b'[');
        for (at, stamp) in stamps.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let _ = write!(self.lines, "{comma}\"{stamp}\"");
        }
        self.lines.push(b']');
    }
}
