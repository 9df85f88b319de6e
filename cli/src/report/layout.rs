//! Text in columns of a terminal, whose width is not the number of bytes.

use unicode_width::UnicodeWidthStr;

/// The number of columns of a text.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Appends a text in exactly `room` columns: cut with an ellipsis, or padded with blanks.
pub(crate) fn put(line: &mut Vec<u8>, text: &str, room: usize) {
    put_wide(line, text, width(text), room);
}

/// Like [`put`], for a text of known width.
pub(crate) fn put_wide(line: &mut Vec<u8>, text: &str, taken: usize, room: usize) {
    if taken <= room {
        line.extend_from_slice(text.as_bytes());
        blanks(line, room - taken);
        return;
    }
    let shown = prefix(text, room.saturating_sub(1));
    line.extend_from_slice(shown.as_bytes());
    if room > 0 {
        line.extend_from_slice("…".as_bytes());
    }
    blanks(line, room.saturating_sub(width(shown) + 1));
}

/// The longest prefix of at most `room` columns. Characters combine (marks, emoji), so the width of
/// the prefix counts, not the sum of its characters' widths.
fn prefix(text: &str, room: usize) -> &str {
    let mut end = 0;
    // One letter may carry any number of marks.
    for (at, c) in text.char_indices().take(8 * room + 8) {
        let next = at + c.len_utf8();
        if width(&text[..next]) > room {
            break;
        }
        end = next;
    }
    &text[..end]
}

/// Trims the last line, which begins at `start`, and cuts it to `room` columns if there is a limit.
pub(crate) fn cut(text: &mut Vec<u8>, start: usize, room: Option<usize>) {
    text.truncate(start + text[start..].trim_ascii_end().len());
    let Some(room) = room else { return };
    let line = String::from_utf8_lossy(&text[start..]);
    if width(&line) > room {
        let line = line.into_owned();
        text.truncate(start);
        put(text, &line, room);
    }
}

/// Appends that many blanks.
pub(crate) fn blanks(line: &mut Vec<u8>, count: usize) {
    line.resize(line.len() + count, b' ');
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
            // An e and a combining accent, a family of three, a flag, a heart with a variation selector.
            ("cafe\u{301}", 6, "cafe\u{301}  "),
            ("cafe\u{301}s", 4, "caf…"),
            ("cafe\u{301}ss", 5, "cafe\u{301}…"),
            ("👨\u{200d}👩\u{200d}👧 x", 6, "👨\u{200d}👩\u{200d}👧 x  "),
            ("👨\u{200d}👩\u{200d}👧 xyz", 5, "👨\u{200d}👩\u{200d}👧 x…"),
            ("🇩🇪 xyz", 4, "🇩🇪 …"),
            ("❤\u{fe0f}x", 5, "❤\u{fe0f}x  "),
        ] {
            let mut line = Vec::new();
            put(&mut line, text, room);
            assert_eq!(String::from_utf8_lossy(&line), expected, "{text} in {room}");
        }
    }

    #[test]
    fn a_cell_has_exactly_its_width() {
        let marks = "\u{301}".repeat(2000);
        for text in
            [&*marks, "日本語の名前のゲスト", "ل\u{627}x", "👨\u{200d}👩\u{200d}👧👧👧👧👧👧"]
        {
            for room in 1..24 {
                let mut cell = Vec::new();
                put(&mut cell, text, room);
                let cell = String::from_utf8_lossy(&cell);
                assert_eq!(width(&cell), room, "{cell:?}");
            }
        }
    }
}
