//! Formats whose records span several lines, converted to one line a record: journald's export
//! format and JSON documents. A record keeps the number of the line in which it begins.

mod document;
mod export;

pub(super) use document::Documents;
pub(super) use export::Entries;

use std::io::{self, Read};

/// Converts a stream, record by record.
pub(super) trait Convert {
    /// Appends the next lines to `out`; false at the end of the stream.
    fn next(&mut self, out: &mut Lines) -> io::Result<bool>;
}

/// Converted lines.
#[derive(Default)]
pub(super) struct Lines {
    text: Vec<u8>,
    written: u64,
    /// The number of lines that were read.
    read: u64,
}

impl Lines {
    /// Adds a line that begins at this line of the stream, from 0. Empty lines fill the space
    /// before it, so that its number stays the same.
    fn add(&mut self, line: u64, text: &[u8]) {
        while self.written < line {
            self.text.push(b'\n');
            self.written += 1;
        }
        self.text.extend_from_slice(text);
        self.text.push(b'\n');
        self.written += 1;
    }
}

/// A reader of converted lines.
pub(super) struct Converted<C> {
    convert: C,
    lines: Lines,
    at: usize,
}

impl<C: Convert> Converted<C> {
    pub(super) fn new(convert: C) -> Self {
        Self { convert, lines: Lines::default(), at: 0 }
    }
}

impl<C: Convert> Read for Converted<C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.lines.text.len() {
            self.lines.text.clear();
            self.at = 0;
            if !self.convert.next(&mut self.lines)? {
                return Ok(0);
            }
        }
        let len = buffer.len().min(self.lines.text.len() - self.at);
        buffer[..len].copy_from_slice(&self.lines.text[self.at..self.at + len]);
        self.at += len;
        Ok(len)
    }
}

#[cfg(test)]
fn converted(convert: impl Convert) -> io::Result<String> {
    io::read_to_string(Converted::new(convert))
}
