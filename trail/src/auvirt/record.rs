//! A record's fields: the words of a line that have a `=`, and what AVC has instead.

use super::kinds;

/// What separates a record from the names that auditd looked up for it.
const ENRICHED: u8 = 0x1d;

/// The permissions of an AVC are kept in a room of this size.
const PERMISSIONS_MAX: usize = 256;

/// One field, without what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'t> {
    pub(super) name: &'t [u8],
    pub(super) value: Value<'t>,
}

/// Most values are a part of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'t> {
    Text(&'t [u8]),
    /// Permissions, joined by commas: the record has the text.
    Permissions,
}

/// A record with its fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Record<'t> {
    /// The line, without the names looked up.
    pub(super) text: &'t [u8],
    /// The names looked up.
    pub(super) looked_up: Option<&'t [u8]>,
    pub(super) fields: Vec<Field<'t>>,
    permissions: Vec<u8>,
}

/// A line in its two parts.
fn parts(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(ENRICHED, line) {
        Some(at) => (&line[..at], Some(&line[at + 1..])),
        None => (line, None),
    }
}

fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        while let [b' ', after @ ..] = rest {
            rest = after;
        }
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        rest = after;
        Some(token)
    })
}

/// The type of the record in a line; 0 if it doesn't begin with it.
pub(super) fn kind(line: &[u8]) -> i32 {
    // The line isn't searched for the separator: as a rule the type is among its first bytes.
    let mut node = false;
    for token in tokens(line) {
        let cut = memchr::memchr(ENRICHED, token);
        match field(cut.map_or(token, |at| &token[..at])) {
            Some((b"type", value)) => return kinds::number(value),
            Some((b"node", _)) if !node => node = true,
            Some(_) => return 0,
            None => {}
        }
        if cut.is_some() {
            return 0;
        }
    }
    0
}

/// The name and value in a word.
fn field(token: &[u8]) -> Option<(&[u8], &[u8])> {
    if token.starts_with(b"msg=a") {
        return None;
    }
    let token = token.strip_prefix(b"msg='").unwrap_or(token);
    let equals = token.iter().position(|&byte| byte == b'=')?;
    let name = &token[..equals];
    let mut value = &token[equals + 1..];
    let punctuated = value.last().is_some_and(|byte| byte.is_ascii_punctuation());
    for end in [b':', b',', b'\'', b')'] {
        if !punctuated {
            break;
        }
        if value.last() == Some(&end) && !(end == b')' && matches!(value, b"(none)" | b"(null)")) {
            value = &value[..value.len() - 1];
        }
    }
    let name = name.strip_prefix(b"(").unwrap_or(name);
    (token.len() > equals + 1).then_some((name, value))
}

impl<'t> Record<'t> {
    /// Reads a line; `None` if it has more permissions than there is room for.
    pub(super) fn read(line: &'t [u8]) -> Option<Self> {
        let (text, looked_up) = parts(line);
        let mut record =
            Self { text, looked_up, fields: Vec::with_capacity(32), permissions: Vec::new() };
        // Without `=`, words are looked at in AVCs only, and only at the place where they stand.
        let mut offset = 0;
        let mut avc = false;
        let mut words = tokens(text);
        while let Some(token) = words.next() {
            if let Some((name, value)) = field(token) {
                let place = record.fields.len();
                if place == 0 && name == b"node" {
                    offset = 1;
                } else if place == offset && name == b"type" {
                    avc = matches!(kinds::number(value), kinds::AVC | kinds::USER_AVC);
                }
                record.fields.push(Field { name, value: Value::Text(value) });
            } else if avc && !token.contains(&b'=') {
                record.word(token, &mut words, offset)?;
            }
        }
        Some(record)
    }

    fn word(
        &mut self,
        token: &'t [u8],
        words: &mut impl Iterator<Item = &'t [u8]>,
        offset: usize,
    ) -> Option<()> {
        let place = self.fields.len() - offset;
        if place == 1 {
            if !token.starts_with(b"avc") {
                self.fields.push(Field { name: b"seresult", value: Value::Text(token) });
            }
        } else if place == 2 && token.starts_with(b"{") {
            for word in words.take_while(|word| !word.starts_with(b"}")) {
                // The first one needs room for what ends the text, too.
                let first = self.permissions.is_empty();
                if !first {
                    self.permissions.push(b',');
                }
                self.permissions.extend_from_slice(word);
                if self.permissions.len() + usize::from(first) >= PERMISSIONS_MAX {
                    return None;
                }
            }
            self.fields.push(Field { name: b"seperms", value: Value::Permissions });
        }
        Some(())
    }

    /// A field's value as it is written.
    pub(super) fn value(&self, field: Field<'t>) -> &[u8] {
        match field.value {
            Value::Text(text) => text,
            Value::Permissions => &self.permissions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<(String, String)> {
        let record = Record::read(line.as_bytes()).expect("a record");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        record.fields.iter().map(|f| (text(f.name), text(record.value(*f)))).collect()
    }

    #[test]
    fn fields_are_words_with_an_equals_sign() {
        let line =
            "type=VIRT_CONTROL msg=audit(1.1:1): msg='virt=kvm x= (a=b,) c=(none) word d=e)',:";
        let expected =
            [("type", "VIRT_CONTROL"), ("virt", "kvm"), ("a", "b,"), ("c", "(none)"), ("d", "e")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(line), expected);
    }

    #[test]
    fn an_avc_has_words() {
        let line = "node=h type=AVC msg=audit(1.1:1): avc:  denied  { read open } for  pid=1";
        let expected = [
            ("node", "h"),
            ("type", "AVC"),
            ("seresult", "denied"),
            ("seperms", "read,open"),
            ("pid", "1"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(line), expected);
        assert_eq!(kind(line.as_bytes()), kinds::AVC);
    }
}
