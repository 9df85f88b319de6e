//! Limits that are checked before parsing: on small documents that would overflow the parser's
//! stack, or take time and memory quadratic in their size.

use crate::error::XmlError;

/// The deepest nesting of elements: the limit of libxml2, and so of libvirt.
const MAX_DEPTH: usize = 256;
/// The most attributes of an element: the parser compares each with all others.
const MAX_ATTRIBUTES: usize = 256;
/// The most declarations of namespaces: for each, the parser copies those in force.
const MAX_NAMESPACES: usize = 1024;

/// A tag's length, `>` included, and the number of its attributes.
struct Tag {
    len: usize,
    attributes: usize,
}

/// Walks the tags as a parser does: past comments, CDATA, processing instructions, and `>` in
/// quotes. It may miscount after a mistake in malformed text, which the parser rejects anyway.
/// Returns the end of the root element, if it has one.
pub(super) fn check(text: &str) -> Result<Option<usize>, XmlError> {
    let mut depth = 0usize;
    let mut end = None;
    let mut namespaces = 0;
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        let rest = &text[start..];
        let refuse = |message| Err(XmlError::behind(&text.as_bytes()[..start], message));
        let skip = |open: &str, close: &str| {
            let body = rest.strip_prefix(open)?;
            Some(body.find(close).map(|len| open.len() + len + close.len()))
        };
        let skipped =
            skip("<!--", "-->").or_else(|| skip("<![CDATA[", "]]>")).or_else(|| skip("<?", "?>"));
        let len = match skipped {
            Some(len) => len,
            None => tag(rest).map(|tag| {
                namespaces += rest[..tag.len].matches("xmlns").count();
                if rest.starts_with("</") {
                    depth = depth.saturating_sub(1);
                } else if !rest[..tag.len].ends_with("/>") {
                    depth += 1;
                }
                if depth == 0 && end.is_none() {
                    end = Some(start + tag.len);
                }
                if tag.attributes > MAX_ATTRIBUTES { usize::MAX } else { tag.len }
            }),
        };
        if depth > MAX_DEPTH {
            return refuse(format!("elements are nested more than {MAX_DEPTH} deep"));
        }
        if namespaces > MAX_NAMESPACES {
            return refuse(format!("more than {MAX_NAMESPACES} declarations of namespaces"));
        }
        match len {
            Some(usize::MAX) => {
                return refuse(format!("an element with more than {MAX_ATTRIBUTES} attributes"));
            }
            Some(len) => at = start + len,
            None => break,
        }
    }
    Ok(end)
}

/// The tag at the start of the text; `None` if it has no end.
fn tag(text: &str) -> Option<Tag> {
    let mut quote = None;
    let mut attributes = 0;
    for (i, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(Tag { len: i + 1, attributes }),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => {
                quote = None;
                attributes += 1;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(n: usize, open: &str, close: &str) -> String {
        format!("<domain>{}{}</domain>", open.repeat(n), close.repeat(n))
    }

    /// Where the root element ends.
    fn end(xml: &str) -> usize {
        check(xml).unwrap().unwrap()
    }

    fn refusal(xml: &str) -> String {
        check(xml).unwrap_err().message
    }

    #[test]
    fn depth_is_bounded() {
        assert!(check(&nested(255, "<a>", "</a>")).is_ok());
        assert!(refusal(&nested(256, "<a>", "</a>")).contains("256 deep"));
        assert!(refusal(&nested(1_000_000, "<a b='>'>", "</a>")).contains("256 deep"));
        assert!(refusal(&"<a>".repeat(1_000_000)).contains("256 deep"));
    }

    #[test]
    fn only_tags_have_a_depth() {
        let flat = "<a b='/>'/><!-- <a> --><!--> <a> --><![CDATA[<a>]]><?p <a> ?>";
        assert_eq!(end(&nested(1000, flat, "")), nested(1000, flat, "").len());
        for (root, rest) in [("<a/>", "<b/>"), ("<a b='>'><c/></a>", " <a/>"), ("<?p?><a/>", "x")] {
            assert_eq!(end(&format!("{root}{rest}")), root.len(), "{root}");
        }
    }

    #[test]
    fn attributes_and_namespaces_are_bounded() {
        let with = |n: usize| {
            let attributes: String = (0..n).map(|i| format!(" a{i}='x'")).collect();
            format!("<domain{attributes}/>")
        };
        assert!(check(&with(256)).is_ok());
        assert!(refusal(&with(257)).contains("256 attributes"));
        let declared = |n: usize| nested(n, "<a xmlns:b='urn:b'/>", "");
        assert!(check(&declared(1024)).is_ok());
        assert!(refusal(&declared(1025)).contains("1024 declarations"));
    }

    #[test]
    fn the_error_has_a_place() {
        let error = check(&format!("<domain>\n é{}", "<a>".repeat(256))).unwrap_err();
        assert_eq!((error.line, error.column), (2, 3 + 255 * 3));
    }

    #[test]
    fn unfinished_text_is_left_to_the_parser() {
        for xml in ["<", "<a", "<a b='", "<!--", "<![CDATA[", "<?", "<a><!-- >", ""] {
            assert_eq!(check(xml), Ok(None), "{xml}");
        }
    }
}
