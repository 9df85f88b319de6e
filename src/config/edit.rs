//! Changes settings in the text of a file and nothing else in it.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

use super::Config;
use super::document::Document;
use super::file::{AUDIT_LEVEL, AUDIT_LOGGING};
use super::parser::{Parser, Piece, Setting, is_blank, is_line_end};
use crate::error::ConfigError;

/// A new value for one of the settings of [`Config`]; parsed from `KEY=VALUE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// A new [`Config::audit_level`].
    AuditLevel(u32),
    /// A new [`Config::audit_logging`].
    AuditLogging(bool),
}

impl Assignment {
    /// The key it is for.
    pub fn key(self) -> &'static str {
        match self {
            Self::AuditLevel(_) => AUDIT_LEVEL,
            Self::AuditLogging(_) => AUDIT_LOGGING,
        }
    }

    /// The value as a number in a file.
    fn number(self) -> u32 {
        match self {
            Self::AuditLevel(level) => level,
            Self::AuditLogging(on) => u32::from(on),
        }
    }

    /// Whether `config` is as this wants it.
    fn holds_in(self, config: &Config) -> bool {
        match self {
            Self::AuditLevel(level) => config.audit_level == level,
            Self::AuditLogging(on) => config.audit_logging == on,
        }
    }
}

/// Why a text is not an [`Assignment`]: what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadAssignment(String);

impl fmt::Display for BadAssignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadAssignment {}

impl FromStr for Assignment {
    type Err = BadAssignment;

    /// ```
    /// use viraudit::internal::config::edit::Assignment;
    /// assert_eq!("audit_level=2".parse(), Ok(Assignment::AuditLevel(2)));
    /// assert!("audit_logging=yes".parse::<Assignment>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, BadAssignment> {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| BadAssignment(format!("'{text}' is not of the form KEY=VALUE")))?;
        match key {
            AUDIT_LEVEL => {
                // str::parse would also take a plus sign.
                let digits = value.bytes().all(|byte| byte.is_ascii_digit());
                match value.parse() {
                    Ok(level) if digits => Ok(Self::AuditLevel(level)),
                    _ => Err(BadAssignment(format!(
                        "{key} must be a number from 0 to 4294967295, not '{value}'"
                    ))),
                }
            }
            AUDIT_LOGGING => match value {
                "0" => Ok(Self::AuditLogging(false)),
                "1" => Ok(Self::AuditLogging(true)),
                _ => Err(BadAssignment(format!("{key} must be 0 or 1, not '{value}'"))),
            },
            _ => Err(BadAssignment(format!(
                "'{key}' is not a setting of auditing; those are {AUDIT_LEVEL} and {AUDIT_LOGGING}"
            ))),
        }
    }
}

/// The text after `assignments`; a later one overrides an earlier one.
///
/// A key that is set already gets its new value in the first statement, which is the one that
/// counts. Nothing else changes. A key that isn't set gets a line of its own, after the first line
/// that has it commented out, or at the end. `path` is only for error messages.
///
/// # Errors
///
/// If libvirt would reject the file: before, because of its syntax, or afterwards, because of the
/// value of a setting that isn't assigned.
pub fn set(path: &Path, text: &[u8], assignments: &[Assignment]) -> Result<Vec<u8>, ConfigError> {
    let mut text = text.to_vec();
    for &assignment in assignments {
        text = set_one(path, &text, assignment)?;
    }
    // What is written must read as it was meant; only a fault in this file could break that.
    let config = Config::parse(path, &text)?;
    for (at, assignment) in assignments.iter().enumerate() {
        let overridden = assignments[at + 1..].iter().any(|later| later.key() == assignment.key());
        if !overridden && !assignment.holds_in(&config) {
            return Err(ConfigError {
                path: path.to_owned(),
                line: 0,
                message: format!("{} can't be set in this file", assignment.key()),
                errno: libc::EINVAL,
            });
        }
    }
    Ok(text)
}

/// The text without any statement that sets one of `keys`. Comments stay.
///
/// # Errors
///
/// If libvirt would reject the file before, or if a statement can't be taken out of its line.
pub fn unset(path: &Path, text: &[u8], keys: &[&str]) -> Result<Vec<u8>, ConfigError> {
    let document = Document::parse(path, text)?;
    let kept: Vec<_> =
        document.entries().iter().filter(|entry| !keys.contains(&entry.key)).collect();
    let mut new = text.to_vec();
    for entry in document.entries().iter().rev().filter(|entry| keys.contains(&entry.key)) {
        new.drain(statement(text, entry.place.clone()));
    }
    if new.iter().all(|&byte| is_blank(byte) || is_line_end(byte)) {
        new.clear();
    }
    // Nothing else may change; only statements on one line could break that.
    let after = Document::parse(path, &new);
    let is_same = after.as_ref().is_ok_and(|after| {
        let left = after.entries().iter().map(|entry| (entry.key, &entry.setting));
        left.eq(kept.iter().map(|entry| (entry.key, &entry.setting)))
    });
    if is_same {
        return Ok(new);
    }
    let line = document.entries().iter().find(|entry| keys.contains(&entry.key));
    Err(ConfigError {
        path: path.to_owned(),
        line: line.map_or(0, |entry| entry.line),
        message: "this line can't be removed without changing another setting".into(),
        errno: libc::EINVAL,
    })
}

/// What is removed with a statement: all of its lines, or, if another statement is on its line, the
/// statement and the `;` behind it.
fn statement(text: &[u8], place: Range<usize>) -> Range<usize> {
    let before = &text[..place.start];
    let indent = before.iter().rev().take_while(|&&byte| is_blank(byte)).count();
    let starts_line = matches!(
        before.len().checked_sub(indent + 1).map(|at| before[at]),
        None | Some(b'\n' | b'\r')
    );
    let behind = &text[place.end..];
    let blanks = behind.iter().take_while(|&&byte| is_blank(byte)).count();
    match behind.get(blanks) {
        Some(b';') => place.start..place.end + blanks + 1,
        _ if starts_line => {
            let line = behind.iter().take_while(|&&byte| !is_line_end(byte)).count();
            let end = place.end + line;
            place.start - indent..end + line_end_at(text, end).len()
        }
        _ => place,
    }
}

fn set_one(path: &Path, text: &[u8], assignment: Assignment) -> Result<Vec<u8>, ConfigError> {
    let key = assignment.key();
    // libvirt rejects a file that is only blank space, but with a statement it is valid.
    let blank = text.iter().all(|&byte| is_blank(byte) || is_line_end(byte));
    let document = Document::parse(path, if blank { b"" } else { text })?;
    if let Some(entry) = document.get(key) {
        let as_is = matches!(&entry.setting, Setting::Number(number) if !number.negative
            && !number.wrapped
            && number.magnitude == u64::from(assignment.number()));
        if as_is {
            return Ok(text.to_vec());
        }
        let value = assignment.number().to_string();
        return Ok(splice(text, entry.value.clone(), value.as_bytes()));
    }
    let template = if blank { None } else { commented_out(path, text, key) };
    let at = template.unwrap_or(text.len());
    let line_end = line_end_before(text, at);
    let mut line = Vec::new();
    if !matches!(text[..at].last(), None | Some(b'\n' | b'\r')) {
        line.extend_from_slice(line_end);
    }
    line.extend_from_slice(format!("{key} = {}", assignment.number()).as_bytes());
    line.extend_from_slice(line_end);
    Ok(splice(text, at..at, &line))
}

fn splice(text: &[u8], place: Range<usize>, new: &[u8]) -> Vec<u8> {
    [&text[..place.start], new, &text[place.end..]].concat()
}

/// Where the line begins that follows the first comment which would set `key` without its `#`.
fn commented_out(path: &Path, text: &[u8], key: &str) -> Option<usize> {
    Parser::new(path, text).filter_map(Result::ok).find_map(|piece| match piece {
        Piece::Comment(place) if would_set(path, &text[place.clone()], key) => {
            let end = place.end + line_end_at(text, place.end).len();
            Some(end)
        }
        _ => None,
    })
}

/// Whether a comment, without the `#` before it, would set `key` and nothing else. Prose such as
/// `#   audit_level == 0  -> disable all auditing` does not parse.
fn would_set(path: &Path, comment: &[u8], key: &str) -> bool {
    let hidden = comment.iter().take_while(|&&byte| byte == b'#' || is_blank(byte)).count();
    let mut pieces = Parser::new(path, &comment[hidden..]);
    let sets = matches!(pieces.next(), Some(Ok(Piece::Entry(entry))) if entry.key == key);
    sets && pieces.next().is_none()
}

/// The line end that starts at `at`, if one does.
fn line_end_at(text: &[u8], at: usize) -> &'static [u8] {
    match text.get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => b"\r\n",
        [b'\n', ..] => b"\n",
        [b'\r', ..] => b"\r",
        _ => b"",
    }
}

/// How lines end in `text`: as the one before `at`, or the first one; a line feed if none does.
fn line_end_before(text: &[u8], at: usize) -> &'static [u8] {
    match &text[..at] {
        [.., b'\r', b'\n'] => b"\r\n",
        [.., b'\n'] => b"\n",
        [.., b'\r'] => b"\r",
        _ => match text.iter().position(|&byte| is_line_end(byte)) {
            Some(first) => line_end_at(text, first),
            None => b"\n",
        },
    }
}

#[cfg(test)]
mod tests;
