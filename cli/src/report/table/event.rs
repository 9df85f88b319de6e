//! Events as text: below their session, or alone (`watch`).

use super::columns::Columns;
use crate::report::layout::{cut, put, width};
use crate::terminal::escape;
use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use viraudit_trail::report::{Cause, EventView, Value};
use viraudit_trail::time::{LocalFormatCache, local};

/// The width of an event's kind, unless its name is longer.
const KIND: usize = 8;

/// The minimum width of a guest's name.
const NAME: usize = 12;

/// Appends the line of an event below its session. `key` is the session's stable name.
pub(super) fn append(
    event: &EventView<'_>,
    key: &str,
    proof: bool,
    columns: &Columns,
    times: &mut LocalFormatCache,
    lines: &mut Vec<u8>,
) {
    let bad = matches!(event.kind, "avc" | "anomaly" | "landlock" | "seccomp" | "down" | "boot")
        || event.get("success") == Some(&Value::Bool(false));
    let style = Style::new().fg_color(Some(AnsiColor::Red.into()));
    let style = Some(style).filter(|_| columns.colour && bad);
    if let Some(style) = style {
        lines.extend_from_slice(style.to_string().as_bytes());
    }
    let start = lines.len();
    lines.extend_from_slice(b"  ");
    lines.extend_from_slice(times.bytes(event.time));
    lines.extend_from_slice(b"  ");
    put(lines, event.kind, KIND.max(event.kind.len()));
    lines.extend_from_slice(b"  ");
    let vm = escape(&event.vm);
    put(lines, &vm, NAME.max(width(&vm)));
    lines.extend_from_slice(b"  ");
    lines.extend_from_slice(escape(&describe(event)).as_bytes());
    if let Some(stamp) = event.proof.filter(|_| proof) {
        lines.extend_from_slice(format!("  {stamp}").as_bytes());
    }
    // Last, because it is what a terminal may cut.
    lines.extend_from_slice(b"  session=");
    lines.extend_from_slice(escape(key).as_bytes());
    cut(lines, start, columns.room);
    if let Some(style) = style {
        lines.extend_from_slice(format!("{style:#}").as_bytes());
    }
    lines.push(b'\n');
}

/// Appends the line of what may have made a start fail, below its session.
pub(super) fn append_cause(
    vm: &str,
    cause: &Cause,
    columns: &Columns,
    times: &mut LocalFormatCache,
    lines: &mut Vec<u8>,
) {
    let start = lines.len();
    lines.extend_from_slice(b"  ");
    lines.extend_from_slice(times.bytes(cause.time));
    lines.extend_from_slice(b"  ");
    put(lines, "cause", KIND);
    lines.extend_from_slice(b"  ");
    let vm = escape(vm);
    put(lines, &vm, NAME.max(width(&vm)));
    lines.extend_from_slice(if cause.likely { b"  likely: " } else { b"  also: " });
    lines.extend_from_slice(escape(&cause.text).as_bytes());
    if let Some(stamp) = cause.proof {
        lines.extend_from_slice(format!("  {stamp}").as_bytes());
    }
    cut(lines, start, columns.room);
    lines.push(b'\n');
}

/// The row of an event alone, with the name of its guest.
pub(crate) fn live(event: &EventView<'_>) -> Vec<u8> {
    let time = local(event.time, &TimeZone::system());
    let mut line = format!("{time}  {:<KIND$}  ", event.kind).into_bytes();
    let vm = escape(&event.vm);
    put(&mut line, &vm, NAME.max(width(&vm)));
    line.extend_from_slice(b"  ");
    line.extend_from_slice(escape(&describe(event)).as_bytes());
    line.push(b'\n');
    line
}

/// The text of an event.
pub(crate) fn describe(event: &EventView<'_>) -> String {
    let mut words = Vec::new();
    let mut shown = Vec::new();
    let mut take = |keys: &'static [&'static str]| {
        shown.extend_from_slice(keys);
        keys.iter().filter_map(|key| event.text(key)).map(str::to_owned).collect::<Vec<_>>()
    };
    match event.kind {
        "resource" | "held" => {
            words.extend(take(&["resource", "reason"]));
            let (old, new) = (event.text("old"), event.text("new"));
            match (old, new) {
                (Some(old), Some(new)) => words.push(format!("{old} -> {new}")),
                (Some(old), None) => words.push(format!("{old} -> none")),
                (None, new) => words.extend(new.map(str::to_owned)),
            }
            take(&["old", "new"]);
        }
        "avc" | "landlock" => words.extend(take(&["result", "operation", "target"])),
        "seccomp" => words.extend(take(&["action", "syscall", "signal_name"])),
        "landlock-domain" => words.extend(take(&["status", "domain"])),
        "anomaly" => words.extend(take(&["type", "signal_name"])),
        "down" => {
            take(&["reason"]);
            words.push("the host went down".into());
        }
        "boot" => {
            take(&["reason"]);
            words.push("the host started again: it had crashed".into());
        }
        _ => words.extend(take(&["model", "reason", "op"])),
    }
    if event.get("success") == Some(&Value::Bool(false)) {
        words.push("FAILED".into());
    }
    for (key, value) in &event.fields {
        // `user` is who it was. JSON has what else is known.
        let client = key.starts_with("client");
        if shown.contains(&&**key) || *key == "success" || client {
            continue;
        }
        match value {
            Value::Null => {}
            Value::Text(text) => words.push(format!("{key}={text}")),
            Value::Number(number) => words.push(format!("{key}={number}")),
            Value::Bool(yes) => words.push(format!("{key}={yes}")),
        }
    }
    words.join(" ")
}
