//! Lines out of pieces of a text.

use super::LINE_MAX;
use std::collections::VecDeque;

/// Cuts a text that arrives in pieces into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    whole: VecDeque<Vec<u8>>,
    /// The beginning of the last line.
    part: Vec<u8>,
    /// Whether the last line is omitted: its beginning is unknown, or it is too long.
    omit: bool,
}

impl Lines {
    /// The lines of a text whose first line began earlier.
    pub(super) fn in_the_middle() -> Self {
        Self { omit: true, ..Self::default() }
    }

    pub(super) fn push(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.extend(&rest[..end]);
            self.end_line();
            rest = &rest[end + 1..];
        }
        self.extend(rest);
    }

    fn extend(&mut self, part: &[u8]) {
        if self.omit || self.part.len() + part.len() > LINE_MAX {
            self.omit = true;
            self.part.clear();
        } else {
            self.part.extend_from_slice(part);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.part);
        if !std::mem::take(&mut self.omit) {
            self.whole.push_back(line);
        }
    }

    /// Ends the last line where no line feed will.
    pub(super) fn finish(&mut self) {
        if !self.part.is_empty() {
            self.end_line();
        }
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        self.whole.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(mut lines: Lines, pieces: &[&[u8]]) -> Vec<String> {
        pieces.iter().for_each(|piece| lines.push(piece));
        lines.finish();
        let text = |line: Vec<u8>| match line.len() {
            0..99 => String::from_utf8(line).unwrap(),
            len => len.to_string(),
        };
        std::iter::from_fn(|| lines.pop()).map(text).collect()
    }

    #[test]
    fn lines_of_pieces() {
        let (fits, long) = (vec![b'x'; LINE_MAX], vec![b'x'; LINE_MAX + 1]);
        let length = LINE_MAX.to_string();
        for (pieces, expected) in [
            (&[&b"a\nb\n"[..]][..], vec!["a", "b"]),
            (&[b"a", b"b", b"\n", b"c"], vec!["ab", "c"]),
            (&[b"\n\na"], vec!["", "", "a"]),
            (&[], vec![]),
            (&[&fits, b"\nb\n"], vec![&length, "b"]),
            (&[&fits, b"x\nb\n"], vec!["b"]),
            (&[&long, b"\nb\n", &long], vec!["b"]),
        ] {
            assert_eq!(cut(Lines::default(), pieces), expected);
        }
        assert_eq!(cut(Lines::in_the_middle(), &[b"rest", b" of it\na\n"]), ["a"]);
    }
}
