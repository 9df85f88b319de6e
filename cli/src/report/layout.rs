//! Texts in columns: by what a terminal shows, not by bytes.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// A text without anything that a terminal would take for a command.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
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
        line.extend(std::iter::repeat_n(' ', room - taken));
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
    line.extend(std::iter::repeat_n(' ', left));
}

/// Cuts a line to the columns of a terminal.
pub(crate) fn cut(line: &mut String, room: usize) {
    let end = line.trim_end().len();
    line.truncate(end);
    if width(line) > room {
        let whole = std::mem::take(line);
        put(line, &whole, room);
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
