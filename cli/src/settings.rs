//! The daemon's settings, for commands that go by them.

use crate::config::refused;
use crate::console::read;
use crate::failure::Failure;
use std::path::Path;
use viraudit::config::{Config, DEFAULT_PATH};

/// The settings in a file that the user named, which therefore has to exist; `-` is standard
/// input.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    let text = read(file)?;
    Config::parse(file, &text).map_err(refused)
}

/// The settings in libvirt's own file; the defaults where there is none.
pub(crate) fn load_default() -> Result<Config, Failure> {
    Config::load(Path::new(DEFAULT_PATH)).map_err(refused)
}
