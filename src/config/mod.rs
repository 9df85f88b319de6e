//! The audit settings of `libvirtd.conf`, read as libvirt reads them.
//!
//! libvirtd parses the whole file before it looks at any key. So a mistake anywhere in the file is
//! an error here too. The grammar is that of libvirt 9.0.0: `tests/config_oracle.rs` has the
//! answers of its own parser to thousands of files.

pub(crate) mod document;
pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod parser;

use std::path::Path;

use crate::error::ConfigError;

use document::Document;
use file::{AUDIT_LEVEL, AUDIT_LOGGING};

/// Where libvirtd keeps its settings, unless it is told otherwise.
pub const DEFAULT_PATH: &str = "/etc/libvirt/libvirtd.conf";

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
    /// When the file can't be read (with the errno of that), is larger than 10 MiB (EOVERFLOW), or
    /// holds what libvirt would refuse (EINVAL).
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        match file::read(path)? {
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
    #[doc(hidden)]
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

#[cfg(test)]
mod tests;
