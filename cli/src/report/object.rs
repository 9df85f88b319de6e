//! A JSON object on one line, written key by key.
//!
//! A report may have a million of them, so constant keys are not checked for escapes and no value is
//! formatted twice.

use crate::terminal;
use serde::Serialize;
use viraudit_trail::line::Stamp;
use viraudit_trail::report::{ClientView, Value};

/// A constant key after another value. Built at compile time, because every row has it.
macro_rules! key {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(super) use key;

/// An object being written.
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

    /// Some keys and values of an object, for [`Object::append`].
    pub(super) fn part(lines: &'l mut Vec<u8>) -> Self {
        Self { lines }
    }

    /// Adds keys and values.
    pub(super) fn append(&mut self, part: &[u8]) {
        self.lines.extend_from_slice(part);
    }

    /// Ends the line.
    pub(super) fn end(self) {
        self.lines.extend_from_slice(b"}\n");
    }

    #[inline(always)]
    fn key(&mut self, key: &'static str) {
        self.lines.extend_from_slice(key.as_bytes());
    }

    /// Writes a key and a value that may both come from the log.
    pub(super) fn any(&mut self, key: &str, value: &Value<'_>) {
        self.lines.push(b',');
        self.string(key);
        self.lines.push(b':');
        match value {
            Value::Null => self.null(),
            Value::Text(text) => self.string(text),
            Value::Number(number) => self.integer(*number),
            Value::Bool(yes) => self.boolean(*yes),
        }
    }

    #[inline(always)]
    fn string(&mut self, text: &str) {
        if is_plain(text) { self.quoted(text.as_bytes()) } else { self.value(text) }
    }

    fn integer(&mut self, number: i64) {
        self.lines.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn boolean(&mut self, yes: bool) {
        self.lines.extend_from_slice(if yes { b"true" } else { b"false" });
    }

    #[inline(always)]
    fn quoted(&mut self, text: &[u8]) {
        self.lines.reserve(text.len() + 2);
        self.lines.push(b'"');
        self.lines.extend_from_slice(text);
        self.lines.push(b'"');
    }

    fn null(&mut self) {
        self.lines.extend_from_slice(b"null");
    }

    fn value(&mut self, value: impl Serialize) {
        // Writing to memory doesn't fail, and neither does serializing text or numbers.
        let text = terminal::json(&value).unwrap_or_default();
        self.lines.extend_from_slice(text.as_bytes());
    }

    /// Writes text from the log. The key comes from [`key`], here and below.
    #[inline(always)]
    pub(super) fn text(&mut self, key: &'static str, value: Option<&str>) {
        self.key(key);
        match value {
            Some(text) => self.string(text),
            None => self.null(),
        }
    }

    /// Writes ASCII text that needs no escapes.
    #[inline(always)]
    pub(super) fn plain(&mut self, key: &'static str, value: Option<&[u8]>) {
        self.key(key);
        match value {
            Some(text) => self.quoted(text),
            None => self.null(),
        }
    }

    /// Writes a number.
    #[inline]
    pub(super) fn number(&mut self, key: &'static str, value: Option<i64>) {
        self.key(key);
        match value {
            Some(number) => self.integer(number),
            None => self.null(),
        }
    }

    /// Writes a boolean.
    #[inline]
    pub(super) fn bool(&mut self, key: &'static str, value: bool) {
        self.key(key);
        self.boolean(value);
    }

    /// Writes any value.
    pub(super) fn json(&mut self, key: &'static str, value: &impl Serialize) {
        self.key(key);
        self.value(value);
    }

    /// Writes the keys of a client, if one is known.
    #[inline]
    pub(super) fn client(&mut self, client: Option<&ClientView>) {
        for (key, value) in client.into_iter().flat_map(ClientView::values) {
            self.any(key, &value);
        }
    }

    /// Writes the timestamps and serial numbers of records.
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

/// Whether a text needs no escapes, as nearly all don't.
fn is_plain(text: &str) -> bool {
    let plain = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    // No early exit, so that the compiler vectorizes the loop.
    text.as_bytes().iter().fold(true, |all, byte| all & plain(byte))
}
