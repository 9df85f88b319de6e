//! Comma-separated values: a row for each session and each event, with a header.

use super::Out;
use csv::Writer;
use std::io;
use viraudit_trail::line::Stamp;
use viraudit_trail::report::{EventView, Report, SessionView, Value};
use viraudit_trail::time::utc;

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

/// What events have besides; what is left of them stands in `more`.
const EVENT_COLUMNS: [&str; 5] = ["success", "resource", "old", "new", "more"];

/// Writes every session, and with `all` its events behind it.
pub(crate) fn write(report: &Report, all: bool, out: Out<'_>) -> io::Result<()> {
    let mut csv = Writer::from_writer(out);
    let header = COLUMNS.iter().chain(EVENT_COLUMNS.iter().filter(|_| all));
    csv.write_record(header)?;
    for session in report.sessions() {
        let mut row = session_row(&session);
        row.resize(COLUMNS.len() + if all { EVENT_COLUMNS.len() } else { 0 }, String::new());
        csv.write_record(&row)?;
        if all {
            for event in report.events(&session) {
                csv.write_record(event_row(&session, &event))?;
            }
        }
    }
    csv.flush()
}

fn session_row(session: &SessionView<'_>) -> Vec<String> {
    let text = |value: &Option<std::borrow::Cow<'_, str>>| {
        value.as_deref().map(harmless).unwrap_or_default()
    };
    vec![
        "session".into(),
        text(&session.host),
        harmless(&session.virt),
        harmless(&session.vm),
        session.uuid.to_string(),
        session.user.map(harmless).unwrap_or_default(),
        session.auid.map(|auid| auid.to_string()).unwrap_or_default(),
        session.start.map(utc).unwrap_or_default(),
        session.end.map(utc).unwrap_or_default(),
        session.state.name().into(),
        text(&session.reason),
        text(&session.stop_reason),
        session.pid.map(|pid| pid.to_string()).unwrap_or_default(),
        proof(&session.proof),
    ]
}

fn event_row(session: &SessionView<'_>, event: &EventView<'_>) -> Vec<String> {
    let shown = |key: &str| event.get(key).map(value).unwrap_or_default();
    let named = ["user", "auid", "reason", "pid", "success", "resource", "old", "new"];
    let more: Vec<String> = event
        .fields
        .iter()
        .filter(|(key, found)| !named.contains(&&**key) && *found != Value::Null)
        .map(|(key, found)| format!("{key}={}", value(found)))
        .collect();
    vec![
        event.kind.into(),
        event.host.as_deref().map(harmless).unwrap_or_default(),
        harmless(&session.virt),
        harmless(&event.vm),
        event.uuid.to_string(),
        shown("user"),
        shown("auid"),
        utc(event.time),
        String::new(),
        String::new(),
        shown("reason"),
        String::new(),
        shown("pid"),
        proof(event.proof.as_slice()),
        shown("success"),
        shown("resource"),
        shown("old"),
        shown("new"),
        harmless(&more.join(" ")),
    ]
}

fn value(value: &Value<'_>) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => harmless(text),
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
    }
}

fn proof(stamps: &[Stamp]) -> String {
    let names: Vec<String> = stamps.iter().map(Stamp::to_string).collect();
    names.join(" ")
}

/// A spreadsheet takes a value that starts like this for a formula, and guests choose their names.
fn harmless(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{text}") } else { text.to_owned() }
}
