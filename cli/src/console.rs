//! Standard output and standard error, and standard input where it was asked for.
//!
//! Whoever reads our output may stop at any time: a broken pipe ends the command quietly. Any
//! other error of standard output (a full disk) is one.

use crate::failure::Failure;
use crate::terminal::escape;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

/// Writes `text` to standard output.
pub(crate) fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text).and_then(|()| out.flush()).or_else(|error| output_error(&error))
}

/// What an error of standard output means for the command.
pub(crate) fn output_error(error: &io::Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Failure::not_done(format!("can't write to standard output: {}", reason(error)))),
    }
}

/// Says something to the user: exactly one line, whatever is in it.
///
/// Names of files and guests are quoted in messages, and anyone may have chosen them: no control
/// character of theirs reaches the terminal.
pub(crate) fn eprint(message: impl Display) {
    let line = format!("viraudit: {}\n", escape(&message.to_string()));
    // With nowhere left to complain, the exit status has to do.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Why it failed, without the errno's number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

/// Reads a file of at most `limit` bytes, and one byte more of one that is longer; `-` is standard
/// input.
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

/// A file's name in messages.
pub(crate) fn shown(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() }
}
