//! A destination that is chosen from outside, so that a whole daemon can be tested without the kernel.

use super::current;
use super::log::{self, CapiLog};
use crate::audit_sys::process::trusted_variable;
use crate::config::{self, document::Document, own, own::TARGETS};
use crate::error::ConfigError;
use crate::log::{LogLevel, LogSink};
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The variable that has precedence over the setting.
const VARIABLE: &str = "VIRAUDIT_TARGET";

/// A destination.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Kernel,
    Mock,
    File(PathBuf),
}

impl Target {
    fn parse(text: &[u8]) -> Option<Self> {
        match text {
            b"kernel" => Some(Self::Kernel),
            b"mock" => Some(Self::Mock),
            _ => {
                let path = text.strip_prefix(b"file:").filter(|path| !path.is_empty())?;
                Some(Self::File(Path::new(OsStr::from_bytes(path)).to_owned()))
            }
        }
    }

    /// The destination that VIRAUDIT_TARGET or else viraudit.conf chooses. An error in them is logged,
    /// and records go to the kernel; that they don't go there is logged, too.
    pub(super) fn chosen() -> Self {
        let (target, by) = match variable() {
            Some(target) => (target, VARIABLE),
            None => (setting(), own::DELIVERY_TARGET),
        };
        let instead = match &target {
            Self::Kernel => return target,
            Self::Mock => "are kept in memory".to_owned(),
            Self::File(path) => format!("are written to {}", path.display()),
        };
        warn(&format!(
            "records {instead} and don't go to the kernel: {by} is set, which is for tests only"
        ));
        target
    }
}

/// The choice of the variable; `None` if it isn't set, or in a privileged program.
fn variable() -> Option<Target> {
    let text = trusted_variable(VARIABLE)?.into_vec();
    if text.is_empty() {
        return None;
    }
    Some(Target::parse(&text).unwrap_or_else(|| {
        warn(&format!("{VARIABLE} must be {}, not \"{}\"", TARGETS, text.escape_ascii()));
        Target::Kernel
    }))
}

/// The choice of the setting.
fn setting() -> Target {
    read_setting().unwrap_or_else(|error| {
        // In libvirt, the other settings are read from this file as well, and have logged it.
        if !log::has_libvirt() || error.message.starts_with(own::DELIVERY_TARGET) {
            warn(&error.to_string());
        }
        Target::Kernel
    })
}

fn read_setting() -> Result<Target, ConfigError> {
    let path = trusted_variable("VIRAUDIT_CONF").unwrap_or_else(|| own::PATH.into());
    let path = Path::new(&path);
    let Some(text) = config::file::read(path)? else { return Ok(Target::Kernel) };
    let document = Document::parse(path, &text)?;
    let Some(value) = document.string(own::DELIVERY_TARGET)? else { return Ok(Target::Kernel) };
    let unfit = || document.get(own::DELIVERY_TARGET).map(|entry| document.unfit(entry, TARGETS));
    match Target::parse(value) {
        Some(target) => Ok(target),
        None => unfit().map_or(Ok(Target::Kernel), Err),
    }
}

fn warn(message: &str) {
    CapiLog.log(LogLevel::Warning, current::caller("virAuditOpen"), message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets() {
        for (text, expected) in [
            ("kernel", Some(Target::Kernel)),
            ("mock", Some(Target::Mock)),
            ("file:/a b", Some(Target::File("/a b".into()))),
            ("file:records", Some(Target::File("records".into()))),
            ("file:", None),
            ("/a", None),
            ("Mock", None),
            ("stdout", None),
            ("", None),
        ] {
            assert_eq!(Target::parse(text.as_bytes()), expected, "{text}");
        }
    }
}
