//! Parsers for the values of arguments.

use crate::failure::Failure;
use clap::builder::{OsStringValueParser, TypedValueParser};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use viraudit::Value;
use viraudit::record::Rdev;

/// An argument as the value of a record; it need not be UTF-8.
pub(crate) fn value(text: OsString) -> Value<'static> {
    text.into_vec().into()
}

/// Parses a value that must not be empty.
pub(crate) fn word() -> impl TypedValueParser<Value = OsString> {
    OsStringValueParser::new().try_map(|text| match text.is_empty() {
        true => Err("it must not be empty"),
        false => Ok(text),
    })
}

/// Parses a number: decimal, or hex with 0x.
pub(crate) fn number(text: &str) -> Result<u32, &'static str> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    }
    .map_err(|_| "expected a decimal number, or a hex number with 0x")
}

/// Parses permissions.
pub(crate) fn acl(text: &str) -> Result<String, &'static str> {
    let known = !text.is_empty() && text.bytes().all(|byte| b"rwm".contains(&byte));
    known.then(|| text.to_owned()).ok_or("expected one or more of r, w and m")
}

/// The given device number, or that of the device at the path.
pub(crate) fn rdev_of(given: Option<Rdev>, path: &Value<'_>) -> Option<Rdev> {
    given.or_else(|| Rdev::of_path(path.as_path()))
}

/// Fails if none of the options was given.
pub(crate) fn need(any: bool, kind: &str, options: &str) -> Result<(), Failure> {
    match any {
        true => Ok(()),
        false => Err(Failure::bad_input(format!("emit {kind}: nothing to record; give {options}"))),
    }
}
