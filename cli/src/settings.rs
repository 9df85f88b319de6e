//! The daemon's settings, for commands that go by them.

use crate::config::refused;
use crate::failure::Failure;
use std::path::Path;
use viraudit::config::{self, Config, DEFAULT_PATH};

/// The settings in a file that the user named, which therefore has to exist.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    let missing =
        || Failure::not_done(format!("can't read {}: No such file or directory", file.display()));
    let text = config::read(file).map_err(refused)?.ok_or_else(missing)?;
    Config::parse(file, &text).map_err(refused)
}

/// The settings in libvirt's own file; the defaults where there is none.
pub(crate) fn load_default() -> Result<Config, Failure> {
    Config::load(Path::new(DEFAULT_PATH)).map_err(refused)
}
