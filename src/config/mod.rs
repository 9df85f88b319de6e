//! The settings of `libvirtd.conf` that concern auditing, read as libvirt reads them.
//!
//! libvirtd parses its whole file before it looks at any key, so a mistake anywhere in the file is
//! an error here too, whichever key it belongs to. The grammar was learnt from libvirt 9.0.0 by
//! asking its own parser about thousands of files; `tests/config_oracle.rs` holds its answers.
//! [`Document`] reads any file of that grammar, [`edit`] changes one without touching the rest.

mod document;
pub mod edit;
mod parser;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::ConfigError;

pub use document::Document;
pub use parser::{Entry, Item, Number, Setting};

/// Where libvirtd keeps its settings, unless it is told otherwise.
pub const DEFAULT_PATH: &str = "/etc/libvirt/libvirtd.conf";

/// The largest file that libvirt reads, in bytes (10 MiB).
pub const MAX_FILE_SIZE: usize = 10 * 1024 * 1024;

/// The key of [`Config::audit_level`].
pub const AUDIT_LEVEL: &str = "audit_level";

/// The key of [`Config::audit_logging`].
pub const AUDIT_LOGGING: &str = "audit_logging";

/// How a daemon is to audit.
///
/// ```
/// use viraudit::{Config, Options};
///
/// let config = Config::load("/no/such/libvirtd.conf".as_ref())?; // libvirt's defaults
/// let options = Options {
///     level: config.audit_level,
///     logging: config.audit_logging,
///     ..Options::default()
/// };
/// assert_eq!((options.level, options.logging), (1, false));
/// # Ok::<(), viraudit::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Config {
    /// 0: no records. 1: records wherever auditing is there to take them. 2 and above: a daemon
    /// that can't audit must not start.
    pub audit_level: u32,
    /// Whether each record also goes to the daemon's log.
    pub audit_logging: bool,
}

impl Default for Config {
    /// What libvirt does when the file doesn't say: level 1, no logging.
    fn default() -> Self {
        Self { audit_level: 1, audit_logging: false }
    }
}

impl Config {
    /// The settings in the file at `path`. A file that doesn't exist is the default.
    ///
    /// # Errors
    ///
    /// When the file can't be read (with the errno of that), is larger than [`MAX_FILE_SIZE`]
    /// (EOVERFLOW), or holds what libvirt would refuse (EINVAL).
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        match read(path)? {
            Some(text) => Self::parse(path, &text),
            None => Ok(Self::default()),
        }
    }

    /// The settings in `text`; `path` is for the messages only.
    ///
    /// # Errors
    ///
    /// As for [`Config::load`].
    ///
    /// ```
    /// use std::path::Path;
    /// use viraudit::config::Config;
    ///
    /// let file = Path::new("libvirtd.conf");
    /// let config = Config::parse(file, b"audit_level = 2 # or exit\naudit_logging = 1\n")?;
    /// assert_eq!(config, Config { audit_level: 2, audit_logging: true });
    ///
    /// let error = Config::parse(file, b"# auditing\naudit_level = '2'\n").unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "libvirtd.conf:2: audit_level must be a number from 0 to 4294967295, not a string"
    /// );
    /// # Ok::<(), viraudit::Error>(())
    /// ```
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, ConfigError> {
        Self::from_document(&Document::parse(path, text)?)
    }

    /// The settings in a parsed file.
    ///
    /// # Errors
    ///
    /// When one of the two keys has a value of the wrong type or out of range.
    pub fn from_document(document: &Document<'_>) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            audit_level: document.uint(AUDIT_LEVEL)?.unwrap_or(default.audit_level),
            audit_logging: document.bool(AUDIT_LOGGING)?.unwrap_or(default.audit_logging),
        })
    }
}

/// The bytes of the file at `path`; `None` when there is no such file.
///
/// # Errors
///
/// When it can't be read, or is larger than [`MAX_FILE_SIZE`] (EOVERFLOW).
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    match File::open(path) {
        Ok(file) => read_from(path, file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// The bytes of an open file or stream; `path` is for the messages only.
///
/// # Errors
///
/// As for [`read()`].
pub fn read_from(path: &Path, source: impl Read) -> Result<Vec<u8>, ConfigError> {
    let mut text = Vec::new();
    // One byte more than is allowed, to see that there is more.
    let limit = MAX_FILE_SIZE as u64 + 1;
    source.take(limit).read_to_end(&mut text).map_err(|error| unreadable(path, &error))?;
    if text.len() > MAX_FILE_SIZE { Err(too_large(path)) } else { Ok(text) }
}

fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    ConfigError {
        path: path.to_owned(),
        line: 0,
        message: format!("can't read it: {error}"),
        errno: error.raw_os_error().unwrap_or(libc::EIO),
    }
}

fn too_large(path: &Path) -> ConfigError {
    ConfigError {
        path: path.to_owned(),
        line: 0,
        message: format!("the file is larger than the {MAX_FILE_SIZE} bytes that libvirt reads"),
        errno: libc::EOVERFLOW,
    }
}

#[cfg(test)]
mod tests;
