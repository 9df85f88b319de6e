//! An event of a session, as it is shown: a kind, and named values in an order of their own.

use super::session::is_proof;
use super::{Report, owned, text};
use crate::events::EventKind;
use crate::line::fields::{find, raw_option};
use crate::line::{Denial, Op, ResourceChange, Stamp, anomaly_name};
use std::borrow::Cow;
use viraudit::{RecordType, Uuid};

/// A value of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// There is none.
    Null,
    /// A text.
    Text(Cow<'r, str>),
    /// A number.
    Number(i64),
    /// Yes or no.
    Bool(bool),
}

impl<'r> Value<'r> {
    fn bytes(value: Option<Cow<'r, [u8]>>) -> Self {
        value.map_or(Self::Null, |value| Self::Text(owned(value)))
    }

    fn text(value: Option<Cow<'r, str>>) -> Self {
        value.map_or(Self::Null, Self::Text)
    }

    fn number(value: Option<impl Into<i64>>) -> Self {
        value.map_or(Self::Null, |value| Self::Number(value.into()))
    }
}

/// An event.
#[derive(Clone, Debug)]
pub struct EventView<'r> {
    /// `resource`, `start`, `stop`, `init`, `label`, `avc`, `anomaly`, `down`, `boot`, ...
    pub kind: &'static str,
    /// When.
    pub time: i64,
    /// The host, where the log says so.
    pub host: Option<Cow<'r, str>>,
    /// The guest's name in this record; in one that doesn't name it, its session's.
    pub vm: Cow<'r, str>,
    /// The guest's UUID.
    pub uuid: Uuid,
    /// What else there is to say, in order.
    pub fields: Vec<(Cow<'r, str>, Value<'r>)>,
    /// The record that says so.
    pub proof: Option<Stamp>,
}

impl<'r> EventView<'r> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value<'r>> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key that has one.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn put(&mut self, key: &'static str, value: Value<'r>) {
        self.fields.push((key.into(), value));
    }

    /// Puts what is there, and leaves out what isn't.
    fn put_known(&mut self, key: &'static str, value: Value<'r>) {
        if value != Value::Null {
            self.put(key, value);
        }
    }

    pub(super) fn new(report: &'r Report, session: u32, id: u32) -> Option<Self> {
        let event = report.event(id)?;
        let ms = event.stamp.ms;
        let filter = &report.filter;
        if filter.start.is_some_and(|start| ms < start) || filter.end.is_some_and(|end| ms > end) {
            return None;
        }
        let session = report.session(session);
        let names_it = matches!(event.kind, EventKind::Virt(_));
        if filter.failed && (event.success || !names_it) {
            return None;
        }
        let name = if names_it { event.name } else { session.name };
        let mut view = Self {
            kind: "resource",
            time: ms,
            host: report.word(event.host),
            vm: report.name(name),
            uuid: report.store.guests[session.guest as usize].uuid,
            fields: Vec::new(),
            proof: Some(event.stamp).filter(is_proof),
        };
        match event.kind {
            EventKind::Seen => return None,
            EventKind::Down => view.host_ends("down", "shutdown"),
            EventKind::Boot => view.host_ends("boot", "crash"),
            EventKind::Avc => view.avc(report, id),
            EventKind::Anomaly(number) => view.anomaly(report, id, number),
            EventKind::Virt(op) => view.virt(report, id, op),
        }
        Some(view)
    }

    fn host_ends(&mut self, kind: &'static str, reason: &'static str) {
        self.kind = kind;
        self.put("reason", Value::Text(reason.into()));
    }

    fn by(&mut self, report: &'r Report, id: u32) {
        let (user, auid) = report.event(id).map_or((None, None), |event| report.who(event));
        self.put("user", Value::text(user.map(Into::into)));
        self.put("auid", Value::number(auid));
    }

    fn virt(&mut self, report: &'r Report, id: u32, op: Op) {
        let Some(event) = report.event(id) else { return };
        let tail = report.store.text(event);
        let reason = Value::text(report.raw_word(event.reason));
        let success = Value::Bool(event.success);
        let pid = Value::number(event.pid());
        let raw = |key: &[u8]| Value::bytes(find(tail, key).and_then(raw_option));
        match op {
            Op::Start | Op::Stop => {
                self.kind = if op == Op::Start { "start" } else { "stop" };
                self.put("reason", reason);
                self.put("success", success);
                self.put("pid", pid);
                self.by(report, id);
            }
            Op::Init | Op::OtherControl => {
                self.kind = if op == Op::Init { "init" } else { "control" };
                if op == Op::OtherControl {
                    self.put("op", Value::text(report.raw_word(report.store.what(event))));
                    self.put_known("reason", reason);
                }
                self.put("success", success);
                self.put("pid", pid);
                for (key, shown) in [(b"init-pid" as &[u8], "init_pid"), (b"pid-ns", "pid_ns")] {
                    let value: Option<i64> = find(tail, key).and_then(crate::line::fields::number);
                    self.put_known(shown, Value::number(value));
                }
            }
            Op::Label => {
                self.kind = "label";
                self.put("model", raw(b"model"));
                self.put("label", raw(b"vm-ctx"));
                self.put("image_label", raw(b"img-ctx"));
                self.put("success", success);
            }
            Op::Resource => {
                let kind = report.store.words.get(report.store.what(event));
                let resource =
                    ResourceChange::new(kind, report.store.words.get(event.reason), tail);
                self.put("resource", Value::Text(text(kind)));
                self.put("reason", reason);
                self.put("old", Value::bytes(resource.old));
                self.put("new", Value::bytes(resource.new));
                self.put("success", success);
                for (key, value) in resource.more {
                    // A record may hold any word, but none that stands here already.
                    let known = self.fields.iter().any(|(name, _)| name.as_bytes() == key);
                    let ours = ["kind", "time", "host", "vm", "uuid", "proof"];
                    if !known && !ours.iter().any(|name| name.as_bytes() == key) {
                        self.fields.push((text(key), Value::Text(owned(value))));
                    }
                }
            }
            Op::Lifecycle(kind) => {
                self.kind = match kind {
                    RecordType::VirtIntegrityCheck => "integrity-check",
                    RecordType::VirtCreate => "create",
                    RecordType::VirtDestroy => "destroy",
                    RecordType::VirtMigrateIn => "migrate-in",
                    _ => "migrate-out",
                };
                self.put_known("reason", reason);
                self.put("success", success);
                for (key, shown) in [
                    (b"image" as &[u8], "image"),
                    (b"source-host", "source_host"),
                    (b"destination-host", "destination_host"),
                    (b"mechanism", "mechanism"),
                    (b"action", "action"),
                ] {
                    let value = find(tail, key).and_then(crate::line::fields::decoded_option);
                    self.put_known(shown, Value::bytes(value));
                }
            }
        }
    }

    fn avc(&mut self, report: &'r Report, id: u32) {
        let Some(event) = report.event(id) else { return };
        let seen = Denial::new(report.store.text(event));
        self.kind = "avc";
        self.put("result", Value::text(seen.result().map(Into::into)));
        self.put("operation", Value::bytes(seen.operation()));
        self.put("target", Value::bytes(seen.target()));
        self.put_known("class", Value::bytes(seen.class()));
        self.put_known("denied", Value::bytes(seen.denied_mask()));
        if seen.permissive() {
            self.put("permissive", Value::Bool(true));
        }
        self.process(&seen);
        self.by(report, id);
        self.put_known("profile", Value::bytes(seen.profile()));
        self.put_known("source_label", Value::bytes(seen.source_label()));
        self.put_known("target_label", Value::bytes(seen.target_label()));
    }

    fn anomaly(&mut self, report: &'r Report, id: u32, number: u16) {
        let Some(event) = report.event(id) else { return };
        let seen = Denial::new(report.store.text(event));
        self.kind = "anomaly";
        let name = report.store.words.get(report.store.what(event));
        let named = name.starts_with(b"ANOM_");
        let name = if named { text(name) } else { anomaly_name(number).into() };
        self.put("type", Value::Text(name));
        if let Some(signal) = seen.signal() {
            self.put("signal", Value::Number(signal.into()));
            self.put_known("signal_name", Value::text(signal_name(signal).map(Into::into)));
        }
        self.process(&seen);
        self.by(report, id);
        self.put_known("label", Value::bytes(seen.source_label()));
        self.put_known("device", Value::bytes(seen.field(b"dev")));
    }

    fn process(&mut self, seen: &Denial<'r>) {
        self.put("pid", Value::number(seen.pid()));
        self.put("comm", Value::bytes(seen.comm()));
        self.put_known("exe", Value::bytes(seen.exe()));
    }
}

/// The names of the signals that end programs, on all of Linux's common machines.
fn signal_name(signal: u32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        _ => return None,
    })
}
