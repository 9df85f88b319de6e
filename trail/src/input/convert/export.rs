//! journald's export format (`journalctl -o export`): an entry is lines of `NAME=VALUE`, up to an
//! empty line. A value that isn't plain text has its length before it, as eight bytes.

use super::{Convert, Lines};
use crate::input::blocks::LINE_MAX;
use std::io::{self, BufRead, BufReader, Read};

/// The fields that a reader uses. Others are skipped: an entry may hold a core dump.
const FIELDS: [&str; 9] = [
    "MESSAGE",
    "_TRANSPORT",
    "SYSLOG_IDENTIFIER",
    "_HOSTNAME",
    "_EXE",
    "_SOURCE_REALTIME_TIMESTAMP",
    "__REALTIME_TIMESTAMP",
    "_AUDIT_TYPE",
    "_AUDIT_ID",
];

/// The entries of an export, each as a line of `journalctl -o json`.
pub(in crate::input) struct Entries<R: Read> {
    input: BufReader<R>,
    line: Vec<u8>,
}

impl<R: Read> Entries<R> {
    pub(in crate::input) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(64 * 1024, input), line: Vec::new() }
    }

    /// Reads a line without its end; false at the end of the text. Only the beginning of a long line
    /// is kept.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        (&mut self.input).take(LINE_MAX as u64 + 1).read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(false);
        }
        if self.line.pop_if(|last| *last == b'\n').is_none() && self.line.len() > LINE_MAX {
            skip_line(&mut self.input)?;
        }
        Ok(true)
    }

    /// Reads the value after a name; returns it with its number of lines. Of a long one it returns
    /// only the beginning.
    fn read_value(&mut self) -> io::Result<(Vec<u8>, u64)> {
        let mut len = [0; 8];
        self.input.read_exact(&mut len)?;
        let mut left = u64::from_le_bytes(len);
        let (mut value, mut lines) = (Vec::new(), 1);
        while left > 0 {
            let buffer = self.input.fill_buf()?;
            if buffer.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let part = &buffer[..taken];
            lines += memchr::memchr_iter(b'\n', part).count() as u64;
            value.extend_from_slice(&part[..taken.min(LINE_MAX + 1 - value.len())]);
            self.input.consume(taken);
            left -= taken as u64;
        }
        let mut end = [0];
        self.input.read_exact(&mut end)?;
        Ok((value, lines))
    }
}

fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let end = memchr::memchr(b'\n', buffer);
        let len = end.map_or(buffer.len(), |at| at + 1);
        input.consume(len);
        if end.is_some() || len == 0 {
            return Ok(());
        }
    }
}

impl<R: Read> Convert for Entries<R> {
    fn next(&mut self, out: &mut Lines) -> io::Result<bool> {
        let first = out.read;
        let (mut object, mut whole, mut any) = (String::new(), true, false);
        while self.read_line()? {
            out.read += 1;
            any = true;
            if self.line.is_empty() {
                break;
            }
            let (name, value) = match memchr::memchr(b'=', &self.line) {
                Some(at) => (self.line[..at].to_vec(), self.line[at + 1..].to_vec()),
                None => {
                    let name = self.line.clone();
                    let (value, lines) = self.read_value().map_err(|error| match error.kind() {
                        io::ErrorKind::UnexpectedEof => {
                            let text = "the journal's export ends too early, or is damaged";
                            io::Error::new(io::ErrorKind::InvalidData, text)
                        }
                        _ => error,
                    })?;
                    out.read += lines;
                    (name, value)
                }
            };
            let Some(name) = FIELDS.iter().find(|known| known.as_bytes() == name) else { continue };
            let value = match std::str::from_utf8(&value) {
                Ok(text) => serde_json::to_string(text),
                Err(_) => serde_json::to_string(&value),
            };
            object += &format!("{}\"{name}\":{}", if object.is_empty() { "" } else { "," }, value?);
            // A longer line would be skipped without a word about the entry.
            if object.len() > LINE_MAX / 2 {
                (object, whole) = (String::new(), false);
            }
        }
        if !any {
            return Ok(false);
        }
        if !whole {
            out.add(first, b"an entry that is too long");
        } else if !object.is_empty() {
            out.add(first, format!("{{{object}}}").as_bytes());
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::converted;
    use super::*;

    #[test]
    fn an_entry_is_a_line_with_its_number() {
        let mut text = b"__CURSOR=a\nMESSAGE=VIRT_CONTROL a=b\n_TRANSPORT=audit\n\n".to_vec();
        text.extend(b"MESSAGE\n\x03\0\0\0\0\0\0\0a\nb\nCOREDUMP\n\x04\0\0\0\0\0\0\0\n\n\n\n\n_AUDIT_ID=7\n\n");
        text.extend(b"MESSAGE\n\x01\0\0\0\0\0\0\0\xff\n");
        let expected = "{\"MESSAGE\":\"VIRT_CONTROL a=b\",\"_TRANSPORT\":\"audit\"}\n\n\n\n\
                        {\"MESSAGE\":\"a\\nb\",\"_AUDIT_ID\":\"7\"}\n\n\n\n\n\n\n\n\n\n\n\
                        {\"MESSAGE\":[255]}\n";
        let found = converted(Entries::new(&text[..])).unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_damaged_export_is_an_error() {
        for text in
            [&b"MESSAGE\n\x03\0"[..], b"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffabc", b"a\n\n\n"]
        {
            let error = converted(Entries::new(text)).unwrap_err();
            assert_eq!(error.to_string(), "the journal's export ends too early, or is damaged");
        }
    }

    #[test]
    fn memory_has_a_limit() {
        let long =
            [b"MESSAGE=".to_vec(), vec![b'x'; 3 * LINE_MAX], b"\n\nMESSAGE=a\n".to_vec()].concat();
        let found = converted(Entries::new(&long[..])).unwrap();
        assert_eq!(found, "an entry that is too long\n\n{\"MESSAGE\":\"a\"}\n");
    }
}
