//! The types of arguments: bytes where a record holds bytes, and numbers as records write them.

use crate::failure::Failure;
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use viraudit::Value;
use viraudit::record::Rdev;

/// An argument as a record holds it; it need not be UTF-8.
pub(crate) fn value(text: OsString) -> Value<'static> {
    text.into_vec().into()
}

/// Reads a value that a record can't leave empty.
pub(crate) fn word() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().try_map(|text| match text.is_empty() {
        true => Err("it can't be empty"),
        false => Ok(text),
    })
}

/// Reads a number, decimal or hex with 0x.
pub(crate) fn number(text: &str) -> Result<u32, &'static str> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    }
    .map_err(|_| "a number is decimal, or hex with 0x in front")
}

/// Reads permissions.
pub(crate) fn acl(text: &str) -> Result<String, &'static str> {
    let known = !text.is_empty() && text.bytes().all(|byte| b"rwm".contains(&byte));
    known.then(|| text.to_owned()).ok_or("permissions are made of r, w and m")
}

/// The device number that was given, or that of what is at the path now.
pub(crate) fn rdev_of(given: Option<Rdev>, path: &Value<'_>) -> Option<Rdev> {
    given.or_else(|| Rdev::of_path(path.as_path()))
}

/// Fails unless one of the options was given.
pub(crate) fn need(any: bool, kind: &str, options: &str) -> Result<(), Failure> {
    match any {
        true => Ok(()),
        false => Err(Failure::bad_input(format!(
            "emit {kind}: give {options}; else there is nothing to record"
        ))),
    }
}
