//! `viraudit config get`: the value of one key.

use super::set::default;
use crate::console::{json_line, shown};
use crate::exit_status::{DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::settings::{self, Target};
use serde_json::{Value, json};
use std::path::Path;
use viraudit::internal::config::{AUDIT_LEVEL, AUDIT_LOGGING, Document, Item, Number, Setting};

/// Returns the values as text or JSON, and the exit status.
pub(super) fn run(key: &str, targets: &[Target], as_json: bool) -> Result<(String, u8), Failure> {
    let mut output = String::new();
    let mut code = DONE;
    for target in targets {
        let text = match target.file == Path::new("-") {
            true => Some(settings::read_stdin(&target.file)?),
            false => settings::read(&target.file)?,
        };
        let text = text.unwrap_or_default();
        let document = Document::parse(&target.file, &text)?;
        let entry = document.get(key);
        let is_audit = [AUDIT_LEVEL, AUDIT_LOGGING].contains(&key);
        let value = entry.map(|entry| value(&entry.setting));
        let value = value.or_else(|| is_audit.then(|| default(key).into()));
        if value.is_none() {
            code = NOTHING_FOUND;
        }
        if as_json {
            output += &json_line(&json!({
                "file": target.file.to_string_lossy(),
                "daemon": target.daemon_name(),
                "key": key,
                "value": value,
                "line": entry.map(|entry| entry.line),
                "default": entry.is_none(),
            }));
        } else if let Some(value) = value {
            let value = match value {
                Value::String(text) => crate::terminal::escape(&text).into_owned(),
                other => other.to_string(),
            };
            output += &match targets {
                [_] => format!("{value}\n"),
                _ => format!("{}: {value}\n", shown(&target.file)),
            };
        }
    }
    Ok((output, code))
}

fn value(setting: &Setting<'_>) -> Value {
    let text = |text: &[u8]| Value::String(String::from_utf8_lossy(text).into_owned());
    match setting {
        Setting::Number(number) => value_of(number),
        Setting::Text(one) => text(one),
        Setting::List(items) => items
            .iter()
            .map(|item| match item {
                Item::Number(number) => value_of(number),
                Item::Text(one) => text(one),
                Item::List => Value::Array(Vec::new()),
            })
            .collect(),
    }
}

fn value_of(number: &Number) -> Value {
    match number.negative {
        true => i64::try_from(-i128::from(number.magnitude)).map_or(Value::Null, Value::from),
        false => number.magnitude.into(),
    }
}
