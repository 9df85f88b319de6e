//! The file of the daemon's settings.

use crate::console::reason;
use crate::failure::Failure;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, stdin};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use viraudit::config::{Config, DEFAULT_PATH};
use viraudit::internal::config as settings;

/// Loads a file that the user named; it must exist.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    let missing =
        || Failure::not_done(format!("can't read {}: No such file or directory", file.display()));
    let text = read(file)?.ok_or_else(missing)?;
    Ok(Config::parse(file, &text)?)
}

/// Loads libvirt's own file; without one the defaults apply.
pub(crate) fn load_default() -> Result<Config, Failure> {
    let file = Path::new(DEFAULT_PATH);
    let text = read(file)?;
    Ok(text.map_or(Ok(Config::default()), |text| Config::parse(file, &text))?)
}

/// Reads a file; `None` if it doesn't exist.
///
/// A FIFO is rejected: reading one would wait for a writer, for ever if there is none.
pub(crate) fn read(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let failed = |why: &str| Failure::not_done(format!("can't read {}: {why}", file.display()));
    match OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(file) {
        Ok(opened) if is_fifo(&opened) => Err(failed("it is a FIFO, not a regular file")),
        Ok(opened) => Ok(Some(settings::read_from(file, opened)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&reason(&error))),
    }
}

fn is_fifo(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Reads standard input; `name` is for messages.
pub(crate) fn read_stdin(name: &Path) -> Result<Vec<u8>, Failure> {
    Ok(settings::read_from(name, stdin().lock())?)
}
