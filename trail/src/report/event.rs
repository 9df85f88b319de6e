//! An event of a report: its kind, and named values in the order in which they are printed.

use super::SessionKey;
use super::session::is_proof;
use super::{Report, decoded_text, text};
use crate::events::{Event, EventId, EventKind};
use crate::line::fields::{decoded_option, find, number, raw_option};
use crate::line::{
    Denial, LANDLOCK_ACCESS, LANDLOCK_DOMAIN, Op, ResourceChange, SECCOMP, Stamp, anomaly_name,
    is_granted,
};
use crate::session::SessionId;
use std::borrow::Cow;
use viraudit::{RecordType, Uuid};

/// A value of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// No value.
    Null,
    /// A text.
    Text(Cow<'r, str>),
    /// A number.
    Number(i64),
    /// A boolean.
    Bool(bool),
}

impl<'r> Value<'r> {
    fn bytes(value: Option<Cow<'r, [u8]>>) -> Self {
        value.map_or(Self::Null, |value| Self::Text(decoded_text(value)))
    }

    fn text(value: Option<Cow<'r, str>>) -> Self {
        value.map_or(Self::Null, Self::Text)
    }

    fn plain(value: Option<&'r [u8]>) -> Self {
        value.map_or(Self::Null, |value| Self::Text(text(value)))
    }

    fn number(value: Option<impl Into<i64>>) -> Self {
        value.map_or(Self::Null, |value| Self::Number(value.into()))
    }
}

/// An event of a report.
#[derive(Clone, Debug)]
pub struct EventView<'r> {
    /// `resource`, `start`, `stop`, `init`, `label`, `avc`, `anomaly`, `down`, `boot`, ...
    pub kind: &'static str,
    /// The time, in milliseconds since 1970.
    pub time: i64,
    /// The host, if the log has it.
    pub host: Option<Cow<'r, str>>,
    /// The guest's name in this record; if the record has none, the name of its session.
    pub vm: Cow<'r, str>,
    /// The guest's UUID.
    pub uuid: Uuid,
    /// The time in the stable name of its session; `None` as long as the session's start is not known.
    pub(super) key_time: Option<i64>,
    /// All other values, in their order.
    pub fields: Vec<(Cow<'r, str>, Value<'r>)>,
    /// The record.
    pub proof: Option<Stamp>,
}

impl<'r> EventView<'r> {
    /// The stable name of its session; `None` for an event that is watched before the session's start.
    pub fn session(&self) -> Option<SessionKey<'_>> {
        let host = self.host.as_deref().unwrap_or_default();
        self.key_time.map(|start| SessionKey { host, uuid: self.uuid, start })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value<'r>> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The value of a key, if it is a text.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it reports an access that was denied, or would have been if the policy were enforced.
    pub fn is_denial(&self) -> bool {
        match self.kind {
            "avc" => !self.text("result").is_some_and(is_granted),
            "landlock" | "seccomp" => true,
            _ => false,
        }
    }

    /// Adds a value.
    fn put(&mut self, key: &'static str, value: Value<'r>) {
        self.fields.push((key.into(), value));
    }

    /// Adds a value, unless it is `Null`.
    fn put_known(&mut self, key: &'static str, value: Value<'r>) {
        if value != Value::Null {
            self.put(key, value);
        }
    }

    /// An event of a session; `None` if it is not selected or not shown.
    /// `key_time` is the time in the session's stable name.
    pub(super) fn new(
        report: &'r Report,
        session: SessionId,
        key_time: Option<i64>,
        id: EventId,
    ) -> Option<Self> {
        let event = &report.event(id);
        let ms = event.stamp.ms;
        let is_held = report.filter.at.is_some();
        if !is_held && !report.filter.has_time(ms) {
            return None;
        }
        let session = report.session(session);
        let has_name = matches!(event.kind, EventKind::Virt(_));
        let fits = if is_held { report.is_thing(event) } else { report.fits(session, id, event) };
        if !fits {
            return None;
        }
        let name = if has_name { event.name } else { session.name };
        let mut view = Self {
            kind: "resource",
            time: ms,
            host: report.word(event.host),
            vm: report.guest_name(name),
            uuid: report.store.guests[session.guest].uuid,
            key_time,
            fields: Vec::new(),
            proof: Some(event.stamp).filter(is_proof),
        };
        match event.kind {
            EventKind::Seen => return None,
            EventKind::Down => view.host_ends("down", "shutdown"),
            EventKind::Boot => view.host_ends("boot", "crash"),
            EventKind::Avc => view.avc(report, event),
            EventKind::Anomaly(SECCOMP) => view.seccomp(report, event),
            EventKind::Anomaly(LANDLOCK_ACCESS) => view.landlock(report, event),
            EventKind::Anomaly(LANDLOCK_DOMAIN) => view.landlock_domain(report, event),
            EventKind::Anomaly(number) => view.anomaly(report, event, number),
            EventKind::Virt(op) => {
                view.virt(report, event, op);
                if report.names_clients {
                    view.client(report, event);
                }
            }
        }
        if is_held {
            view.kind = "held";
        }
        Some(view)
    }

    fn host_ends(&mut self, kind: &'static str, reason: &'static str) {
        self.kind = kind;
        self.put("reason", Value::Text(reason.into()));
    }

    fn user(&mut self, report: &'r Report, event: &Event) {
        let (user, auid) = report.user_of(event);
        self.put("user", Value::text(user.map(Into::into)));
        self.put("auid", Value::number(auid));
    }

    /// Adds the client that the record names.
    fn client(&mut self, report: &'r Report, event: &Event) {
        let Some(client) = report.client_of(event) else { return };
        if self.get("user").is_none() {
            self.put("user", Value::text(report.user_of(event).0.map(Into::into)));
        }
        client.values().for_each(|(key, value)| self.put(key, value));
    }

    fn virt(&mut self, report: &'r Report, event: &Event, op: Op) {
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
                self.user(report, event);
            }
            Op::Init | Op::OtherControl => {
                self.kind = if op == Op::Init { "init" } else { "control" };
                if op == Op::OtherControl {
                    self.put("op", Value::text(report.raw_word(event.what)));
                    self.put_known("reason", reason);
                }
                self.put("success", success);
                self.put("pid", pid);
                for (key, shown) in [(b"init-pid" as &[u8], "init_pid"), (b"pid-ns", "pid_ns")] {
                    let value: Option<i64> = find(tail, key).and_then(number);
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
                let kind = report.store.words.get(event.what);
                let resource =
                    ResourceChange::new(kind, report.store.words.get(event.reason), tail);
                self.put("resource", Value::Text(text(kind)));
                self.put("reason", reason);
                self.put("old", Value::bytes(resource.old));
                self.put("new", Value::bytes(resource.new));
                self.put("success", success);
                for (key, value) in resource.more {
                    // A record may have any word. One with a key of ours is omitted.
                    let known = self.fields.iter().any(|(name, _)| name.as_bytes() == key);
                    let ours = ["kind", "time", "host", "vm", "uuid", "session", "proof"];
                    if !known && !ours.iter().any(|name| name.as_bytes() == key) {
                        self.fields.push((text(key), Value::Text(decoded_text(value))));
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
                    let value = find(tail, key).and_then(decoded_option);
                    self.put_known(shown, Value::bytes(value));
                }
            }
        }
    }

    fn avc(&mut self, report: &'r Report, event: &Event) {
        let denial = report.store.denial_of(event);
        self.kind = "avc";
        self.put("result", Value::text(denial.result().map(Into::into)));
        self.put("operation", Value::bytes(denial.operation()));
        self.put("target", Value::bytes(denial.target()));
        self.put_known("class", Value::bytes(denial.class()));
        self.put_known("denied", Value::bytes(denial.denied_mask()));
        if denial.permissive() {
            self.put("permissive", Value::Bool(true));
        }
        self.process(&denial);
        self.user(report, event);
        self.put_known("profile", Value::bytes(denial.profile()));
        self.put_known("source_label", Value::bytes(denial.source_label()));
        self.put_known("target_label", Value::bytes(denial.target_label()));
    }

    fn anomaly(&mut self, report: &'r Report, event: &Event, number: u16) {
        let denial = report.store.denial_of(event);
        self.kind = "anomaly";
        let name = report.store.words.get(event.what);
        let named = name.starts_with(b"ANOM_");
        let name = if named { text(name) } else { anomaly_name(number).into() };
        self.put("type", Value::Text(name));
        if let Some(signal) = denial.signal() {
            self.put("signal", Value::Number(signal.into()));
            self.put_known("signal_name", Value::text(signal_name(signal).map(Into::into)));
        }
        self.process(&denial);
        self.user(report, event);
        self.put_known("label", Value::bytes(denial.source_label()));
        self.put_known("device", Value::bytes(denial.field(b"dev")));
    }

    /// A system call that a filter of the process stopped or logged.
    fn seccomp(&mut self, report: &'r Report, event: &Event) {
        let denial = report.store.denial_of(event);
        self.kind = "seccomp";
        let code = denial.plain(b"code");
        self.put("action", Value::text(code.and_then(seccomp_action).map(Into::into)));
        self.put("syscall", Value::plain(denial.plain(b"syscall")));
        self.put_known("arch", Value::plain(denial.plain(b"arch")));
        if let Some(signal) = denial.signal().filter(|&signal| signal > 0) {
            self.put("signal", Value::Number(signal.into()));
            self.put_known("signal_name", Value::text(signal_name(signal).map(Into::into)));
        }
        self.process(&denial);
        self.user(report, event);
        self.put_known("label", Value::bytes(denial.source_label()));
    }

    fn landlock(&mut self, report: &'r Report, event: &Event) {
        let denial = report.store.denial_of(event);
        self.kind = "landlock";
        self.put("result", Value::Text("denied".into()));
        self.put("operation", Value::plain(denial.plain(b"blockers")));
        self.put("target", Value::bytes(denial.target().or_else(|| denial.field(b"ocomm"))));
        for (key, shown) in
            [(b"opid" as &[u8], "target_pid"), (b"src", "source_port"), (b"dest", "port")]
        {
            let value = denial.plain(key).and_then(number::<i64>);
            self.put_known(shown, Value::number(value));
        }
        self.process(&denial);
        self.user(report, event);
        self.put_known("domain", Value::plain(denial.plain(b"domain")));
        self.put_known("source_label", Value::bytes(denial.source_label()));
    }

    fn landlock_domain(&mut self, report: &'r Report, event: &Event) {
        let denial = report.store.denial_of(event);
        self.kind = "landlock-domain";
        self.put("domain", Value::plain(denial.plain(b"domain")));
        self.put("status", Value::plain(denial.plain(b"status")));
        self.put_known("mode", Value::plain(denial.plain(b"mode")));
        let denials = denial.plain(b"denials").and_then(number::<i64>);
        self.put_known("denials", Value::number(denials));
        self.process(&denial);
        self.user(report, event);
    }

    fn process(&mut self, denial: &Denial<'r>) {
        self.put("pid", Value::number(denial.pid()));
        self.put("comm", Value::bytes(denial.comm()));
        self.put_known("exe", Value::bytes(denial.exe()));
    }
}

/// The action of a seccomp filter, from the kernel's `code=`; its last 16 bits are data.
fn seccomp_action(code: &[u8]) -> Option<&'static str> {
    let digits = code.strip_prefix(b"0x").unwrap_or(code);
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some(match code >> 16 {
        0x8000 => "kill-process",
        0x0000 => "kill-thread",
        0x0003 => "trap",
        0x0005 => "errno",
        0x7FC0 => "notify",
        0x7FF0 => "trace",
        0x7FFC => "log",
        0x7FFF => "allow",
        _ => return None,
    })
}

/// The name of a signal that ends programs. The numbers are those of all common architectures.
pub(super) fn signal_name(signal: u32) -> Option<&'static str> {
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
