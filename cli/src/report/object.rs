//! A JSON object on a line of its own, written key by key. A report has a million of them, so
//! neither are keys looked at for what must be escaped, nor is anything formatted twice.

use serde::Serialize;
use viraudit_trail::line::Stamp;

/// A key of our own, as it stands behind another value. Made when this is compiled: it is written
/// for every row.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(super) use key;

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

    #[inline(always)]
    fn key(&mut self, key: &'static str) {
        self.lines.extend_from_slice(key.as_bytes());
    }

    /// A key and a value that may come from the log.
    pub(super) fn any(&mut self, key: &str, value: impl Serialize) {
        self.lines.push(b',');
        self.value(key);
        self.lines.push(b':');
        self.value(value);
    }

    #[inline(always)]
    fn quoted(&mut self, text: &[u8]) {
        self.lines.reserve(text.len() + 2);
        self.lines.push(b'"');
        self.lines.extend_from_slice(text);
        self.lines.push(b'"');
    }

    fn value(&mut self, value: impl Serialize) {
        // Writing to memory doesn't fail, nor can a text or a number not be written.
        let _ = serde_json::to_writer(&mut *self.lines, &value);
    }

    /// A text of the log's. The key is one of [`key`], here and below.
    #[inline(always)]
    pub(super) fn text(&mut self, key: &'static str, value: Option<&str>) {
        self.key(key);
        match value {
            Some(text) if is_plain(text) => self.quoted(text.as_bytes()),
            value => self.value(value),
        }
    }

    /// An ASCII text of our own, in which nothing needs to be escaped.
    #[inline(always)]
    pub(super) fn plain(&mut self, key: &'static str, value: Option<&[u8]>) {
        self.key(key);
        match value {
            Some(text) => self.quoted(text),
            None => self.lines.extend_from_slice(b"null"),
        }
    }

    /// A number.
    #[inline]
    pub(super) fn number(&mut self, key: &'static str, value: Option<i64>) {
        self.key(key);
        self.value(value);
    }

    /// Yes or no.
    #[inline]
    pub(super) fn bool(&mut self, key: &'static str, value: bool) {
        self.key(key);
        self.value(value);
    }

    /// The names of records, as ausearch takes them.
    pub(super) fn proof(&mut self, stamps: &[Stamp]) {
        self.key(key!("proof"));
        self.lines.push(b'[');
        for (at, stamp) in stamps.iter().enumerate() {
            self.lines.extend_from_slice(if at > 0 { b",\"" } else { b"\"" });
            stamp.append_to(self.lines);
            self.lines.push(b'"');
        }
        self.lines.push(b']');
    }
}

/// Whether nothing in a text needs to be escaped, as in nearly all.
fn is_plain(text: &str) -> bool {
    let plain = |&byte: &u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    // Without a way out in the middle this is done for many bytes at once.
    text.as_bytes().iter().fold(true, |all, byte| all & plain(byte))
}
