//! The interpreted fields of an enriched record: `UID="root" AUID="alice"`, behind the byte 0x1D.
//!
//! Many programs that pass lines on replace or drop that byte. Then only `KEY=word` and `KEY="..."`
//! with keys in capitals, up to the end of the line, are interpreted fields. A record's own text can't
//! be taken for them: it ends with the last closing quote, and the kernel's keys are lower case.

use memchr::{memchr, memmem, memrchr, memrchr_iter};

/// The byte before the interpreted fields.
pub(crate) const SEPARATOR: u8 = 0x1D;

/// What other programs make of the separator: blanks (audisp-syslog), rsyslog's escape, a terminal's,
/// those of JSON and C, and a replacement character. An empty text is the last: it always fits.
const REPLACED: [&[u8]; 15] = [
    b" ",
    b"\t",
    b"#035",
    b"#011",
    b"^]",
    b"\\u001d",
    b"\\u001D",
    b"\\x1d",
    b"\\x1D",
    b"\\035",
    "\u{241D}".as_bytes(),
    "\u{FFFD}".as_bytes(),
    b"?",
    b"_",
    b"",
];

/// The number of quotes in interpreted fields that are tried as the record's last one.
const QUOTES_MAX: usize = 8;

/// The record's own fields, and the interpreted ones. Blanks after a closing quote are dropped.
#[inline(always)] // every line takes this way, and nearly all end here
pub(super) fn split(body: &[u8]) -> (&[u8], &[u8]) {
    match body {
        // The usual end of a record that isn't enriched.
        [.., b'\''] => (body, b""),
        _ => split_other(body),
    }
}

#[inline(never)]
fn split_other(body: &[u8]) -> (&[u8], &[u8]) {
    // The last one: a raw value may have this byte, too, but no interpreted field has.
    match memrchr(SEPARATOR, body) {
        Some(at) => (&body[..at], trim_end(&body[at + 1..])),
        None => split_replaced(body),
    }
}

/// Splits a record without the separator.
fn split_replaced(body: &[u8]) -> (&[u8], &[u8]) {
    let text = trim_end(body);
    if text.last() == Some(&b'\'') {
        return (text, b"");
    }
    for quote in memrchr_iter(b'\'', text).take(QUOTES_MAX) {
        let (own, rest) = text.split_at(quote + 1);
        let separator = REPLACED.iter().find(|mark| rest.starts_with(mark));
        let names = separator.map_or(rest, |mark| &rest[mark.len()..]);
        if are_pairs(names) {
            return (own, names);
        }
    }
    // Only records of the kernel have no closing quote.
    match kernel_names(text).filter(|_| memmem::find(text, b" msg='").is_none()) {
        Some(at) => {
            let own = &body[..at];
            let separator = REPLACED.iter().find(|mark| own.ends_with(mark));
            (&own[..own.len() - separator.map_or(0, |mark| mark.len())], &text[at..])
        }
        None => (body, b""),
    }
}

/// A text without the blanks at its end.
fn trim_end(text: &[u8]) -> &[u8] {
    let len = text.iter().rposition(|byte| !b" \t\r".contains(byte)).map_or(0, |at| at + 1);
    &text[..len]
}

/// Whether a text consists of interpreted fields, at least one.
pub(crate) fn are_pairs(text: &[u8]) -> bool {
    let mut rest = text;
    loop {
        let Some(equals) = memchr(b'=', rest) else { return false };
        let (key, value) = (&rest[..equals], &rest[equals + 1..]);
        let Some(len) = value_len(value) else { return false };
        if !is_key(key) {
            return false;
        }
        match &value[len..] {
            [] => return true,
            [b' ', next @ ..] => rest = next,
            _ => return false,
        }
    }
}

/// Whether a text begins like interpreted fields, of which the last one is cut.
pub(crate) fn are_cut(text: &[u8]) -> bool {
    let last = memrchr(b' ', text).map_or(0, |at| at + 1);
    let (whole, part) = (&text[..last], &text[last..]);
    let key_len = memchr(b'=', part).unwrap_or(part.len());
    let open = part.get(key_len + 1..).is_none_or(|value| value.is_empty() || value[0] == b'"');
    (whole.is_empty() || are_pairs(trim_end(whole)))
        && open
        && (part.is_empty() || is_key(&part[..key_len]))
}

fn is_key(key: &[u8]) -> bool {
    key.first().is_some_and(u8::is_ascii_uppercase) && key.iter().all(is_key_byte)
}

fn is_key_byte(byte: &u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"_-".contains(byte)
}

/// The length of a word, or of a quoted text, at the beginning of a text.
fn value_len(text: &[u8]) -> Option<usize> {
    match text {
        [b'"', inner @ ..] => {
            let len = memchr(b'"', inner)?;
            inner[..len].iter().all(|byte| !byte.is_ascii_control()).then_some(len + 2)
        }
        _ => {
            let len = memchr(b' ', text).unwrap_or(text.len());
            (len > 0 && text[..len].iter().all(is_word_byte)).then_some(len)
        }
    }
}

fn is_word_byte(byte: &u8) -> bool {
    byte.is_ascii_graphic() && !b"='\"".contains(byte)
}

/// The offset of the interpreted fields at the end of a kernel's record.
fn kernel_names(text: &[u8]) -> Option<usize> {
    let mut start = None;
    let mut rest = text;
    while let Some(at) = last_pair(rest) {
        start = Some(at);
        match &rest[..at] {
            [front @ .., b' '] => rest = front,
            _ => break,
        }
    }
    start
}

/// The offset of the interpreted field at the end of a text.
fn last_pair(text: &[u8]) -> Option<usize> {
    let equals = match text {
        [front @ .., b'"'] => memrchr(b'"', front)?.checked_sub(1)?,
        _ => memrchr(b'=', text)?,
    };
    let (front, value) = (&text[..equals], text[equals..].strip_prefix(b"=")?);
    value_len(value).filter(|&len| len == value.len())?;
    let from = front.iter().rposition(|byte| !is_key_byte(byte)).map_or(0, |at| at + 1);
    // The digits of `#035`.
    let digits = front[from..].iter().take_while(|byte| !byte.is_ascii_uppercase()).count();
    is_key(&front[from + digits..]).then_some(from + digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String) {
        let (own, names) = split(text.as_bytes());
        let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        (text(own), text(names))
    }

    const OWN: &str = "pid=1 msg='virt=kvm res=success'";

    #[test]
    fn a_replaced_separator() {
        let names = "UID=\"root\" AUID=\"DOM\\o'neil b\" ARCH=x86_64";
        for separator in ["\x1d", " ", "\t", "#035", "^]", "\\u001d", "\\x1d", "\u{241D}", "?", ""]
        {
            let expected = (OWN.to_owned(), names.to_owned());
            assert_eq!(parts(&format!("{OWN}{separator}{names}")), expected, "{separator:?}");
            let own = "arch=c000003e syscall=2 key=(null)";
            let expected = (own.to_owned(), names.to_owned());
            assert_eq!(parts(&format!("{own}{separator}{names}")), expected, "{separator:?}");
        }
        assert_eq!(parts(&format!("{OWN}^]UID=a \r")), (OWN.into(), "UID=a".into()));
    }

    #[test]
    fn blanks_at_the_end_are_no_text() {
        for blanks in ["", " ", "  \t ", "\r", " \r"] {
            assert_eq!(parts(&format!("{OWN}{blanks}")), (OWN.to_owned(), String::new()));
        }
    }

    #[test]
    fn any_other_text_stays_with_the_record() {
        for behind in [
            " uid=0",
            " UID=\"root\" res=failed",
            " UID=\"root\" auid=0",
            " res=failed UID=\"root\"",
            " UID=\"ro",
            " UID=\"a\"b\"",
            " UID=",
            " UID",
            " =\"root\"",
            "  UID=\"root\"",
            " UID=\"root\"  AUID=\"a\"",
            " UID=\"ro\x01ot\"",
            "\n",
            "x",
        ] {
            let text = format!("{OWN}{behind}");
            assert_eq!(parts(&text), (text.clone(), String::new()), "{behind}");
        }
        // Text like it inside a record, which ends with its last quote.
        let inside = "pid=1 msg='path=/a res=success' UID=\"x\" exe=? res=failed'";
        assert_eq!(parts(inside), (inside.to_owned(), String::new()));
        let both = "pid=1 msg='path=/a\x1dAUID=\"x\" res=failed'\x1dAUID=\"root\"";
        assert_eq!(parts(both).1, "AUID=\"root\"");
        for record in ["item=0 name=\"A=B\"", "avc:  denied  { read } for  permissive=0", "A=1 b=2"]
        {
            assert_eq!(parts(record), (record.to_owned(), String::new()));
        }
    }

    #[test]
    fn cut_fields() {
        for text in ["", "UID", "UID=", "UID=\"", "UID=\"ro", "UID=\"root\" AU", "UID=\"root\" "] {
            assert!(are_cut(text.as_bytes()), "{text}");
        }
        for text in ["uid=0", "UID=\"root\" res=x", "x UID=\"root\"", "UID=\"root\" AUID=x\"y"] {
            assert!(!are_cut(text.as_bytes()), "{text}");
        }
    }
}
