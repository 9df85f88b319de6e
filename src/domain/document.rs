//! From bytes to a tree of elements, with size limits.

use super::element::{Element, shorten};
use super::{foreign, limits};
use crate::error::XmlError;

/// The largest domain XML that is read, in bytes. Most have some KiB, those with thousands of disks
/// some MiB. The tree takes several times as much, so the limit protects a daemon's memory from a
/// hostile file.
const MAX_BYTES: usize = 16 << 20;

/// The most elements, texts and comments: each takes some 100 bytes.
const MAX_NODES: u32 = 1 << 20;

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
    let text = std::str::from_utf8(xml);
    let valid = text.map_or_else(|error| error.valid_up_to(), str::len);
    let before = std::str::from_utf8(&xml[..valid]).unwrap_or_default();
    if let Some(name) = declared_encoding(before).filter(|name| !is_utf8_name(name)) {
        let name = shorten(name, 40);
        return Err(start(format!("the XML declares the encoding '{name}'; only UTF-8 is read")));
    }
    text.map_err(|_| {
        let message = "a byte that is not UTF-8; only UTF-8 is read";
        XmlError::behind(&xml[..valid], message.into())
    })
}

/// The encoding that an XML declaration names.
fn declared_encoding(text: &str) -> Option<&str> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let declaration = text.strip_prefix("<?xml")?.split_once("?>")?.0;
    let after = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after[1..].split(quote).next()
}

/// ASCII is a subset of UTF-8. A text that is declared ASCII but has other UTF-8 is accepted, which
/// is harmless.
fn is_utf8_name(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A parsed XML.
pub(super) struct Document<'t> {
    tree: roxmltree::Document<'t>,
    text: &'t str,
}

impl<'t> Document<'t> {
    /// Parses a text. Only XML's own five entities and numeric characters are resolved.
    pub(super) fn parse(text: &'t str) -> Result<Self, XmlError> {
        foreign::check(text)?;
        let end = limits::check(text)?;
        let options = roxmltree::ParsingOptions { nodes_limit: MAX_NODES, ..Default::default() };
        let tree = roxmltree::Document::parse_with_options(text, options).map_err(|error| {
            let at = error.pos();
            let message = match error {
                roxmltree::Error::DtdDetected => {
                    "a document type declaration (<!DOCTYPE>) is not allowed".into()
                }
                roxmltree::Error::NoRootNode => "no XML element; expected <domain>".into(),
                roxmltree::Error::NodesLimitReached => {
                    format!("more than {MAX_NODES} elements, texts and comments")
                }
                other => {
                    let behind = end.and_then(|end| foreign::behind(text, end));
                    match behind.filter(|error| at.row >= error.line) {
                        Some(error) => return error,
                        None => shorten(without_place(&other.to_string()), 200),
                    }
                }
            };
            XmlError { line: at.row, column: at.col, message }
        })?;
        Ok(Self { tree, text })
    }

    /// The root element, which must be a domain.
    pub(super) fn domain(&self) -> Result<Element<'_>, XmlError> {
        let root = Element::new(self.tree.root_element());
        match root.name() {
            "domain" => Ok(root),
            other => {
                let other = shorten(other, 60);
                let fault = root.error(format!("the root element is <{other}>; expected <domain>"));
                Err(fault.in_text(self.text))
            }
        }
    }
}

/// The parser's message, without the place at its end.
fn without_place(message: &str) -> &str {
    match message.rsplit_once(" at ") {
        Some((text, place)) if place.bytes().all(|b| b.is_ascii_digit() || b == b':') => text,
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(xml: &[u8]) -> XmlError {
        decode(xml).and_then(|text| Document::parse(text).map(drop)).unwrap_err()
    }

    #[test]
    fn every_declaration_of_utf8_is_accepted() {
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
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><domain>\xE9</domain>";
        assert!(refusal(latin).message.contains("'ISO-8859-1'"));
        let long = format!("<?xml version='1.0' encoding='{}\n'?><domain/>", "x".repeat(500));
        assert!(refusal(long.as_bytes()).message.len() < 200);
        assert!(refusal(b"<?xml encoding='x\n<domain/>").message.len() < 200);
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
    fn nodes_are_bounded() {
        let many = format!("<domain>{}</domain>", "<a/>".repeat(1 << 20));
        assert!(refusal(many.as_bytes()).message.contains("1048576"));
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
