//! The daemon's settings, for `emit` and `status`.

use crate::failure::Failure;
use std::path::Path;
use viraudit::config::{Config, DEFAULT_PATH};
use viraudit::internal::config;

/// Loads a file that the user named; it must exist.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    let missing =
        || Failure::not_done(format!("can't read {}: No such file or directory", file.display()));
    let text = config::read(file)?.ok_or_else(missing)?;
    Ok(Config::parse(file, &text)?)
}

/// Loads libvirt's own file; without one the defaults apply.
pub(crate) fn load_default() -> Result<Config, Failure> {
    Ok(Config::load(Path::new(DEFAULT_PATH))?)
}
