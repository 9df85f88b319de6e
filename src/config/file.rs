//! Reading a configuration file.

use crate::error::ConfigError;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest file that libvirt reads, in bytes (10 MiB).
pub const MAX_FILE_SIZE: usize = 10 * 1024 * 1024;

/// The key of `Config::audit_level`.
pub const AUDIT_LEVEL: &str = "audit_level";

/// The key of `Config::audit_logging`.
pub const AUDIT_LOGGING: &str = "audit_logging";

/// Reads the file at `path`; `None` if it doesn't exist.
///
/// # Errors
///
/// If it can't be read, or is larger than [`MAX_FILE_SIZE`] (EOVERFLOW).
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    match File::open(path) {
        Ok(file) => read_from(path, file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Reads an open file or stream. `path` is only for error messages.
///
/// # Errors
///
/// As for [`read`].
pub fn read_from(path: &Path, source: impl Read) -> Result<Vec<u8>, ConfigError> {
    let mut text = Vec::new();
    // One byte more than is allowed shows that the file is too large.
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

pub(super) fn too_large(path: &Path) -> ConfigError {
    ConfigError {
        path: path.to_owned(),
        line: 0,
        message: format!("the file is larger than the {MAX_FILE_SIZE} bytes that libvirt reads"),
        errno: libc::EOVERFLOW,
    }
}
