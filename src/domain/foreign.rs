//! Texts that people give in the place of a domain XML, named as what they are.

use super::element::shorten;
use crate::error::XmlError;

/// How many characters of a text a message shows.
const SHOWN: usize = 60;

/// Names a text that isn't XML. XML begins with `<`; an empty text is left to the parser.
pub(super) fn check(text: &str) -> Result<(), XmlError> {
    let body = text.trim_start_matches('\u{FEFF}').trim_start();
    if body.is_empty() || body.starts_with('<') {
        return Ok(());
    }
    let start = text.len() - body.len();
    let first = body.lines().next().unwrap_or_default().trim_end();
    let message = match body.strip_prefix("error:") {
        Some(_) => format!("an error message of virsh, not XML: {}", shorten(first, 2 * SHOWN)),
        None if body.starts_with(['{', '[']) => "JSON, not XML; expected <domain>".into(),
        None if is_yaml(body) => "YAML, not XML; expected <domain>".into(),
        None => format!("not XML; expected <domain>, not '{}'", shorten(first, SHOWN)),
    };
    Err(XmlError::behind(&text.as_bytes()[..start], message))
}

/// Whether the first line that isn't a comment looks like YAML: a directive, the start of a
/// document, an item of a list, or a key.
fn is_yaml(body: &str) -> bool {
    let mut lines = body.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let Some(first) = lines.next().map(str::trim_end) else { return false };
    let is_key = || {
        let (key, value) = first.split_once(':')?;
        let word = |c: char| c.is_alphanumeric() || "_-./\"'".contains(c);
        Some(
            !key.is_empty()
                && key.chars().all(word)
                && (value.is_empty() || value.starts_with(' ')),
        )
    };
    first.starts_with("%YAML")
        || first == "---"
        || first.starts_with("--- ")
        || first.starts_with("- ")
        || is_key() == Some(true)
}

/// What follows the root element, which ends at `end`, unless only comments and blanks do.
pub(super) fn behind(text: &str, end: usize) -> Option<XmlError> {
    let mut rest = text.get(end..)?;
    loop {
        rest = rest.trim_start();
        let comment = rest.strip_prefix("<!--").and_then(|body| body.split_once("-->"));
        let instruction = || {
            let body = rest.strip_prefix("<?").filter(|body| !body.starts_with("xml"))?;
            body.split_once("?>")
        };
        match comment.or_else(instruction) {
            Some((_, behind)) => rest = behind,
            None => break,
        }
    }
    if rest.is_empty() {
        return None;
    }
    let is_document = rest.starts_with('<') && !rest.starts_with("</");
    let at = text.len() - rest.len();
    let mut error = XmlError::behind(&text.as_bytes()[..at], String::new());
    error.message = if is_document {
        format!("a second document begins at line {}; expected one <domain>", error.line)
    } else {
        let first = rest.lines().next().unwrap_or_default().trim_end();
        format!("text behind the end of the document: '{}'", shorten(first, SHOWN))
    };
    Some(error)
}

#[cfg(test)]
mod tests {
    use crate::DomainDef;

    fn refusal(text: &str) -> String {
        let error = DomainDef::parse(text.as_bytes()).unwrap_err();
        format!("{}:{}: {}", error.line, error.column, error.message)
    }

    #[test]
    fn what_is_not_xml_is_named() {
        for (text, expected) in [
            (
                "error: failed to get domain 'web1'\n\n",
                "1:1: an error message of virsh, not XML: error: failed to get domain 'web1'",
            ),
            ("\n error: Domain not found", "2:2: an error message of virsh"),
            ("---\ndomain:\n  name: web1\n", "1:1: YAML, not XML"),
            ("# a guest\n\nname: web1\n", "1:1: YAML, not XML"),
            ("apiVersion: kubevirt.io/v1\n", "1:1: YAML, not XML"),
            ("- name: web1\n", "1:1: YAML, not XML"),
            ("%YAML 1.2\n", "1:1: YAML, not XML"),
            ("{\"name\": \"web1\"}", "1:1: JSON, not XML"),
            ("\u{FEFF} [1]", "1:3: JSON, not XML"),
            ("web1 is running", "1:1: not XML; expected <domain>, not 'web1 is running'"),
            ("http://host/guest.xml", "1:1: not XML"),
            ("", "1:1: no XML element; expected <domain>"),
        ] {
            assert!(refusal(text).starts_with(expected), "{text:?}: {}", refusal(text));
        }
    }

    #[test]
    fn a_second_document_is_named_with_its_line() {
        for (text, expected) in [
            ("<domain>\n</domain>\n\n<domain/>", "4:1: a second document begins at line 4"),
            ("<domain/><domain/>", "1:10: a second document begins at line 1"),
            ("<domain/>\n<!-- <x> --><?p?>\n<a/>", "3:1: a second document begins at line 3"),
            (
                "<domain/>\n<?xml version='1.0'?>\n<domain/>",
                "2:1: a second document begins at line 2",
            ),
            ("<domain/>\n---\n", "2:1: text behind the end of the document: '---'"),
            ("<domain/>\n</domain>", "2:1: text behind"),
            ("<domain><a></domain>\n<domain/>", "1:12: expected 'a' tag, not 'domain'"),
        ] {
            assert!(refusal(text).starts_with(expected), "{text:?}: {}", refusal(text));
        }
    }
}
