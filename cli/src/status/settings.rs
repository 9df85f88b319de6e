//! The daemon's settings and where they come from.

use crate::failure::Failure;
use crate::settings::{load, load_default};
use serde::Serialize;
use std::path::{Path, PathBuf};
use viraudit::config::{Config, DEFAULT_PATH};

/// The daemon's settings, and the file that they come from.
#[derive(Debug, Serialize)]
pub(crate) struct Settings {
    pub(super) file: String,
    pub(super) found: bool,
    pub(super) audit_level: u32,
    pub(super) audit_logging: bool,
    /// Why the defaults are shown although the file may set something else.
    pub(super) error: Option<String>,
}

impl Settings {
    /// Loads a file.
    ///
    /// A file that the user named must be readable and valid. libvirt's own file may be neither:
    /// the rest of the status is still useful.
    pub(super) fn load(file: Option<PathBuf>) -> Result<Self, Failure> {
        let (found, config, error) = match &file {
            Some(file) => (true, load(file)?, None),
            None => {
                let loaded = load_default();
                let error = loaded.as_ref().err().map(|failure| failure.message.clone());
                let found = Path::new(DEFAULT_PATH).exists();
                (found, loaded.unwrap_or_default(), error)
            }
        };
        let file = file.unwrap_or_else(|| DEFAULT_PATH.into()).display().to_string();
        let Config { audit_level, audit_logging, .. } = config;
        Ok(Self { file, found, audit_level, audit_logging, error })
    }
}
