//! Texts without anything that a terminal would take for a command.

use std::borrow::Cow;

/// The text, with escapes instead of control characters and of those that turn the direction of
/// what follows: names of guests and files are chosen by anyone.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    // Without an early end, which nearly no text would have: several bytes at once.
    let plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if plain || !text.chars().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_command(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}')
        || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_reaches_a_terminal() {
        for (text, expected) in [
            ("web1", "web1"),
            ("gäst 日本 👩‍🔬", "gäst 日本 👩‍🔬"),
            ("a\u{1b}[31m\n", "a\\u{1b}[31m\\n"),
            ("a\u{9b}31m", "a\\u{9b}31m"),
            ("\u{202e}1bew", "\\u{202e}1bew"),
            ("\u{2067}x\u{2069}", "\\u{2067}x\\u{2069}"),
        ] {
            assert_eq!(clean(text), expected);
        }
    }
}
