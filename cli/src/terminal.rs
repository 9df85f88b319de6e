//! Text that is safe to show on a terminal.

use serde::Serialize;
use std::borrow::Cow;
use std::io::{self, Write};

/// Escapes control characters and characters that change the direction of text.
///
/// Guests and files may have any name, so a name could otherwise drive the terminal.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    // No early exit, so that the compiler vectorizes the loop; nearly every text is plain.
    let plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if plain || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_unsafe(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// A value as JSON. Like [`escape`], but with JSON's own escapes, so that a parser reads the same.
pub(crate) fn json(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    // The serializer escapes the ASCII control characters but DEL; others only occur in strings.
    if text.is_ascii() && !text.contains('\x7f') || !text.chars().any(is_unsafe) {
        return Ok(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match u32::from(c) {
            code if is_unsafe(c) => shown.push_str(&format!("\\u{code:04x}")),
            _ => shown.push(c),
        }
    }
    Ok(shown)
}

/// A terminal that gets text of bytes, escaped but for the ends of lines and tabs. Bytes that are
/// not UTF-8 are escaped, too: some terminals take them for control characters.
pub(crate) struct SafeTerminal<W: Write> {
    inner: W,
    /// The first bytes of a character whose rest has not been written.
    carry: Vec<u8>,
}

impl<W: Write> SafeTerminal<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, carry: Vec::new() }
    }
}

impl<W: Write> Write for SafeTerminal<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let all = [&self.carry[..], bytes].concat();
        let end = all.len() - unfinished(&all);
        let mut shown = String::new();
        for chunk in all[..end].utf8_chunks() {
            for part in chunk.valid().split_inclusive(['\n', '\t']) {
                let text = part.strip_suffix(['\n', '\t']).unwrap_or(part);
                shown.push_str(&escape(text));
                shown.push_str(&part[text.len()..]);
            }
            shown.push_str(&chunk.invalid().escape_ascii().to_string());
        }
        self.carry = all[end..].to_vec();
        self.inner.write_all(shown.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Drop for SafeTerminal<W> {
    fn drop(&mut self) {
        // A terminal that is gone can't show it.
        let _ = self.inner.write_all(self.carry.escape_ascii().to_string().as_bytes());
        let _ = self.inner.flush();
    }
}

/// The number of bytes at the end of a text that begin a character and don't complete it.
fn unfinished(bytes: &[u8]) -> usize {
    match bytes.utf8_chunks().last() {
        // An error without a length: the text ends too early.
        Some(last) if !last.invalid().is_empty() => match std::str::from_utf8(last.invalid()) {
            Err(error) if error.error_len().is_none() => last.invalid().len(),
            _ => 0,
        },
        _ => 0,
    }
}

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}')
        || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_text() {
        for text in ["web1", "a\"\\ä", "\u{1b}\0\n", "\u{7f}\u{9b}31m", "\u{61c}\u{202e}x\u{2069}"]
        {
            let shown = json(&[text]).unwrap();
            assert!(!shown.chars().any(is_unsafe), "{shown}");
            assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [text]);
        }
        assert_eq!(json(&"\u{9b}\u{202e}").unwrap(), "\"\\u009b\\u202e\"");
    }

    #[test]
    fn a_safe_terminal_escapes_whatever_the_pieces() {
        let text = b"vm\tg\xc3\xa4st \xe6\x97\xa5 \x1b[31m\xc2\x9b\x9b\xff\n\xe2\x80\xaex\xe6\x97";
        let expected = "vm\tgäst 日 \\u{1b}[31m\\u{9b}\\x9b\\xff\n\\u{202e}x\\xe6\\x97";
        for size in 1..=text.len() {
            let mut shown = Vec::new();
            let mut terminal = SafeTerminal::new(&mut shown);
            text.chunks(size).for_each(|piece| terminal.write_all(piece).unwrap());
            drop(terminal);
            assert_eq!(String::from_utf8(shown).unwrap(), expected, "{size}");
        }
    }

    #[test]
    fn control_and_direction_characters_are_escaped() {
        for (text, expected) in [
            ("web1", "web1"),
            ("gäst 日本 👩‍🔬", "gäst 日本 👩‍🔬"),
            ("a\u{1b}[31m\n", "a\\u{1b}[31m\\n"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("\u{202e}1bew", "\\u{202e}1bew"),
            ("\u{2067}x\u{2069}", "\\u{2067}x\\u{2069}"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }
}
