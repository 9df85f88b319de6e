//! One JSON object per line; docs/report.md is the contract.

use super::object::{Object, key};
use super::parallel::{Chunks, in_order};
use crate::terminal;
use serde::Serialize;
use std::io::{self, Write};
use viraudit::Uuid;
use viraudit_trail::expect::HeardRecord;
use viraudit_trail::report::{Cause, EventView, Report, SessionView};
use viraudit_trail::session::State;
use viraudit_trail::time::{UtcFormatCache, utc};

/// Writes every session, and with `all` its events after it.
pub(crate) fn write(report: &Report, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let worker = || {
        let (mut times, mut key) = (UtcFormatCache::default(), String::new());
        let mut ids = Vec::new();
        move |range, lines: &mut Vec<u8>| {
            for session in report.range(range) {
                key.clear();
                session.key().append_to(&mut key, &mut times);
                append_session(report, &session, &key, &mut times, lines);
                if all {
                    ids.clear();
                    append_ids(&session.uuid, Some(&key), &mut ids);
                    for event in report.events(&session) {
                        append_event(&event, &ids, None, &mut times, lines);
                    }
                }
            }
        }
    };
    in_order(Chunks::of(report, all), worker, |lines| out.write_all(lines))
}

/// Writes one object.
pub(crate) fn line(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", terminal::json(value)?)
}

/// Appends the line of a session. `key` is its stable name, here and below.
fn append_session(
    report: &Report,
    session: &SessionView<'_>,
    key: &str,
    times: &mut UtcFormatCache,
    lines: &mut Vec<u8>,
) {
    // A start that was never completed is no session.
    let unstarted = session.state == State::Unstarted;
    let mut row = Object::begin(lines, if unstarted { "unstarted" } else { "session" });
    row.text(key!("host"), session.host.as_deref());
    row.text(key!("virt"), Some(&session.virt));
    row.text(key!("vm"), Some(&session.vm));
    row.plain(key!("uuid"), Some(&session.uuid.text()));
    row.text(key!("user"), session.user);
    row.number(key!("auid"), session.auid.map(Into::into));
    row.plain(key!("start"), session.start.map(|ms| times.bytes(ms)));
    row.plain(key!("end"), session.end.map(|ms| times.bytes(ms)));
    row.plain(key!("state"), Some(session.state.name().as_bytes()));
    row.text(key!("reason"), session.reason.as_deref());
    row.text(key!("stop_reason"), session.stop_reason.as_deref());
    row.number(key!("pid"), session.pid);
    row.proof(&session.proof);
    row.text(key!("session"), Some(key));
    if let Some(renamed) = &session.renamed {
        row.text(key!("renamed"), Some(renamed));
    }
    if session.state == State::Failed && report.has_details() {
        row.json(key!("causes"), &report.causes(session).iter().map(cause).collect::<Vec<_>>());
    }
    if let Some(together) = session.together {
        row.number(key!("together_ms"), Some(together));
    }
    if session.gap {
        row.bool(key!("gap"), true);
    }
    row.client(session.client);
    if session.begins_before {
        row.bool(key!("begins_before"), true);
    }
    if session.ends_after {
        row.bool(key!("ends_after"), true);
    }
    row.end();
}

/// A possible cause of a failed start, as an object.
fn cause(cause: &Cause) -> serde_json::Value {
    serde_json::json!({
        "cause": cause.kind.name(),
        "likely": cause.likely,
        "time": utc(cause.time),
        "text": cause.text,
        "proof": cause.proof.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// Appends what all events of a session have in common: the guest's UUID and the session's stable name.
pub(super) fn append_ids(uuid: &Uuid, key: Option<&str>, ids: &mut Vec<u8>) {
    let mut row = Object::part(ids);
    row.plain(key!("uuid"), Some(&uuid.text()));
    if let Some(key) = key {
        row.text(key!("session"), Some(key));
    }
}

/// Appends the line of an event, with fields of the record that reports don't keep. `ids` is the text
/// of [`append_ids`].
pub(super) fn append_event(
    event: &EventView<'_>,
    ids: &[u8],
    record: Option<&HeardRecord>,
    times: &mut UtcFormatCache,
    lines: &mut Vec<u8>,
) {
    let mut row = Object::begin(lines, event.kind);
    row.plain(key!("time"), Some(times.bytes(event.time)));
    if let Some(host) = &event.host {
        row.text(key!("host"), Some(host));
    }
    row.text(key!("vm"), Some(&event.vm));
    row.append(ids);
    for (key, value) in &event.fields {
        row.any(key, value);
    }
    row.proof(event.proof.as_slice());
    if let Some(record) = record {
        let field =
            |key| record.field(key).map(|value| String::from_utf8_lossy(&value).into_owned());
        row.text(key!("virt"), field("virt").as_deref());
        row.text(key!("exe"), field("exe").as_deref());
        row.text(key!("text"), field("text").as_deref());
    }
    row.end();
}
