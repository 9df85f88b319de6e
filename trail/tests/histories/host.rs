//! A host, whose kernel, auditd and libvirtd write its log.

use super::truth::{Entry, Item};

/// 2026-01-01.
pub(crate) const EPOCH: i64 = 1_767_225_600_000;

/// A line of a log.
pub(crate) struct Line {
    /// The number of lines of all hosts before.
    pub(crate) at: usize,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

/// A host.
pub(crate) struct Host {
    /// Empty if it is the only one.
    pub(crate) name: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) history: Vec<Entry>,
    /// By how much its clock differs.
    pub(crate) offset: i64,
    /// The time of the last record, and the latest of all.
    pub(crate) last: i64,
    latest: i64,
    pub(crate) auditd: bool,
    /// Whether its lines no longer arrive.
    pub(crate) is_silent: bool,
    serial: i64,
    daemon_serial: i64,
    /// Records since auditd ended.
    lost: usize,
}

/// The time of the whole world, and the number of lines written so far.
#[derive(Default)]
pub(crate) struct Clock {
    pub(crate) now: i64,
    pub(crate) lines: usize,
}

impl Host {
    pub(crate) fn new(name: String, serial: i64) -> Self {
        let (lines, history) = (Vec::new(), Vec::new());
        let (offset, last, latest, lost) = (0, 0, 0, 0);
        Self {
            name,
            lines,
            history,
            offset,
            last,
            latest,
            auditd: true,
            is_silent: false,
            serial,
            daemon_serial: 9000,
            lost,
        }
    }

    fn line(&mut self, clock: &mut Clock, kind: &'static str, serial: i64, body: &str) {
        if self.is_silent {
            return;
        }
        let node = match &*self.name {
            "" => String::new(),
            name => format!("node={name} "),
        };
        let (seconds, millis) = (self.last.div_euclid(1000), self.last.rem_euclid(1000));
        let text = format!("{node}type={kind} msg=audit({seconds}.{millis:03}:{serial}): {body}\n");
        self.lines.push(Line { at: clock.lines, kind, text });
        clock.lines += 1;
    }

    /// A record of the kernel or of a program.
    pub(crate) fn record(&mut self, clock: &mut Clock, kind: &'static str, body: &str) {
        clock.now += 7;
        self.last = EPOCH + clock.now + self.offset;
        self.latest = self.latest.max(self.last);
        self.serial += 1;
        if self.auditd {
            self.line(clock, kind, self.serial, body);
        } else {
            self.lost += 1;
        }
    }

    /// A record that has nothing to do with guests.
    pub(crate) fn other(&mut self, clock: &mut Clock, kind: &'static str) {
        let body = "pid=1 uid=0 auid=4294967295 ses=4294967295 msg='unit=x comm=\"systemd\" \
                    exe=\"/lib/systemd/systemd\" hostname=? addr=? terminal=? res=success'";
        self.record(clock, kind, body);
    }

    /// A record of auditd itself, which has numbers of its own.
    fn daemon(&mut self, clock: &mut Clock, kind: &'static str) {
        clock.now += 3;
        self.last = EPOCH + clock.now + self.offset;
        self.daemon_serial += 1;
        self.line(
            clock,
            kind,
            self.daemon_serial,
            "op=x ver=3.0.9 auid=0 pid=500 uid=0 res=success",
        );
    }

    /// Adds what the last record means.
    pub(crate) fn note(&mut self, guest: Option<u32>, item: Item) -> usize {
        let (ms, logged) = (self.last, self.auditd && !self.is_silent);
        self.history.push(Entry { guest, ms, logged, item });
        self.history.len() - 1
    }

    /// auditd ends; if it is killed, without a record.
    pub(crate) fn auditd_ends(&mut self, clock: &mut Clock, killed: bool) {
        if !killed {
            self.daemon(clock, "DAEMON_END");
        }
        (self.auditd, self.lost) = (false, 0);
    }

    /// auditd starts. Whether `complete`, the log has more than records about guests.
    pub(crate) fn auditd_starts(&mut self, clock: &mut Clock, complete: bool) {
        self.auditd = true;
        self.daemon(clock, "DAEMON_START");
        if self.lost > 0 && complete {
            self.note(None, Item::Gap);
        }
        self.other(clock, "CONFIG_CHANGE");
        self.other(clock, "SERVICE_START");
    }

    /// The kernel starts, with new numbers.
    pub(crate) fn boots(&mut self, clock: &mut Clock, serial: i64) {
        (self.auditd, self.lost) = (true, 0);
        self.serial = serial;
        // A clock that was wrong is set before auditd starts.
        self.offset = self.offset.max(self.latest - EPOCH - clock.now);
        self.daemon(clock, "DAEMON_START");
        self.other(clock, "CONFIG_CHANGE");
        self.other(clock, "SERVICE_START");
        self.other(clock, "SYSTEM_BOOT");
        self.note(None, Item::Boot);
    }
}
