//! A record's fields: the words of a line that contain a `=`, and the first words of an AVC.

use crate::record_type;

/// Separates a record from the names that auditd looked up for it.
const ENRICHED: u8 = 0x1d;

/// The size of auvirt's buffer for the permissions of an AVC.
const PERMISSIONS_MAX: usize = 256;

/// A field, without the punctuation around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'t> {
    pub(crate) name: &'t [u8],
    pub(crate) value: Value<'t>,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'t> {
    /// A part of the line.
    Text(&'t [u8]),
    /// The record's permissions, joined by commas.
    Permissions,
}

/// A record with its fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record<'t> {
    /// The line without the names that auditd looked up.
    pub(crate) text: &'t [u8],
    /// The names that auditd looked up.
    pub(crate) looked_up: Option<&'t [u8]>,
    pub(crate) fields: Vec<Field<'t>>,
    permissions: Vec<u8>,
}

/// Splits a line into the record and the names that auditd looked up.
fn parts(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(ENRICHED, line) {
        Some(at) => (&line[..at], Some(&line[at + 1..])),
        None => (line, None),
    }
}

/// The words of a text, which blanks separate.
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

/// The number of a line's record type; 0 if the line doesn't begin with it.
pub(crate) fn kind(line: &[u8]) -> i32 {
    // Not by `parts`, which searches the whole line: the type is usually among its first bytes.
    let mut node = false;
    for token in tokens(line) {
        let cut = memchr::memchr(ENRICHED, token);
        match field(cut.map_or(token, |at| &token[..at])) {
            Some((b"type", value)) => return record_type::number(value),
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

/// A word's name and value.
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
    /// Reads a line; `None` if its permissions don't fit into auvirt's buffer.
    pub(crate) fn read(line: &'t [u8]) -> Option<Self> {
        let (text, looked_up) = parts(line);
        let mut record =
            Self { text, looked_up, fields: Vec::with_capacity(32), permissions: Vec::new() };
        // In an AVC, words without `=` count as fields, by their position.
        let mut offset = 0;
        let mut avc = false;
        let mut words = tokens(text);
        while let Some(token) = words.next() {
            if let Some((name, value)) = field(token) {
                let place = record.fields.len();
                if place == 0 && name == b"node" {
                    offset = 1;
                } else if place == offset && name == b"type" {
                    avc = matches!(
                        record_type::number(value),
                        record_type::AVC | record_type::USER_AVC
                    );
                }
                record.fields.push(Field { name, value: Value::Text(value) });
            } else if avc && !token.contains(&b'=') {
                record.word(token, &mut words, offset)?;
            }
        }
        Some(record)
    }

    /// Takes a word of an AVC that has no `=`.
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
                // The first one is copied with its NUL.
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

    /// A field's value, uninterpreted.
    pub(crate) fn value(&self, field: Field<'t>) -> &[u8] {
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
    fn fields_contain_an_equals_sign() {
        let line =
            "type=VIRT_CONTROL msg=audit(1.1:1): msg='virt=kvm x= (a=b,) c=(none) word d=e)',:";
        let expected =
            [("type", "VIRT_CONTROL"), ("virt", "kvm"), ("a", "b,"), ("c", "(none)"), ("d", "e")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(line), expected);
    }

    #[test]
    fn words_of_an_avc_are_fields() {
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
        assert_eq!(kind(line.as_bytes()), record_type::AVC);
    }
}
