//! What really happened, and the sessions that its records show.
//!
//! The simulator knows the meaning of each record: a stop that only cleans up after a failed start, a
//! detach that comes behind its guest's stop. A report has to infer it.

use std::collections::BTreeMap;

/// The meaning of a record, or of an event of the host.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item {
    Start {
        ok: bool,
    },
    Stop(Role),
    /// A start is prepared.
    Prepares,
    /// A record that a guest has only while it runs, or right behind the stop with this index.
    Life {
        behind: Option<usize>,
    },
    /// The host goes down.
    Down,
    /// The host has started.
    Boot,
    /// auditd has started again, and the log shows that records are missing.
    Gap,
}

/// What a stop is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// The guest stops.
    Stops,
    /// It repeats the stop, or cleans up after the failed start, with this index.
    Repeats(usize),
    /// The start with this index is about to fail.
    Precedes(usize),
}

/// An entry of a host's history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// `None` if it is about the host.
    pub(crate) guest: Option<u32>,
    pub(crate) ms: i64,
    /// Whether the log has its record.
    pub(crate) logged: bool,
    pub(crate) item: Item,
}

/// A session: host, guest, start, end, state, and whether it was open while records are missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) host: usize,
    pub(crate) guest: u32,
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
    pub(crate) state: &'static str,
    pub(crate) gap: bool,
}

/// The sessions of a host.
pub(crate) fn rows(host: usize, history: &[Entry]) -> Vec<Row> {
    let mut sessions = Sessions { host, rows: Vec::new(), guests: BTreeMap::new() };
    for entry in history.iter().filter(|entry| entry.logged) {
        sessions.add(entry, |index| history.get(index).is_some_and(|other| other.logged));
    }
    sessions.rows
}

/// The sessions of a host so far.
struct Sessions {
    host: usize,
    rows: Vec<Row>,
    /// By guest: the session that is open, and the one that the host's shutdown ended.
    guests: BTreeMap<u32, [Option<usize>; 2]>,
}

impl Sessions {
    fn open(&mut self, guest: u32) -> &mut Option<usize> {
        &mut self.guests.entry(guest).or_default()[0]
    }

    fn row(&mut self, guest: u32, start: Option<i64>, state: &'static str) -> usize {
        self.rows.push(Row { host: self.host, guest, start, end: None, state, gap: false });
        self.rows.len() - 1
    }

    fn end(&mut self, row: usize, state: &'static str, ms: i64) {
        self.rows[row].state = state;
        self.rows[row].end = Some(ms);
    }

    fn add(&mut self, entry: &Entry, is_logged: impl Fn(usize) -> bool) {
        let ms = entry.ms;
        let Some(guest) = entry.guest else { return self.host_event(entry) };
        let open = *self.open(guest);
        match entry.item {
            Item::Start { ok: false } => {
                self.row(guest, Some(ms), "failed");
            }
            Item::Start { ok: true } => {
                if let Some(open) = open.filter(|&open| self.rows[open].start.is_some()) {
                    self.end(open, "lost", ms);
                }
                let row = self.row(guest, Some(ms), "running");
                self.guests.insert(guest, [Some(row), None]);
            }
            Item::Stop(Role::Repeats(other)) if is_logged(other) => {}
            Item::Stop(Role::Precedes(other)) if is_logged(other) && open.is_none() => {}
            Item::Stop(_) => {
                let [open, down] = self.guests.remove(&guest).unwrap_or_default();
                let row = open.or(down).unwrap_or_else(|| self.row(guest, None, ""));
                self.end(row, "stopped", ms);
            }
            Item::Life { behind: Some(stop) } if is_logged(stop) => {}
            Item::Life { .. } => {
                let [open, down] = self.guests.entry(guest).or_default();
                if open.is_none() && down.is_none() {
                    let row = self.row(guest, None, "seen");
                    *self.open(guest) = Some(row);
                }
            }
            // It ran in a session whose start was not logged.
            Item::Prepares if open.is_some_and(|open| self.rows[open].start.is_none()) => {
                *self.open(guest) = None;
            }
            Item::Prepares | Item::Down | Item::Boot | Item::Gap => {}
        }
    }

    fn host_event(&mut self, entry: &Entry) {
        for [open, down] in self.guests.values_mut() {
            let Some(row) = *open else {
                if matches!(entry.item, Item::Boot) {
                    *down = None;
                }
                continue;
            };
            let started = self.rows[row].start.is_some();
            if matches!(entry.item, Item::Gap) {
                self.rows[row].gap |= started;
                continue;
            }
            if started {
                self.rows[row].state = "down";
                self.rows[row].end = Some(entry.ms);
            }
            (*open, *down) = (None, Some(row).filter(|_| matches!(entry.item, Item::Down)));
        }
    }
}
