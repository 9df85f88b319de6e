//! From bytes to a tree of elements, within bounds that no honest guest reaches.

use super::element::Element;
use crate::error::XmlError;

/// The largest domain XML that is read, in bytes. Real ones have some KiB, ones with thousands of
/// disks some MiB; the tree takes several times the text, so the bound keeps a hostile file from
/// taking a daemon's memory.
const MAX_BYTES: usize = 16 << 20;

/// How deep elements may be nested: the bound that libxml2, and so libvirt, has.
const MAX_DEPTH: usize = 256;

/// The bytes as text.
pub(super) fn decode(xml: &[u8]) -> Result<&str, XmlError> {
    let start = |message: String| XmlError { line: 1, column: 1, message };
    if xml.len() > MAX_BYTES {
        return Err(start(format!(
            "the XML has {} bytes; at most {MAX_BYTES} are read",
            xml.len()
        )));
    }
    if xml.starts_with(&[0xFF, 0xFE]) || xml.starts_with(&[0xFE, 0xFF]) {
        return Err(start("the XML is UTF-16; only UTF-8 is read".into()));
    }
    let text = std::str::from_utf8(xml).map_err(|error| {
        let (line, column) = place(&xml[..error.valid_up_to()]);
        XmlError { line, column, message: "a byte that is not UTF-8; only UTF-8 is read".into() }
    })?;
    match declared_encoding(text) {
        Some(name) if !is_utf8_name(name) => {
            Err(start(format!("the XML declares the encoding '{name}'; only UTF-8 is read")))
        }
        _ => Ok(text),
    }
}

/// Line and column, from 1, just behind valid UTF-8.
fn place(before: &[u8]) -> (u32, u32) {
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let row = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let column = row.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() + 1;
    (line as u32, column as u32)
}

/// The encoding that an XML declaration names.
fn declared_encoding(text: &str) -> Option<&str> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let declaration = text.strip_prefix("<?xml")?.split("?>").next()?;
    let after = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after[1..].split(quote).next()
}

/// ASCII is a part of UTF-8: what claims it and isn't is caught above only when it isn't UTF-8
/// either, and then does no harm.
fn is_utf8_name(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A parsed XML.
pub(super) struct Document<'t>(roxmltree::Document<'t>);

impl<'t> Document<'t> {
    /// Parses; entities other than XML's own five and characters by number are never resolved.
    pub(super) fn parse(text: &'t str) -> Result<Self, XmlError> {
        check_depth(text)?;
        let document = roxmltree::Document::parse(text).map_err(|error| {
            let at = error.pos();
            let message = match error {
                roxmltree::Error::DtdDetected => {
                    "a document type declaration (<!DOCTYPE>) is not allowed".into()
                }
                roxmltree::Error::NoRootNode => "no XML element; expected <domain>".into(),
                other => without_place(other.to_string()),
            };
            XmlError { line: at.row, column: at.col, message }
        })?;
        Ok(Self(document))
    }

    /// The root, when it is a domain.
    pub(super) fn domain(&self) -> Result<Element<'_>, XmlError> {
        let root = Element::new(self.0.root_element());
        match root.name() {
            "domain" => Ok(root),
            other => Err(root.error(format!("the root element is <{other}>; expected <domain>"))),
        }
    }
}

/// The parser's message, without the place that it ends with.
fn without_place(mut message: String) -> String {
    if let Some(at) = message.rfind(" at ") {
        let place = &message[at + 4..];
        if place.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') {
            message.truncate(at);
        }
    }
    message
}

/// Refuses what is nested too deep, before a parser sees it. Counts tags the way a parser does:
/// skips comments, CDATA and processing instructions, and `>` inside quotes. Malformed text may
/// count wrong; the parser refuses it then.
fn check_depth(text: &str) -> Result<(), XmlError> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        let rest = &text[start..];
        let skip = |end: &str| rest.find(end).map(|found| start + found + end.len());
        let end = if rest.starts_with("<!--") {
            skip("-->")
        } else if rest.starts_with("<![CDATA[") {
            skip("]]>")
        } else if rest.starts_with("<?") {
            skip("?>")
        } else {
            let end = tag_end(rest).map(|len| start + len);
            if rest.starts_with("</") {
                depth = depth.saturating_sub(1);
            } else if !end.is_some_and(|end| text[..end].ends_with("/>")) {
                depth += 1;
            }
            end
        };
        if depth > MAX_DEPTH {
            let (line, column) = place(&text.as_bytes()[..start]);
            let message = format!("elements are nested more than {MAX_DEPTH} deep");
            return Err(XmlError { line, column, message });
        }
        match end {
            Some(end) => at = end,
            None => break,
        }
    }
    Ok(())
}

/// The length of the tag at the text's start, `>` included.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    for (i, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(i + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(xml: &[u8]) -> XmlError {
        decode(xml).and_then(|text| Document::parse(text).map(drop)).unwrap_err()
    }

    #[test]
    fn utf8_is_taken_in_all_its_dresses() {
        for xml in [
            "<domain/>",
            "\u{FEFF}<domain/>",
            "<?xml version='1.0'?><domain/>",
            "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes'?>\n<domain/>",
            "\u{FEFF}<?xml version='1.0' encoding = 'UTF-8'?><domain/>",
        ] {
            let text = decode(xml.as_bytes()).unwrap();
            assert!(Document::parse(text).unwrap().domain().is_ok(), "{xml}");
        }
    }

    #[test]
    fn other_encodings_are_refused_and_named() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><domain/>";
        assert!(refusal(latin).message.contains("'ISO-8859-1'"));
        assert!(refusal(b"\xFF\xFE<\0").message.contains("UTF-16"));
        let error = refusal("<domain>\n <name>\u{e9}".as_bytes().strip_suffix(b"\xA9").unwrap());
        assert_eq!((error.line, error.column), (2, 8));
        assert!(error.message.contains("UTF-8"));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = b"<!DOCTYPE d [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><domain>&b;</domain>";
        assert!(refusal(bomb).message.contains("DOCTYPE"));
        let outside = b"<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><domain>&a;</domain>";
        assert!(refusal(outside).message.contains("DOCTYPE"));
        assert!(refusal(b"<domain>&nope;</domain>").message.contains("nope"));
        assert!(refusal(&vec![b' '; MAX_BYTES + 1]).message.contains("16777216"));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |n: usize, open: &str, close: &str| {
            format!("<domain>{}{}</domain>", open.repeat(n), close.repeat(n)).into_bytes()
        };
        assert!(decode(&nested(255, "<a>", "</a>")).and_then(Document::parse).is_ok());
        assert!(refusal(&nested(256, "<a>", "</a>")).message.contains("256"));
        assert!(refusal(&nested(1_000_000, "<a b='>'>", "</a>")).message.contains("256"));
        assert!(refusal(&b"<a>".repeat(1_000_000)).message.contains("256"));
        let flat = nested(1000, "<a b='/>'/>", "<!-- <a> --><![CDATA[<a>]]><?p <a> ?>");
        assert!(decode(&flat).and_then(Document::parse).is_ok());
    }

    #[test]
    fn the_root_is_a_domain() {
        let document = Document::parse("\n <domstatus/>").unwrap();
        let error = document.domain().err().unwrap();
        assert_eq!((error.line, error.column), (2, 2));
        assert!(error.message.contains("<domstatus>") && error.message.contains("<domain>"));
        assert!(refusal(b"").message.contains("expected <domain>"));
        assert!(refusal(b"nothing").line == 1);
    }
}
