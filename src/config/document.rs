//! A parsed configuration file, and typed access to its settings.

use std::path::Path;

use super::file::{MAX_FILE_SIZE, too_large};
use super::parser::{Entry, Parser, Piece, Setting};
use crate::error::ConfigError;

/// Every setting of a file, in the grammar of libvirt's configuration files.
///
/// The typed getters work as libvirt's. A missing key is `None`. A value of another type is an error
/// with the file, the line and what was expected.
///
/// ```
/// use std::path::Path;
/// use viraudit::internal::config::Document;
///
/// let text = b"delivery = \"queued\"\nqueue_limit = 1000\nqueue_limit = 7 # too late\n";
/// let document = Document::parse(Path::new("viraudit.conf"), text)?;
/// assert_eq!(document.string("delivery")?, Some(&b"queued"[..]));
/// assert_eq!(document.uint("queue_limit")?, Some(1000));
/// assert_eq!(document.uint("delay")?, None);
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Document<'a> {
    path: &'a Path,
    entries: Vec<Entry<'a>>,
}

impl<'a> Document<'a> {
    /// Parses all of `text`. `path` is only for error messages.
    ///
    /// # Errors
    ///
    /// At the first place where libvirt's parser fails, with the line that libvirt reports (EINVAL),
    /// or if the text is larger than [`MAX_FILE_SIZE`] (EOVERFLOW).
    pub fn parse(path: &'a Path, text: &'a [u8]) -> Result<Self, ConfigError> {
        if text.len() > MAX_FILE_SIZE {
            return Err(too_large(path));
        }
        let mut entries = Vec::new();
        for piece in Parser::new(path, text) {
            if let Piece::Entry(entry) = piece? {
                entries.push(entry);
            }
        }
        Ok(Self { path, entries })
    }

    /// The statement that counts for `key`: the first one, as in libvirt. Keys are case-sensitive.
    pub fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// All statements in the order of the file, including those that don't count.
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// A number of 32 bits.
    ///
    /// # Errors
    ///
    /// If it is anything else. A number beyond 64 bits wraps around, as in libvirt: see [`Number::wrapped`](super::Number::wrapped).
    pub fn uint(&self, key: &str) -> Result<Option<u32>, ConfigError> {
        self.number(key, u64::from(u32::MAX), "a number from 0 to 4294967295")
            .map(|value| value.map(|value| value as u32))
    }

    /// A number of 64 bits.
    ///
    /// # Errors
    ///
    /// If it is anything else. Beyond 64 bits as for [`Document::uint`].
    pub fn size(&self, key: &str) -> Result<Option<u64>, ConfigError> {
        self.number(key, u64::MAX, "a number from 0 to 18446744073709551615")
    }

    /// A switch: 0 for off or 1 for on.
    ///
    /// # Errors
    ///
    /// If it is anything else. Beyond 64 bits as for [`Document::uint`].
    pub fn bool(&self, key: &str) -> Result<Option<bool>, ConfigError> {
        self.number(key, 1, "0 or 1").map(|value| value.map(|value| value == 1))
    }

    /// A string, without its quotes and cut at its first NUL byte. It may hold any other byte.
    ///
    /// # Errors
    ///
    /// If it is anything else.
    pub fn string(&self, key: &str) -> Result<Option<&'a [u8]>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Entry { setting: Setting::Text(text), .. }) => Ok(Some(text)),
            Some(entry) => Err(self.unfit(entry, "a string in quotes")),
        }
    }

    /// The error that `entry` of this document isn't `expected`, such as `"direct" or "queued"`.
    pub fn unfit(&self, entry: &Entry<'_>, expected: &str) -> ConfigError {
        let given = match &entry.setting {
            // The type is right then, so the message quotes the value.
            Setting::Text(text) if expected.starts_with('"') => {
                format!("\"{}\"", text.escape_ascii())
            }
            setting => setting.to_string(),
        };
        self.mistake(entry, format!("{} must be {expected}, not {given}", entry.key))
    }

    /// The error with this message about `entry` of this document.
    pub fn mistake(&self, entry: &Entry<'_>, message: String) -> ConfigError {
        ConfigError { path: self.path.to_owned(), line: entry.line, message, errno: libc::EINVAL }
    }

    fn number(&self, key: &str, max: u64, expected: &str) -> Result<Option<u64>, ConfigError> {
        match self.get(key) {
            None => Ok(None),
            Some(Entry { setting: Setting::Number(number), .. })
                if !number.negative && number.magnitude <= max =>
            {
                Ok(Some(number.magnitude))
            }
            Some(entry) => Err(self.unfit(entry, expected)),
        }
    }
}
