//! A record's whole text, as it is sent to the kernel: the BODY, the client's fields, then the origin
//! suffix, and never more than the kernel keeps.
//!
//! The kernel silently cuts a text off after 8,560 bytes, and `res=` with it. Readers then lose the
//! record. So a longer text is shortened first: its longest values lose their ends, at a whole
//! encoded byte. Every field stays, and `truncated=KEY[,KEY]` after the BODY lists the shortened ones.

pub(crate) mod suffix;

pub(crate) use suffix::Suffix;
pub use suffix::{Client, Origin};

use crate::audit_sys::MESSAGE_TEXT_MAX;
use crate::client::ClientIdentity;
use crate::encode::MISSING;
use crate::record::{
    FieldReader, FieldSink, Fields, Kind, ParseError, Record, RecordType, Style, Writer, shown_len,
};
use crate::value::Value;
use std::fmt;
use std::ops::Range;
use suffix::Ending;

/// A BODY that a C caller has formatted as libvirt does.
///
/// Its encoded values stay as they are. The few values that libvirt leaves raw are at the end of
/// their records. So they are found even with blanks in them, and become hex if necessary. Any
/// other word with a byte that could start a line becomes hex too.
#[derive(Clone, Copy, Debug)]
pub struct TextBody<'a> {
    /// The record's type.
    pub kind: RecordType,
    /// The text.
    pub text: &'a [u8],
}

/// A key and its raw value.
type RawField<'a> = (&'static [u8], &'a [u8]);

impl<'a> TextBody<'a> {
    /// The part that consists of words, and the raw values after it.
    fn split(&self) -> (&'a [u8], [Option<RawField<'a>>; 3]) {
        let text = self.text;
        let whole = (text, [None; 3]);
        match self.kind {
            RecordType::VirtMachineId => {
                let (Some(vm), Some(img), Some(model)) =
                    (find(text, b" vm-ctx="), rfind(text, b" img-ctx="), rfind(text, b" model="))
                else {
                    return whole;
                };
                if vm.end > img.start || img.end > model.start {
                    return whole;
                }
                let values = [
                    Some((&b"vm-ctx"[..], &text[vm.end..img.start])),
                    Some((&b"img-ctx"[..], &text[img.end..model.start])),
                    Some((&b"model"[..], &text[model.end..])),
                ];
                (&text[..vm.start], values)
            }
            RecordType::VirtResource => {
                // `virt=... resrc=... `: the kind is in the second word.
                let mut words = text.splitn(3, |&byte| byte == b' ').skip(1);
                let kind = words.next().and_then(|word| word.strip_prefix(b"resrc="));
                let raw = kind.and_then(Kind::find).and_then(Kind::raw_end);
                match raw.and_then(|key| Some((key.as_bytes(), find_field(text, key)?))) {
                    Some((key, field)) => {
                        let value = Some((key, &text[field.end..]));
                        (&text[..field.start], [value, None, None])
                    }
                    None => whole,
                }
            }
            _ => whole,
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<Range<usize>> {
    let at = text.windows(what.len()).position(|window| window == what)?;
    Some(at..at + what.len())
}

/// Where ` key=` is.
fn find_field(text: &[u8], key: &str) -> Option<Range<usize>> {
    let len = key.len() + b" =".len();
    let at = text.windows(len).position(|window| match window {
        [b' ', inner @ .., b'='] => inner == key.as_bytes(),
        _ => false,
    })?;
    Some(at..at + len)
}

fn rfind(text: &[u8], what: &[u8]) -> Option<Range<usize>> {
    let at = text.windows(what.len()).rposition(|window| window == what)?;
    Some(at..at + what.len())
}

impl Fields for TextBody<'_> {
    fn visit<S: FieldSink>(&self, sink: &mut S) {
        let (words, raw) = self.split();
        sink.text(words);
        for (key, value) in raw.into_iter().flatten() {
            sink.field(key, Style::Raw, &[value]);
        }
    }
}

/// The size of the longest text that [`compose`] makes, in bytes.
pub const TEXT_ROOM: usize = MESSAGE_TEXT_MAX;

/// What [`compose`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The text's length in bytes.
    pub len: usize,
    /// The length of the BODY in bytes.
    pub body_len: usize,
    /// Whether values were shortened.
    pub truncated: bool,
}

/// Writes a record's text into `out`, without allocating. `None` if `out` is too short;
/// [`TEXT_ROOM`] bytes are always enough.
pub fn compose(
    body: &impl Fields,
    suffix: &Suffix,
    client: Option<&ClientIdentity<'_>>,
    success: bool,
    out: &mut [u8],
) -> Option<Composed> {
    let ending = suffix.of(client, success);
    let room = out.len();
    let mut writer = Writer::new(out, usize::MAX);
    body.visit(&mut writer);
    let body_len = writer.len();
    if let Some(client) = client {
        client.visit(&mut writer);
    }
    ending.write(&mut writer);
    let len = writer.len();
    if len <= MESSAGE_TEXT_MAX {
        return (len <= room).then_some(Composed { len, body_len, truncated: false });
    }
    if room < TEXT_ROOM {
        return None;
    }
    Some(shorten(body, client.unwrap_or(&ClientIdentity::default()), &ending, out))
}

/// The length of each value if the text would be too long even without values.
const LEAST_CAP: usize = 64;

/// Visits fields for a sink that is rarely used: all such sinks share one copy of the code.
#[inline(never)]
fn visit_rarely(fields: &impl Fields, sink: &mut dyn FieldSink) {
    fields.visit(&mut Rare(sink));
}

struct Rare<'s>(&'s mut dyn FieldSink);

impl FieldSink for Rare<'_> {
    #[inline(never)]
    fn field(&mut self, key: &[u8], style: Style, parts: &[&[u8]]) {
        self.0.field(key, style, parts);
    }
}

/// Shortens the longest values to one common length.
#[cold]
fn shorten(
    body: &impl Fields,
    client: &ClientIdentity<'_>,
    ending: &Ending<'_>,
    out: &mut [u8],
) -> Composed {
    let mut fits = 0;
    let mut too_long = MESSAGE_TEXT_MAX;
    while fits + 1 < too_long {
        let cap = (fits + too_long) / 2;
        if shortened_len(body, client, ending, cap) <= MESSAGE_TEXT_MAX {
            fits = cap;
        } else {
            too_long = cap;
        }
    }
    // The words of a C caller alone are too long: the last ones are dropped.
    let lost = shortened_len(body, client, ending, fits) > MESSAGE_TEXT_MAX;
    if lost {
        fits = LEAST_CAP;
    }
    let mut writer = Writer::new(out, fits);
    visit_rarely(body, &mut writer);
    let mut body_len = writer.len();
    if lost {
        let nothing = TextBody { kind: RecordType::VirtControl, text: b"" };
        let most = MESSAGE_TEXT_MAX - shortened_len(&nothing, client, ending, fits) - b"*".len();
        body_len = out[..most].iter().rposition(|&byte| byte == b' ').unwrap_or(most);
    }
    let mut writer = Writer::resume(out, fits, body_len);
    writer.put(b" truncated=");
    if lost {
        writer.put(b"*");
    } else {
        let mut keys = ShortenedKeys { writer: &mut writer, cap: fits, any: false };
        visit_rarely(body, &mut keys);
        visit_rarely(client, &mut keys);
        visit_rarely(ending, &mut keys);
    }
    visit_rarely(client, &mut writer);
    visit_rarely(ending, &mut writer);
    Composed { len: writer.len(), body_len, truncated: true }
}

/// The length of the whole text if no value may take more than `cap` bytes.
fn shortened_len(
    body: &impl Fields,
    client: &ClientIdentity<'_>,
    ending: &Ending<'_>,
    cap: usize,
) -> usize {
    let mut length = ShortenedLength { cap, len: 0, keys: 0 };
    visit_rarely(body, &mut length);
    visit_rarely(client, &mut length);
    visit_rarely(ending, &mut length);
    // The first field has no blank before it, the last key no comma after it.
    length.len - 1 + b" truncated=".len() + length.keys.saturating_sub(1)
}

/// The name of a shortened field. A word of a C caller may have no key.
fn named(key: &[u8]) -> &[u8] {
    if key.is_empty() { MISSING } else { key }
}

struct ShortenedLength {
    cap: usize,
    len: usize,
    keys: usize,
}

impl FieldSink for ShortenedLength {
    fn field(&mut self, key: &[u8], style: Style, parts: &[&[u8]]) {
        let shown = shown_len(style, parts, self.cap);
        self.len += 1 + shown + if key.is_empty() { 0 } else { key.len() + 1 };
        if shown < shown_len(style, parts, usize::MAX) {
            self.keys += named(key).len() + 1;
        }
    }
}

struct ShortenedKeys<'w, 'b> {
    writer: &'w mut Writer<'b>,
    cap: usize,
    any: bool,
}

impl FieldSink for ShortenedKeys<'_, '_> {
    fn field(&mut self, key: &[u8], style: Style, parts: &[&[u8]]) {
        if shown_len(style, parts, self.cap) < shown_len(style, parts, usize::MAX) {
            if self.any {
                self.writer.put(b",");
            }
            self.any = true;
            self.writer.put(named(key));
        }
    }
}

/// A record's whole text, parsed.
#[derive(Clone, PartialEq, Eq)]
pub struct ParsedMessage<'a> {
    /// The record.
    pub record: Record<'a>,
    /// The client, but for its address and terminal.
    pub client: ClientIdentity<'a>,
    /// The keys of the shortened values, separated by commas; empty if there are none.
    pub truncated: &'a [u8],
    /// The value of `exe=`, as it is in the text.
    pub exe: &'a [u8],
    /// The value of `hostname=`, as it is in the text.
    pub hostname: &'a [u8],
    /// The value of `addr=`, as it is in the text.
    pub addr: &'a [u8],
    /// The value of `terminal=`, as it is in the text.
    pub terminal: &'a [u8],
}

/// The texts are shown as text.
impl fmt::Debug for ParsedMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedMessage")
            .field("record", &self.record)
            .field("client", &self.client)
            .field("truncated", &Value::new(self.truncated))
            .field("exe", &Value::new(self.exe))
            .field("hostname", &Value::new(self.hostname))
            .field("addr", &Value::new(self.addr))
            .field("terminal", &Value::new(self.terminal))
            .finish()
    }
}

impl<'a> ParsedMessage<'a> {
    /// Parses a text that [`compose`] made: a record's BODY and its suffix.
    pub fn parse(kind: RecordType, text: &'a [u8]) -> Result<Self, ParseError> {
        let at = rfind(text, b" exe=").ok_or(ParseError::Missing("exe"))?.start;
        let (body, suffix) = (&text[..at], &text[at + 1..]);
        let (mut body, client) = ClientIdentity::strip_from(body)?;
        let mut truncated = &b""[..];
        if let Some(mark) = rfind(body, b" truncated=") {
            truncated = &body[mark.end..];
            body = &body[..mark.start];
        }
        let mut reader = FieldReader::new(suffix);
        let exe = reader.take("exe")?;
        let hostname = reader.take("hostname")?;
        let addr = reader.take("addr")?;
        let terminal = reader.take("terminal")?;
        let success = match reader.take("res")? {
            b"success" => true,
            b"failed" => false,
            _ => return Err(ParseError::Unexpected("res")),
        };
        let record = Record::parse(kind, body, success)?;
        Ok(Self { record, client, truncated, exe, hostname, addr, terminal })
    }
}
