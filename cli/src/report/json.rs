//! One JSON object a line: a contract, described in docs/report.md.

use super::Out;
use super::parallel::in_order;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::io;
use viraudit::Uuid;
use viraudit_trail::line::Stamp;
use viraudit_trail::report::{EventView, Report, SessionView, Value};
use viraudit_trail::time::utc;

/// Writes every session, and with `all` its events behind it.
pub(crate) fn write(report: &Report, all: bool, out: Out<'_>) -> io::Result<()> {
    let lines = |range| {
        let mut lines = Vec::with_capacity(1 << 20);
        for session in report.range(range) {
            append(&Session(&session), &mut lines);
            if all {
                for event in report.events(&session) {
                    append(&Event(&event), &mut lines);
                }
            }
        }
        lines
    };
    in_order(report, lines, |lines| out.write_all(&lines))
}

pub(super) fn append(value: &impl Serialize, lines: &mut Vec<u8>) {
    // Neither does writing to memory fail, nor has a value a key that isn't a text.
    let _ = serde_json::to_writer(&mut *lines, value);
    lines.push(b'\n');
}

/// Writes one object.
pub(crate) fn line(value: &impl Serialize, out: Out<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

struct Session<'s>(&'s SessionView<'s>);

impl Serialize for Session<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let session = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", "session")?;
        map.serialize_entry("host", &session.host)?;
        map.serialize_entry("virt", &session.virt)?;
        map.serialize_entry("vm", &session.vm)?;
        map.serialize_entry("uuid", &Identity(session.uuid))?;
        map.serialize_entry("user", &session.user)?;
        map.serialize_entry("auid", &session.auid)?;
        map.serialize_entry("start", &session.start.map(utc))?;
        map.serialize_entry("end", &session.end.map(utc))?;
        map.serialize_entry("state", session.state.name())?;
        map.serialize_entry("reason", &session.reason)?;
        map.serialize_entry("stop_reason", &session.stop_reason)?;
        map.serialize_entry("pid", &session.pid)?;
        map.serialize_entry("proof", &Proof(&session.proof))?;
        if let Some(renamed) = &session.renamed {
            map.serialize_entry("renamed", renamed)?;
        }
        if session.begins_before {
            map.serialize_entry("begins_before", &true)?;
        }
        if session.ends_after {
            map.serialize_entry("ends_after", &true)?;
        }
        map.end()
    }
}

/// An event.
pub(super) struct Event<'e>(pub(super) &'e EventView<'e>);

impl Serialize for Event<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let event = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", event.kind)?;
        map.serialize_entry("time", &utc(event.time))?;
        if let Some(host) = &event.host {
            map.serialize_entry("host", host)?;
        }
        map.serialize_entry("vm", &event.vm)?;
        map.serialize_entry("uuid", &Identity(event.uuid))?;
        for (key, value) in &event.fields {
            match value {
                Value::Null => map.serialize_entry(key, &())?,
                Value::Text(text) => map.serialize_entry(key, text)?,
                Value::Number(number) => map.serialize_entry(key, number)?,
                Value::Bool(yes) => map.serialize_entry(key, yes)?,
            }
        }
        map.serialize_entry("proof", &Proof(event.proof.as_slice()))?;
        map.end()
    }
}

/// The names of records, as ausearch takes them.
struct Proof<'p>(&'p [Stamp]);

impl Serialize for Proof<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Shown))
    }
}

/// A UUID's text, in one piece: it stands in every line.
struct Identity(Uuid);

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.text();
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// A value by its text.
struct Shown<'s, T>(&'s T);

impl<T: std::fmt::Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}
