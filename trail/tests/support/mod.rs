//! Builds logs line by line, and prints their reports.

#![allow(dead_code, unreachable_pub)]

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit_trail::events::Wants;
use viraudit_trail::input::{Source, Sources};
use viraudit_trail::report::{EventView, Filter, Report, Value};
use viraudit_trail::time::{Clock, utc};

/// The clock of all tests.
pub fn clock() -> Clock {
    Clock::fixed("2026-11-21T12:00:00[UTC]")
}

pub const LEVEL: &str = "s0:c107,c434";

/// The UUID of guest number `n`.
pub fn uuid(n: u32) -> String {
    format!("{n:08x}-c179-4cea-a185-c7abe50520c7")
}

/// A log that is being built. Times are seconds after 2026-01-01.
#[derive(Default)]
pub struct Log {
    pub text: Vec<u8>,
    pub serial: u64,
    pub node: Option<&'static str>,
    pub auid: Option<u32>,
    pub names: Option<&'static str>,
    /// The client's fields, with a blank in front.
    pub client: &'static str,
}

pub const EPOCH: u64 = 1_767_225_600;

impl Log {
    pub fn line(&mut self, text: &str) -> &mut Self {
        self.text.extend_from_slice(text.as_bytes());
        self.text.push(b'\n');
        self
    }

    /// Adds a record as a new event.
    pub fn raw(&mut self, at: u64, kind: &str, body: &str) -> &mut Self {
        self.serial += 1;
        self.same(at, kind, body)
    }

    /// Adds a record to the last event.
    pub fn same(&mut self, at: u64, kind: &str, body: &str) -> &mut Self {
        let node = self.node.map(|node| format!("node={node} ")).unwrap_or_default();
        let (stamp, serial) = (EPOCH + at, self.serial);
        self.line(&format!("{node}type={kind} msg=audit({stamp}.000:{serial}): {body}"))
    }

    /// Adds a program's record.
    pub fn virt(&mut self, at: u64, kind: &str, body: &str, success: bool) -> &mut Self {
        let auid = self.auid.unwrap_or(u32::MAX);
        let names = self.names.map(|names| format!("\x1d{names}")).unwrap_or_default();
        let (res, client) = (if success { "success" } else { "failed" }, self.client);
        let body = format!(
            "pid=3851 uid=0 auid={auid} ses=1 subj=virtd msg='virt=kvm {body}{client} \
             exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res={res}'{names}"
        );
        self.raw(at, kind, &body)
    }

    pub fn control(&mut self, at: u64, op: &str, reason: &str, n: u32, ok: bool) -> &mut Self {
        let (uuid, pid) = (uuid(n), 1000 + n);
        let body = format!("op={op} reason={reason} vm=\"g{n}\" uuid={uuid} vm-pid={pid}");
        self.virt(at, "VIRT_CONTROL", &body, ok)
    }

    pub fn start(&mut self, at: u64, n: u32) -> &mut Self {
        self.control(at, "start", "booted", n, true)
    }

    pub fn stop(&mut self, at: u64, n: u32) -> &mut Self {
        self.control(at, "stop", "shutdown", n, true)
    }

    pub fn label(&mut self, at: u64, n: u32, level: &str) -> &mut Self {
        let body = format!(
            "vm=\"g{n}\" uuid={} vm-ctx=system_u:system_r:svirt_t:{level} \
             img-ctx=system_u:object_r:svirt_image_t:{level} model=selinux",
            uuid(n)
        );
        self.virt(at, "VIRT_MACHINE_ID", &body, true)
    }

    /// Adds a record about a resource. `tail` are the fields of its kind.
    pub fn resource(&mut self, at: u64, n: u32, kind: &str, reason: &str, tail: &str) -> &mut Self {
        let body = format!("resrc={kind} reason={reason} vm=\"g{n}\" uuid={} {tail}", uuid(n));
        self.virt(at, "VIRT_RESOURCE", &body, true)
    }

    pub fn disk(&mut self, at: u64, n: u32, reason: &str, old: &str, new: &str) -> &mut Self {
        let tail = format!("old-disk=\"{old}\" new-disk=\"{new}\"");
        self.resource(at, n, "disk", reason, &tail)
    }

    /// Adds a denial by SELinux, without auxiliary records.
    pub fn denial(&mut self, at: u64, source: &str, target: &str, more: &str) -> &mut Self {
        let body = format!(
            "avc:  denied  {{ read }} for  pid=777 comm=\"x\" {more} scontext={source} \
             tcontext={target} tclass=file permissive=0"
        );
        self.raw(at, "AVC", &body)
    }

    pub fn details(&self) -> Report {
        report(&self.text, Wants { details: true, failed: false }, Filter::default())
    }

    pub fn report(&self, filter: Filter) -> Report {
        report(&self.text, Wants { details: true, failed: filter.failed.is_some() }, filter)
    }
}

pub fn report(log: &[u8], wants: Wants, filter: Filter) -> Report {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(log).unwrap();
    let sources = Sources {
        list: vec![Source::File(file.path().into())],
        local: false,
        ..Sources::default()
    };
    let progress = Arc::new(AtomicU64::new(0));
    Report::read(&sources, wants, &clock(), &progress, filter)
}

/// `VM STATE START-END`, the times as seconds.
pub fn sessions(report: &Report) -> Vec<String> {
    let at = |ms: Option<i64>| ms.map_or("?".into(), |ms| (ms / 1000 - EPOCH as i64).to_string());
    report
        .sessions()
        .map(|s| format!("{} {} {}-{}", s.vm, s.state.name(), at(s.start), at(s.end)))
        .collect()
}

/// The events of all sessions, each as `VM KIND` and the values of `keys`.
pub fn events(report: &Report, kinds: &[&str], keys: &[&str]) -> Vec<String> {
    let mut shown = Vec::new();
    for session in report.sessions() {
        for event in report.events(&session).filter(|event| kinds.contains(&event.kind)) {
            let mut line = format!("{} {}", event.vm, event.kind);
            for key in keys {
                line += &format!(" {}", value(&event, key));
            }
            shown.push(line);
        }
    }
    shown
}

pub fn value(event: &EventView<'_>, key: &str) -> String {
    match event.get(key) {
        _ if key == "time" => utc(event.time),
        _ if key == "proof" => event.proof.map_or("-".into(), |stamp| stamp.to_string()),
        None | Some(Value::Null) => "-".into(),
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(yes)) => yes.to_string(),
    }
}
