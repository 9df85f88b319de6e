//! Elements that can't be read: an error, or left out of the records and listed.

use super::element::{Element, shorten};
use crate::error::XmlError;
use std::fmt;
use std::path::Path;

/// How many characters of an unknown element's name are kept.
const MAX_NAME: usize = 60;

/// Why an element can't be read. The place is a position in the text; its line and column are
/// counted only for faults that are reported, because counting reads the whole text before it.
#[derive(Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
}

impl Fault {
    /// The fault as the error about a text.
    pub(super) fn in_text(self, text: &str) -> XmlError {
        let before = text.as_bytes().get(..self.at).unwrap_or_default();
        XmlError::behind(before, self.message)
    }
}

/// An element of a domain XML of which there is no record, because this version of viraudit can't
/// read it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NotRecorded {
    /// Its name, such as `disk`.
    pub element: String,
    /// The line where it begins, from 1.
    pub line: u32,
    /// The column where it begins, in characters, from 1.
    pub column: u32,
    /// Why it can't be read.
    pub message: String,
}

impl fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not recorded: <{}> at line {}: {}", self.element, self.line, self.message)
    }
}

/// The reading of one domain XML: what to do with faults, and where to look devices up.
pub(super) struct Reading<'a> {
    strict: bool,
    /// The kernel's list of USB devices, a directory.
    pub(super) usb_devices: &'a Path,
    left_out: Vec<(usize, NotRecorded)>,
    count: usize,
}

impl<'a> Reading<'a> {
    /// Strict reading makes each fault an error.
    pub(super) fn new(strict: bool, usb_devices: &'a Path) -> Self {
        Self { strict, usb_devices, left_out: Vec::new(), count: 0 }
    }

    /// Whether each fault is an error.
    pub(super) fn is_strict(&self) -> bool {
        self.strict
    }

    /// What was read from an element; `None` if it can't be read, and is left out.
    pub(super) fn accept<T>(
        &mut self,
        element: Element<'_>,
        read: Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        match read {
            Ok(found) => Ok(Some(found)),
            Err(fault) if self.strict => Err(fault),
            Err(fault) => {
                self.count += 1;
                if self.left_out.len() < super::MAX_NOT_RECORDED {
                    let name = shorten(element.name(), MAX_NAME);
                    let message = fault.message;
                    let note = NotRecorded { element: name, line: 0, column: 0, message };
                    self.left_out.push((element.position(), note));
                }
                Ok(None)
            }
        }
    }

    /// What was left out, in the order of the text, and the number of all such elements.
    pub(super) fn finish(mut self, text: &str) -> (Vec<NotRecorded>, usize) {
        self.left_out.sort_by_key(|(at, _)| *at);
        let (mut line, mut column, mut counted) = (1, 1, 0);
        for (at, note) in &mut self.left_out {
            for letter in text[counted..*at].chars() {
                (line, column) = if letter == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            counted = *at;
            (note.line, note.column) = (line, column);
        }
        (self.left_out.into_iter().map(|(_, note)| note).collect(), self.count)
    }
}
