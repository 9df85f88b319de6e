//! The list of a record's fields, walked to format, to measure and to shorten it.

use crate::encode::{MISSING, any, hex_pair, is_harmless, needs_hex};

/// How a field's value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Quoted, or hex: see [`crate::encode`].
    Encoded,
    /// As it is where it is harmless, else hex.
    Raw,
    /// As it is: made by viraudit itself, so harmless.
    Plain,
    /// As it is: already formatted by a C caller, with virAuditEncode where needed.
    Verbatim,
}

/// Something that is handed a record's fields, in their order.
pub trait FieldSink {
    /// One field; its value is the concatenation of `parts`. Without a key, only the value.
    fn field(&mut self, key: &[u8], style: Style, parts: &[&[u8]]);

    /// A text from a C caller, word by word.
    fn text(&mut self, text: &[u8]) {
        for word in text.split(|&byte| byte == b' ') {
            let (key, value) = match word.iter().position(|&byte| byte == b'=') {
                Some(at) if at > 0 && !word[..at].iter().copied().any(needs_hex) => {
                    (&word[..at], &word[at + 1..])
                }
                _ => (&word[..0], word),
            };
            let odd = value.iter().any(|&byte| is_odd(byte));
            self.field(key, if odd { Style::Raw } else { Style::Verbatim }, &[value]);
        }
    }

    /// An encoded value; `None` is a missing one.
    fn encoded(&mut self, key: &str, value: Option<&[u8]>) {
        self.field(key.as_bytes(), Style::Encoded, &[value.unwrap_or(MISSING)]);
    }

    /// A value that libvirt leaves raw.
    fn raw(&mut self, key: &str, value: &[u8]) {
        self.field(key.as_bytes(), Style::Raw, &[value]);
    }

    /// A raw value that may be missing.
    fn raw_or_missing(&mut self, key: &str, value: Option<&[u8]>) {
        self.raw(key, value.unwrap_or(MISSING));
    }

    /// A word of viraudit's own.
    fn plain(&mut self, key: &str, value: &[u8]) {
        self.field(key.as_bytes(), Style::Plain, &[value]);
    }

    /// A number, decimal.
    fn number(&mut self, key: &str, value: impl Into<i128>)
    where
        Self: Sized,
    {
        let value: i128 = value.into();
        let mut digits = [0; 24];
        let mut at = digits.len();
        // Every number of a record has 64 bits at most.
        let mut rest = value.unsigned_abs() as u64;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            at -= 1;
            digits[at] = b'-';
        }
        self.plain(key, &digits[at..]);
    }
}

/// Something that has fields.
pub trait Fields {
    /// Hands every field to `sink`, in order.
    fn visit<S: FieldSink>(&self, sink: &mut S);
}

/// Whether a byte never appears in a text that was encoded correctly.
const fn is_odd(byte: u8) -> bool {
    byte < b' ' || byte > 0x7E
}

/// How a value looks once written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Quoted,
    Hex,
    Bare,
}

fn shape(style: Style, parts: &[&[u8]]) -> Shape {
    match style {
        Style::Encoded if parts.iter().any(|part| any(part, needs_hex)) => Shape::Hex,
        Style::Encoded => Shape::Quoted,
        Style::Raw if parts.iter().any(|part| any(part, |byte| !is_harmless(byte))) => Shape::Hex,
        _ => Shape::Bare,
    }
}

/// How many bytes a value takes when it may take `cap` at most. A pair of quotes always stays, and
/// so does what viraudit itself makes: a number, a UUID, the result.
pub(crate) fn shown_len(style: Style, parts: &[&[u8]], cap: usize) -> usize {
    let len = parts.iter().map(|part| part.len()).sum::<usize>();
    if style == Style::Plain {
        return len;
    }
    match shape(style, parts) {
        Shape::Quoted => (len + 2).min(cap.max(2)),
        Shape::Hex => (2 * len).min(cap & !1),
        Shape::Bare if style == Style::Verbatim => verbatim_len(parts, cap),
        Shape::Bare => len.min(cap),
    }
}

/// A verbatim value may itself be an encoded one: hex is cut on a whole byte, and quotes stay.
fn verbatim_len(parts: &[&[u8]], cap: usize) -> usize {
    let [text] = parts else { return parts.iter().map(|part| part.len()).sum::<usize>().min(cap) };
    match text {
        _ if text.len() <= cap => text.len(),
        [b'"', .., b'"'] => cap.max(2),
        _ if text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')) => cap & !1,
        _ => cap,
    }
}

/// Formats fields into a fixed buffer. Bytes that don't fit are only counted.
pub(crate) struct Writer<'b> {
    out: &'b mut [u8],
    len: usize,
    cap: usize,
}

impl<'b> Writer<'b> {
    /// A writer that lets no value take more than `cap` bytes.
    pub(crate) fn new(out: &'b mut [u8], cap: usize) -> Self {
        Self { out, len: 0, cap }
    }

    /// A writer that continues after the first `len` bytes of `out`.
    pub(crate) fn resume(out: &'b mut [u8], cap: usize, len: usize) -> Self {
        Self { out, len, cap }
    }

    /// The bytes that were to be written: more than the buffer's length when it didn't fit.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if let Some(room) = self.out.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
        }
        self.len += bytes.len();
    }

    #[inline]
    fn put_byte(&mut self, byte: u8) {
        if let Some(room) = self.out.get_mut(self.len) {
            *room = byte;
        }
        self.len += 1;
    }
}

/// At most `room` bytes of the concatenation of `parts`, part by part.
fn prefix<'p>(parts: &'p [&'p [u8]], mut room: usize) -> impl Iterator<Item = &'p [u8]> {
    parts.iter().map(move |part| {
        let part = &part[..part.len().min(room)];
        room -= part.len();
        part
    })
}

impl FieldSink for Writer<'_> {
    fn text(&mut self, text: &[u8]) {
        if self.cap == usize::MAX && !any(text, is_odd) {
            self.put(text);
        } else {
            Words(self).text(text);
        }
    }

    fn field(&mut self, key: &[u8], style: Style, parts: &[&[u8]]) {
        if self.len > 0 {
            self.put_byte(b' ');
        }
        if !key.is_empty() {
            self.put(key);
            self.put_byte(b'=');
        }
        let room =
            if self.cap == usize::MAX { self.cap } else { shown_len(style, parts, self.cap) };
        match shape(style, parts) {
            Shape::Quoted => {
                self.put_byte(b'"');
                prefix(parts, room - 2).for_each(|part| self.put(part));
                self.put_byte(b'"');
            }
            Shape::Hex => {
                for &byte in prefix(parts, room / 2).flatten() {
                    self.put(&hex_pair(byte));
                }
            }
            Shape::Bare => match parts {
                [[b'"', inner @ .., b'"']]
                    if style == Style::Verbatim && inner.len() + 2 > room =>
                {
                    self.put(b"\"");
                    self.put(&inner[..room - 2]);
                    self.put(b"\"");
                }
                _ => prefix(parts, room).for_each(|part| self.put(part)),
            },
        }
    }
}

/// A writer seen only as something that takes fields, to get at the word by word way.
struct Words<'w, 'b>(&'w mut Writer<'b>);

impl FieldSink for Words<'_, '_> {
    fn field(&mut self, key: &[u8], style: Style, parts: &[&[u8]]) {
        self.0.field(key, style, parts);
    }
}

/// The fields as bytes, however many.
pub(crate) fn to_vec(fields: &impl Fields) -> Vec<u8> {
    let mut writer = Writer::new(&mut [], usize::MAX);
    fields.visit(&mut writer);
    let mut bytes = vec![0; writer.len()];
    fields.visit(&mut Writer::new(&mut bytes, usize::MAX));
    bytes
}
