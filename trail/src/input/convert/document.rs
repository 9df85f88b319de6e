//! JSON whose objects aren't one a line: `journalctl -o json-pretty`, `dmesg --json`, arrays of
//! events. Each object that isn't part of another, and each that is an element of an array, becomes
//! a line.

use super::{Convert, Lines};
use crate::input::blocks::LINE_MAX;
use std::io::{self, BufRead, BufReader, Read};

/// The greatest depth. serde_json's limit is lower.
const DEPTH_MAX: usize = 1000;

/// The most bytes of objects that are not complete.
const OPEN_MAX: usize = 2 * LINE_MAX;

/// An open object or array.
enum Level {
    Object,
    /// An array, and whether one of its elements has become a line of its own.
    Array(bool),
}

/// An object that will be a line, and the line in which it begins.
struct Open {
    text: Vec<u8>,
    line: u64,
}

/// The objects of a document.
pub(in crate::input) struct Documents<R: Read> {
    input: BufReader<R>,
    levels: Vec<Level>,
    open: Vec<Open>,
    /// The bytes of all open objects.
    open_bytes: usize,
    /// Text outside of objects, up to the end of its line.
    between: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// The first bytes of the current line, without blanks.
    begin: Vec<u8>,
    /// Whether the current line is auditd's own.
    native: bool,
}

/// The beginnings of auditd's own lines, which no JSON has.
const AUDITD: [&[u8]; 2] = [b"type=", b"node="];

impl<R: Read> Documents<R> {
    pub(in crate::input) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(64 * 1024, input),
            levels: Vec::new(),
            open: Vec::new(),
            open_bytes: 0,
            between: Vec::new(),
            in_string: false,
            escaped: false,
            begin: Vec::new(),
            native: false,
        }
    }

    /// Appends a byte to the open object. What is cut off there is malformed, and is counted.
    fn push(&mut self, byte: u8) {
        let room = self.open_bytes < OPEN_MAX;
        match self.open.last_mut() {
            Some(open) if room && open.text.len() < LINE_MAX => {
                open.text.push(byte);
                self.open_bytes += 1;
            }
            None if self.between.len() < LINE_MAX => {
                self.between.push(byte);
            }
            _ => {}
        }
    }

    fn begin_object(&mut self, line: u64) -> io::Result<()> {
        match self.levels.last_mut() {
            Some(Level::Object) => {}
            level => {
                if let (Some(Level::Array(extracted)), Some(open)) = (level, self.open.last_mut()) {
                    // The element's place, once an array.
                    if !std::mem::replace(extracted, true) {
                        open.text.push(b'0');
                    } else {
                        while open.text.pop_if(|last| b" ,".contains(last)).is_some() {}
                    }
                }
                self.open.push(Open { text: Vec::new(), line });
            }
        }
        self.level(Level::Object)
    }

    fn level(&mut self, level: Level) -> io::Result<()> {
        if self.levels.len() >= DEPTH_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the JSON is nested too deeply",
            ));
        }
        self.levels.push(level);
        Ok(())
    }

    fn byte(&mut self, byte: u8, out: &mut Lines) -> io::Result<()> {
        if byte == b'\n' {
            if self.in_string {
                // No string goes over a line's end.
                self.give_up(out);
            }
            self.end_line(out);
            self.begin.clear();
            self.native = false;
            out.read += 1;
            return Ok(());
        }
        if self.begin.len() < AUDITD[0].len() && !byte.is_ascii_whitespace() {
            self.begin.push(byte);
            if AUDITD.contains(&self.begin.as_slice()) {
                if let Some(open) = self.open.last_mut() {
                    open.text.truncate(open.text.len().saturating_sub(self.begin.len() - 1));
                }
                self.give_up(out);
                self.native = true;
                self.between.clear();
                self.between.extend_from_slice(&self.begin);
                return Ok(());
            }
        }
        if self.native {
            self.push(byte);
            return Ok(());
        }
        if self.in_string {
            self.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return Ok(());
        }
        match byte {
            b'{' => {
                self.begin_object(out.read)?;
                self.push(byte);
            }
            b'[' => {
                if !self.open.is_empty() {
                    self.push(byte);
                }
                self.level(Level::Array(false))?;
            }
            b'}' | b']' => {
                let level = self.levels.pop();
                if !self.open.is_empty() {
                    self.push(byte);
                }
                if let (Some(Level::Object), None | Some(Level::Array(_))) =
                    (level, self.levels.last())
                {
                    self.end_object(out);
                }
            }
            b'"' if !self.open.is_empty() => {
                self.in_string = true;
                self.push(byte);
            }
            _ => self.push(byte),
        }
        Ok(())
    }

    /// Passes on the objects that were begun, which are not JSON, to be counted.
    fn give_up(&mut self, out: &mut Lines) {
        while !self.open.is_empty() {
            self.end_object(out);
        }
        self.levels.clear();
        (self.in_string, self.escaped) = (false, false);
    }

    fn end_object(&mut self, out: &mut Lines) {
        if let Some(open) = self.open.pop() {
            self.open_bytes = self.open_bytes.saturating_sub(open.text.len());
            out.add(open.line, &open.text);
        }
    }

    /// A text outside of objects is no record, and is passed on to be counted.
    fn end_line(&mut self, out: &mut Lines) {
        if self.open.is_empty() {
            // Elements of an array are separated by commas.
            let text = self.between.trim_ascii();
            if !text.iter().all(|&byte| byte == b',' || byte == b' ') {
                out.add(out.read, text);
            }
            self.between.clear();
        } else {
            self.push(b' ');
        }
    }
}

impl<R: Read> Convert for Documents<R> {
    fn next(&mut self, out: &mut Lines) -> io::Result<bool> {
        let buffer = self.input.fill_buf()?;
        if buffer.is_empty() {
            if self.open.is_empty() {
                self.end_line(out);
            }
            // What is cut off is malformed.
            let any = !self.open.is_empty() || !out.text.is_empty();
            self.give_up(out);
            return Ok(any);
        }
        let text = buffer.to_vec();
        self.input.consume(text.len());
        for byte in text {
            self.byte(byte, out)?;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::converted;
    use super::*;

    #[test]
    fn each_object_is_a_line_with_its_number() {
        for (text, expected) in [
            ("{\n\t\"a\" : \"b\"\n}\n{\n\"c\":1}\n", "{ \t\"a\" : \"b\" }\n\n\n{ \"c\":1}\n"),
            ("[{\"a\":1},{\"b\":[1,2]}]", "{\"a\":1}\n{\"b\":[1,2]}\n"),
            ("[\n {\"a\":\"}\\\"{\"},\n {\"b\":2}\n]\n", "\n{\"a\":\"}\\\"{\"}\n{\"b\":2}\n"),
            (
                "{\"d\":[{\"m\":1},{\"m\":2}],\"e\":3}",
                "{\"m\":1}\n{\"m\":2}\n{\"d\":[0],\"e\":3}\n",
            ),
            ("{\"d\":[1,{},{},2]}", "{}\n{}\n{\"d\":[1,0,2]}\n"),
            ("{\"a\":{\"b\":1}}\n-- x --\n", "{\"a\":{\"b\":1}}\n-- x --\n"),
            ("{\"a\":", "{\"a\":\n"),
            ("{\"a\ntype=x {y\nnode=z\n", "{\"a\ntype=x {y\nnode=z\n"),
            ("{\n\"a\":\ntype=x y\n", "{ \"a\": \n\ntype=x y\n"),
            ("}]x\n{}", "x\n{}\n"),
        ] {
            assert_eq!(converted(Documents::new(text.as_bytes())).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn memory_and_depth_have_limits() {
        let long = format!("[{{\"a\":\"{}\"}},{{\"b\":1}}]", "x".repeat(3 * LINE_MAX));
        let found = converted(Documents::new(long.as_bytes())).unwrap();
        assert_eq!(found.len(), LINE_MAX + 1 + "{\"b\":1}\n".len());
        let deep = "[".repeat(DEPTH_MAX + 1);
        let error = converted(Documents::new(deep.as_bytes())).unwrap_err();
        assert_eq!(error.to_string(), "the JSON is nested too deeply");
    }
}
