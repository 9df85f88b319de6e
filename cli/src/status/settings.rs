//! The daemons' settings and where they come from.

use super::daemon::{DaemonState, Proc};
use crate::failure::Failure;
use crate::settings::{load, load_optional, targets};
use serde::Serialize;
use std::path::{Path, PathBuf};
use viraudit::config::Config;

/// A daemon's settings, and the file that they come from.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    pub(super) file: String,
    pub(super) found: bool,
    pub(super) audit_level: u32,
    pub(super) audit_logging: bool,
    /// Why the defaults are shown although the file may set something else.
    pub(super) error: Option<String>,
    /// The daemon that reads the file; `None` if the user named the file or no daemon was found.
    pub(super) daemon: Option<DaemonState>,
}

/// The settings of every daemon on the host; at least one.
#[derive(Debug)]
pub(crate) struct AllSettings {
    first: Settings,
    others: Vec<Settings>,
}

impl AllSettings {
    /// Those of the first daemon, and of the others.
    pub(super) fn new(first: Settings, others: Vec<Settings>) -> Self {
        Self { first, others }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Settings> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Those that decide whether records are delivered: of a daemon that sends none, else the first.
    pub(super) fn deciding(&self) -> &Settings {
        self.iter().find(|settings| settings.audit_level == 0).unwrap_or(&self.first)
    }
}

impl Settings {
    /// Loads a file, or those of the daemons of the host whose root directory is `root`.
    ///
    /// A file that the user named must be readable and valid. A daemon's own file may be neither:
    /// the rest of the status is still useful.
    pub(super) fn load(file: Option<PathBuf>, root: &Path) -> Result<AllSettings, Failure> {
        if let Some(file) = file {
            let config = load(&file)?;
            return Ok(AllSettings::new(Self::of(&file, true, config, None, None), Vec::new()));
        }
        let proc = Proc::of(root);
        let mut settings = targets(root, None).into_iter().map(|target| {
            let loaded = load_optional(&target.file);
            let error = loaded.as_ref().err().map(|failure| failure.message.clone());
            let found = target.file.exists();
            let daemon = target.daemon.map(|daemon| DaemonState::of(&daemon, &proc));
            Self::of(&target.file, found, loaded.unwrap_or_default(), error, daemon)
        });
        let first = settings.next();
        let first = first.ok_or_else(|| Failure::not_done("no file of settings"))?;
        Ok(AllSettings::new(first, settings.collect()))
    }

    /// The daemon that reads it, in words.
    pub(super) fn reader(&self) -> &'static str {
        self.daemon.as_ref().map_or("the daemon", |daemon| daemon.name)
    }

    fn of(
        file: &Path,
        found: bool,
        config: Config,
        error: Option<String>,
        daemon: Option<DaemonState>,
    ) -> Self {
        let Config { audit_level, audit_logging, .. } = config;
        Self { file: file.display().to_string(), found, audit_level, audit_logging, error, daemon }
    }
}
