//! Comma-separated values: a header, and a row for each session and each event.

use super::parallel::{Chunks, in_order};
use crate::terminal::escape;
use csv::{StringRecord, Writer};
use std::borrow::Cow;
use std::io::{self, Write};
use viraudit_trail::line::Stamp;
use viraudit_trail::report::{EventView, Report, SessionView, Value};
use viraudit_trail::time::UtcFormatCache;

const COLUMNS: [&str; 14] = [
    "kind",
    "host",
    "virt",
    "vm",
    "uuid",
    "user",
    "auid",
    "start",
    "end",
    "state",
    "reason",
    "stop_reason",
    "pid",
    "proof",
];

/// The additional columns for events; `more` holds all other fields.
const EVENT_COLUMNS: [&str; 5] = ["success", "resource", "old", "new", "more"];

/// Writes every session, and with `all` its events after it.
pub(crate) fn write(report: &Report, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut header = Writer::from_writer(&mut *out);
    header.write_record(COLUMNS.iter().chain(EVENT_COLUMNS.iter().filter(|_| all)))?;
    header.flush()?;
    drop(header);
    let worker = || {
        let mut times = UtcFormatCache::default();
        let mut row = StringRecord::new();
        move |range, lines: &mut Vec<u8>| {
            let mut csv = Writer::from_writer(lines);
            // Writing to memory doesn't fail, and all rows have the same number of fields.
            for session in report.range(range) {
                session_row(&session, all, &mut times, &mut row);
                let _ = csv.write_record(&row);
                if all {
                    for event in report.events(&session) {
                        event_row(&session, &event, &mut times, &mut row);
                        let _ = csv.write_record(&row);
                    }
                }
            }
        }
    };
    in_order(Chunks::of(report, all), worker, |lines| out.write_all(lines))
}

fn session_row(
    session: &SessionView<'_>,
    all: bool,
    times: &mut UtcFormatCache,
    row: &mut StringRecord,
) {
    let known = |value: &'_ Option<Cow<'_, str>>| -> String {
        value.as_deref().map(harmless).unwrap_or_default().into_owned()
    };
    row.clear();
    row.push_field("session");
    row.push_field(&known(&session.host));
    row.push_field(&harmless(&session.virt));
    row.push_field(&harmless(&session.vm));
    row.push_field(&session.uuid.to_string());
    row.push_field(&session.user.map(harmless).unwrap_or_default());
    row.push_field(&session.auid.map(|auid| auid.to_string()).unwrap_or_default());
    row.push_field(session.start.map_or("", |ms| times.text(ms)));
    row.push_field(session.end.map_or("", |ms| times.text(ms)));
    row.push_field(session.state.name());
    row.push_field(&known(&session.reason));
    row.push_field(&known(&session.stop_reason));
    row.push_field(&session.pid.map(|pid| pid.to_string()).unwrap_or_default());
    row.push_field(&proof(&session.proof));
    EVENT_COLUMNS.iter().filter(|_| all).for_each(|_| row.push_field(""));
}

fn event_row(
    session: &SessionView<'_>,
    event: &EventView<'_>,
    times: &mut UtcFormatCache,
    row: &mut StringRecord,
) {
    let shown = |key: &str| event.get(key).map(value).unwrap_or_default();
    let named = ["user", "auid", "reason", "pid", "success", "resource", "old", "new"];
    let more: Vec<String> = event
        .fields
        .iter()
        .filter(|(key, found)| !named.contains(&&**key) && *found != Value::Null)
        .map(|(key, found)| format!("{key}={}", value(found)))
        .collect();
    row.clear();
    row.push_field(event.kind);
    row.push_field(&event.host.as_deref().map(harmless).unwrap_or_default());
    row.push_field(&harmless(&session.virt));
    row.push_field(&harmless(&event.vm));
    row.push_field(&event.uuid.to_string());
    row.push_field(&shown("user"));
    row.push_field(&shown("auid"));
    row.push_field(times.text(event.time));
    row.push_field("");
    row.push_field("");
    row.push_field(&shown("reason"));
    row.push_field("");
    row.push_field(&shown("pid"));
    row.push_field(&proof(event.proof.as_slice()));
    for key in ["success", "resource", "old", "new"] {
        row.push_field(&shown(key));
    }
    row.push_field(&harmless(&more.join(" ")));
}

fn value<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    match value {
        Value::Null => "".into(),
        Value::Text(text) => harmless(text),
        Value::Number(number) => number.to_string().into(),
        Value::Bool(yes) => yes.to_string().into(),
    }
}

fn proof(stamps: &[Stamp]) -> String {
    let names: Vec<String> = stamps.iter().map(Stamp::to_string).collect();
    names.join(" ")
}

/// The first characters of a formula. Spreadsheets take the full-width signs for the others.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Escapes control characters as the table does, and quotes a value that a spreadsheet would run as
/// a formula; names of guests are untrusted.
fn harmless(text: &str) -> Cow<'_, str> {
    let shown = escape(text);
    if text.starts_with(FORMULA) { format!("'{shown}").into() } else { shown }
}
