//! A table of text cells. Columns are as wide as their content, without blanks behind the last one.

use super::layout::{blanks, cut, put_wide, width};
use super::table::terminal_columns;
use crate::terminal::escape;
use anstyle::Style;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// One row of text, with a cell for each column.
pub(super) type Cells<'c, const N: usize> = [Cow<'c, str>; N];

/// The columns of a table.
#[derive(Clone)]
pub(super) struct Grid<const N: usize> {
    headers: [&'static str; N],
    widths: [usize; N],
    /// Columns that no row has text in are not shown.
    used: [bool; N],
}

impl<const N: usize> Grid<N> {
    pub(super) fn new(headers: [&'static str; N]) -> Self {
        Self { headers, widths: headers.map(width), used: [false; N] }
    }

    /// Widens the columns for a row.
    pub(super) fn measure(&mut self, cells: &Cells<'_, N>) {
        for (at, cell) in cells.iter().enumerate() {
            self.used[at] |= !cell.is_empty();
            self.widths[at] = self.widths[at].max(width(&escape(cell)));
        }
    }

    /// Widens the columns to those of `other`.
    pub(super) fn widen(&mut self, other: &Self) {
        for at in 0..N {
            self.used[at] |= other.used[at];
            self.widths[at] = self.widths[at].max(other.widths[at]);
        }
    }

    /// Appends a row.
    pub(super) fn append(&self, cells: &Cells<'_, N>, room: Option<usize>, lines: &mut Vec<u8>) {
        let start = lines.len();
        let shown: Vec<usize> = (0..N).filter(|&at| self.used[at]).collect();
        for (place, &at) in shown.iter().enumerate() {
            let cell = if cells[at].is_empty() { "-" } else { &cells[at] };
            let cell = escape(cell);
            if place + 1 == shown.len() {
                lines.extend_from_slice(cell.as_bytes());
                break;
            }
            put_wide(lines, &cell, width(&cell), self.widths[at]);
            blanks(lines, 2);
        }
        cut(lines, start, room);
        lines.push(b'\n');
    }

    /// Writes the headers.
    pub(super) fn write_headers(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        self.append(&self.headers.map(Cow::Borrowed), room(), &mut line);
        let bold = Style::new().bold();
        if anstream::AutoStream::choice(&io::stdout()) == anstream::ColorChoice::Never {
            return out.write_all(&line);
        }
        let text = line.trim_ascii_end();
        write!(out, "{bold}")?;
        out.write_all(text)?;
        writeln!(out, "{bold:#}")
    }
}

/// The width of the terminal, if standard output is one.
pub(super) fn room() -> Option<usize> {
    io::stdout().is_terminal().then(terminal_columns).flatten()
}
