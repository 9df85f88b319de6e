//! The audit settings of libvirt's daemons (`libvirtd.conf`, `virtqemud.conf`, `virtlxcd.conf`), read
//! as libvirt reads them.
//!
//! libvirtd parses the whole file before it looks at any key. So a mistake anywhere in the file is
//! an error here too. The grammar is that of libvirt 9.0.0: `tests/config_oracle.rs` has the
//! answers of its own parser to thousands of files.

pub(crate) mod daemons;
pub(crate) mod document;
pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod keys;
pub(crate) mod own;
pub(crate) mod parser;

use std::path::Path;

use crate::error::ConfigError;

use document::Document;
use file::{AUDIT_LEVEL, AUDIT_LOGGING};

/// libvirtd's configuration file, unless it is started with another one.
pub const DEFAULT_PATH: &str = "/etc/libvirt/libvirtd.conf";

/// The audit settings of a daemon.
///
/// ```
/// use viraudit::{Auditor, Config, MockBackend, Options};
///
/// let config = Config::load("/no/such/libvirtd.conf")?;
/// assert_eq!((config.audit_level, config.audit_logging), (1, false)); // libvirt's defaults
/// let auditor = Auditor::open(MockBackend::new(), Options::from(config))?;
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
#[non_exhaustive]
pub struct Config {
    /// 0: no records. 1: records if the kernel takes them. 2 and above: a daemon that can't audit
    /// must not start.
    pub audit_level: u32,
    /// Whether each record is also logged.
    pub audit_logging: bool,
}

impl Default for Config {
    /// libvirt's defaults: level 1, no logging.
    fn default() -> Self {
        Self { audit_level: 1, audit_logging: false }
    }
}

impl Config {
    /// Reads the file at `path`. Without the file, the result is the default.
    ///
    /// # Errors
    ///
    /// If the file can't be read (with that errno), is larger than 10 MiB (EOVERFLOW), or would be
    /// rejected by libvirt (EINVAL).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        match file::read(path)? {
            Some(text) => Self::parse(path, &text),
            None => Ok(Self::default()),
        }
    }

    /// Reads the file of the libvirt daemon that is on this host. Without one, or without the file,
    /// the result is the default.
    ///
    /// That is the file of libvirtd, virtqemud or virtlxcd: of the first of these that runs as root,
    /// with the file that its `-f` option names; else of one that systemd starts; else of one that is
    /// installed; else [`DEFAULT_PATH`].
    ///
    /// # Errors
    ///
    /// As for [`Config::load`].
    pub fn load_host() -> Result<Self, ConfigError> {
        Self::load(daemons::settings_file(Path::new("/")))
    }

    /// Reads `text`. `path` is only for error messages.
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
    /// assert_eq!((config.audit_level, config.audit_logging), (2, true));
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
    /// If one of the two keys has a value of the wrong type or out of range.
    #[doc(hidden)]
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
