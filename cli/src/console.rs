//! Standard output, standard error and standard input.
//!
//! A reader may close our output at any time: a broken pipe ends the command without an error.
//! Any other error of standard output, such as a full disk, is reported.

use crate::failure::Failure;
use crate::terminal::{self, SafeTerminal, escape};
use errno::Errno;
use serde::Serialize;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::path::Path;

/// Writes `text` to standard output.
pub(crate) fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).or_else(|error| output_error(&error))
}

/// Turns an error of standard output into a failure; a broken pipe is none.
pub(crate) fn output_error(error: &io::Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::not_done(format!("can't write to standard output: {}", reason(error)))),
    }
}

/// Prints a message as exactly one line on standard error.
///
/// Messages quote names of files and guests, so control characters are escaped.
pub(crate) fn eprint(message: impl Display) {
    let line = format!("viraudit: {}\n", escape(&message.to_string()));
    // Without a standard error, the exit status is all that is left.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Prints a message of several lines on standard error.
pub(crate) fn lines(message: &impl Display) {
    message.to_string().lines().for_each(eprint);
}

/// An error's text, without the number that [`io::Error`] appends.
pub(crate) fn reason(error: &io::Error) -> String {
    error.raw_os_error().map_or_else(|| error.to_string(), |code| Errno(code).to_string())
}

/// Reads a file, `-` being standard input. Of a longer file, `limit` and one more byte are read.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let result = if path.as_os_str() == "-" {
        io::stdin().lock().take(limit + 1).read_to_end(&mut content)
    } else {
        File::open(path).and_then(|file| file.take(limit + 1).read_to_end(&mut content))
    };
    result.map(|_| content).map_err(|error| {
        Failure::not_done(format!("can't read {}: {}", shown(path), reason(&error)))
    })
}

/// A number with its noun, as in "1 entry" and "2 entries".
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The name of a file in messages and output, with control characters escaped.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "standard input".into();
    }
    escape(&path.display().to_string()).into_owned()
}

/// A value as a line of JSON that is safe on a terminal.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    // Serializing texts and numbers doesn't fail.
    terminal::json(value).unwrap_or_default() + "\n"
}

/// An output that gets a program's bytes as they are; on a terminal, nothing in them may drive it.
pub(crate) fn bytes<'w>(output: impl Write + IsTerminal + 'w) -> Box<dyn Write + 'w> {
    if output.is_terminal() { Box::new(SafeTerminal::new(output)) } else { Box::new(output) }
}
