//! One JSON object a line: a contract, described in docs/report.md.

use super::Out;
use super::object::Object;
use super::parallel::in_order;
use serde::Serialize;
use std::io;
use viraudit_trail::report::{EventView, Report, SessionView, Value};
use viraudit_trail::time::UtcTimes;

/// Writes every session, and with `all` its events behind it.
pub(crate) fn write(report: &Report, all: bool, out: Out<'_>) -> io::Result<()> {
    let worker = || {
        let mut times = UtcTimes::default();
        move |range, lines: &mut Vec<u8>| {
            for session in report.range(range) {
                append_session(&session, &mut times, lines);
                if all {
                    for event in report.events(&session) {
                        append_event(&event, &mut times, lines);
                    }
                }
            }
        }
    };
    in_order(report, worker, |lines| out.write_all(lines))
}

/// Writes one object.
pub(crate) fn line(value: &impl Serialize, out: Out<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn append_session(session: &SessionView<'_>, times: &mut UtcTimes, lines: &mut Vec<u8>) {
    let mut row = Object::begin(lines, "session");
    row.text("host", session.host.as_deref());
    row.text("virt", Some(&session.virt));
    row.text("vm", Some(&session.vm));
    row.plain("uuid", Some(uuid(&session.uuid.text())));
    row.text("user", session.user);
    row.number("auid", session.auid.map(Into::into));
    row.plain("start", session.start.map(|ms| times.text(ms)));
    row.plain("end", session.end.map(|ms| times.text(ms)));
    row.plain("state", Some(session.state.name()));
    row.text("reason", session.reason.as_deref());
    row.text("stop_reason", session.stop_reason.as_deref());
    row.number("pid", session.pid);
    row.proof(&session.proof);
    if let Some(renamed) = &session.renamed {
        row.text("renamed", Some(renamed));
    }
    if session.begins_before {
        row.bool("begins_before", true);
    }
    if session.ends_after {
        row.bool("ends_after", true);
    }
    row.end();
}

/// Appends an event's line.
pub(super) fn append_event(event: &EventView<'_>, times: &mut UtcTimes, lines: &mut Vec<u8>) {
    let mut row = Object::begin(lines, event.kind);
    row.plain("time", Some(times.text(event.time)));
    if let Some(host) = &event.host {
        row.text("host", Some(host));
    }
    row.text("vm", Some(&event.vm));
    row.plain("uuid", Some(uuid(&event.uuid.text())));
    for (key, value) in &event.fields {
        match value {
            Value::Null => row.any(key, ()),
            Value::Text(text) => row.any(key, text),
            Value::Number(number) => row.any(key, number),
            Value::Bool(yes) => row.any(key, yes),
        }
    }
    row.proof(event.proof.as_slice());
    row.end();
}

fn uuid(text: &[u8]) -> &str {
    std::str::from_utf8(text).unwrap_or_default()
}
