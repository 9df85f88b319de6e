//! Text that is safe to show on a terminal.

use std::borrow::Cow;

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

fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}')
        || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

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
