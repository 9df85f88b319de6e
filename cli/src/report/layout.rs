//! Texts in columns: by what a terminal shows, not by bytes.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// A text without anything that a terminal would take for a command.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    // Without an early end, which nearly no text would have: several bytes at once.
    let plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if plain || !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// Appends a text in exactly `room` columns: cut with an ellipsis, or filled up with blanks.
pub(crate) fn put(line: &mut String, text: &str, room: usize) {
    let taken = width(text);
    if taken <= room {
        line.push_str(text);
        blanks(line, room - taken);
        return;
    }
    let mut left = room.saturating_sub(1);
    for c in text.chars() {
        let columns = c.width().unwrap_or(0);
        if columns > left {
            break;
        }
        left -= columns;
        line.push(c);
    }
    if room > 0 {
        line.push('…');
    }
    blanks(line, left);
}

/// Takes the blanks from the end of a text's last line, which begins at `start`, and cuts it to the
/// columns of a terminal, if it is for one.
pub(crate) fn cut(text: &mut String, start: usize, room: Option<usize>) {
    text.truncate(start + text[start..].trim_end().len());
    if let Some(room) = room.filter(|&room| width(&text[start..]) > room) {
        let line = text.split_off(start);
        put(text, &line, room);
    }
}

fn blanks(line: &mut String, count: usize) {
    const BLANKS: &str = "                                ";
    let mut left = count;
    while left > 0 {
        let some = left.min(BLANKS.len());
        line.push_str(&BLANKS[..some]);
        left -= some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_not_bytes() {
        for (text, room, expected) in [
            ("web1", 6, "web1  "),
            ("gäst", 6, "gäst  "),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日… "),
            ("abcdef", 3, "ab…"),
            ("abc", 0, ""),
        ] {
            let mut line = String::new();
            put(&mut line, text, room);
            assert_eq!(line, expected, "{text} in {room}");
        }
    }

    #[test]
    fn no_control_character_reaches_a_terminal() {
        assert_eq!(clean("a\u{1b}[31m\n"), "a\\u{1b}[31m\\n");
    }
}
