//! Records as they happen, assigned to guests by the records before.

use crate::events::{Found, Scanner, Wants};
use crate::input::blocks::BlockOutput;
use crate::line::foreign::ForeignReader;
use crate::line::{AuxKind, LineKind, front, record_line};
use crate::report::{EventView, Report};
use crate::time::Clock;
use std::collections::VecDeque;

/// The number of guests' events that are remembered to assign denials to guests. When it is exceeded,
/// all are forgotten: a denial then has no guest until records show the guest's label or process
/// again. Denials and anomalies, which any user can provoke, are not remembered.
const REMEMBERED: usize = 200_000;

/// The same limit for the bytes of their records.
const REMEMBERED_BYTES: usize = 128 * 1024 * 1024;

/// The type of the record that ends an event of several records.
const EVENT_ENDS: [&[u8]; 2] = [b"EOE", b"1320"];

/// The type of a denial by a program, which has no auxiliary records.
const USER_AVC: [&[u8]; 2] = [b"USER_AVC", b"1107"];

/// The most records of events that are not complete, and their most bytes. Any user can provoke
/// records, so their number must have a limit.
const OPEN_RECORDS: usize = 4096;
const OPEN_BYTES: usize = 4 * 1024 * 1024;

const WANTS: Wants = Wants { details: true, failed: false };

/// Collects records, and reports the events that are about a guest.
#[derive(Debug)]
pub struct Watcher {
    scanner: Scanner,
    foreign: ForeignReader,
    found: Found,
    report: Report,
    remembered_bytes: usize,
    /// The limits of what is remembered, in events and in bytes.
    limits: (usize, usize),
    /// The records of events that are not complete, as lines.
    open: VecDeque<Vec<u8>>,
    open_bytes: usize,
    given_up: u64,
    damaged: u64,
}

impl Watcher {
    /// A watcher without any records.
    pub fn new(clock: Clock) -> Self {
        Self {
            scanner: Scanner::new(WANTS, ForeignReader::new(clock.clone(), &[])),
            foreign: ForeignReader::new(clock, &[]),
            found: Found::default(),
            report: Report::live(WANTS),
            remembered_bytes: 0,
            limits: (REMEMBERED, REMEMBERED_BYTES),
            open: VecDeque::new(),
            open_bytes: 0,
            given_up: 0,
            damaged: 0,
        }
    }

    /// Adds a record with its type and its text, `audit(...): ...`. The events that it completes
    /// are passed to `show`.
    pub fn record(&mut self, kind: u16, text: &[u8], show: &mut dyn FnMut(&EventView<'_>)) {
        self.line(&record_line(kind, text), show);
    }

    /// Adds a line of a log, in any format that a report reads, without its line feed.
    pub fn line(&mut self, line: &[u8], show: &mut dyn FnMut(&EventView<'_>)) {
        let mut rewritten = Vec::new();
        let line = if front(line).is_some() {
            line
        } else {
            self.foreign.rewrite(line, &mut rewritten, &mut |_| {});
            &rewritten
        };
        let Some(known) = front(line) else { return };
        if EVENT_ENDS.contains(&known.name) {
            return self.flush(show);
        }
        let labels = known.kind == LineKind::Aux(AuxKind::Contexts);
        if !known.kind.matters() || labels && !self.is_open(known.rest) {
            return;
        }
        // Denials and anomalies of the kernel wait for their auxiliary records.
        let waits = match known.kind {
            LineKind::Aux(_) => true,
            LineKind::Avc => !USER_AVC.contains(&known.name),
            LineKind::Anomaly(number) => (1300..=1799).contains(&number),
            _ => false,
        };
        let line = [line, b"\n"].concat();
        if waits {
            self.open_bytes += line.len();
            self.open.push_back(line);
            self.limit(show);
        } else {
            self.add(&line, show);
        }
    }

    /// Completes the open events, for when no record has come for a while.
    pub fn flush(&mut self, show: &mut dyn FnMut(&EventView<'_>)) {
        self.complete(self.open.len(), show);
    }

    /// Whether a record of the same event is open. Every event may have a record of labels, and those
    /// of most events are not needed.
    fn is_open(&self, rest: &[u8]) -> bool {
        let Some(len) = memchr::memchr(b')', rest) else { return false };
        let stamp = &rest[..len];
        let of_event = |line: &Vec<u8>| front(line).is_some_and(|it| it.rest.starts_with(stamp));
        // The record follows the others of its event at once.
        self.open.iter().rev().take(64).any(of_event)
    }

    /// The number of records so far whose events were completed before their end, because too many
    /// were open. A denial among them may lack its user and its paths.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// The number of records about guests and hosts so far that were not read, because they are cut
    /// or malformed.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Completes the older half of the open events if there are too many.
    fn limit(&mut self, show: &mut dyn FnMut(&EventView<'_>)) {
        if self.open.len() > OPEN_RECORDS || self.open_bytes > OPEN_BYTES {
            let oldest = self.open.len().div_ceil(2);
            self.given_up += oldest as u64;
            self.complete(oldest, show);
        }
    }

    /// Completes the events of that many open records, the oldest first.
    fn complete(&mut self, records: usize, show: &mut dyn FnMut(&EventView<'_>)) {
        let lines: Vec<u8> = self.open.drain(..records).flatten().collect();
        self.open_bytes -= lines.len();
        if !lines.is_empty() {
            self.add(&lines, show);
        }
    }

    fn add(&mut self, lines: &[u8], show: &mut dyn FnMut(&EventView<'_>)) {
        self.found.clear();
        self.scanner.scan(lines, &mut self.found);
        let counts = &self.found.line_counts;
        self.damaged += counts.malformed + counts.cut;
        if self.found.records.is_empty() {
            return;
        }
        let before = self.report.store().events.len();
        if before > self.limits.0 || self.remembered_bytes > self.limits.1 {
            self.report = Report::live(WANTS);
            self.remembered_bytes = 0;
        }
        self.report.append(&self.found, show);
        if self.report.store().events.len() != before {
            self.remembered_bytes += lines.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(label: &str, serial: u32) -> String {
        format!(
            "audit(1767225700.000:{serial}): avc:  denied  {{ read }} for  pid=777 comm=\"x\" \
             scontext=system_u:system_r:{label} tcontext=u:r:etc_t:s0 tclass=file permissive=0"
        )
    }

    fn label(guest: u32) -> String {
        format!(
            "audit(1767225600.000:{guest}): pid=1 uid=0 auid=4294967295 ses=4294967295 \
             msg='virt=kvm vm=\"g{guest}\" uuid=8e4f0f4c-2f8b-4b7a-9d9c-{guest:012} \
             vm-ctx=system_u:system_r:svirt_t:s0:c{guest},c999 img-ctx=u:r:svirt_image_t:s0:c{guest},c999 model=selinux \
             exe=\"/x\" hostname=? addr=? terminal=? res=success'"
        )
    }

    #[test]
    fn guests_events_push_out_a_label_and_denials_do_not() {
        let mut watcher = Watcher { limits: (20, 20_000), ..Watcher::new(Clock::system()) };
        let mut shown = Vec::new();
        let mut denied = |watcher: &mut Watcher, label: &str, serials: std::ops::Range<u32>| {
            shown.clear();
            for serial in serials {
                watcher.record(1400, denial(label, serial).as_bytes(), &mut |_| {});
                watcher.flush(&mut |event| shown.push(event.vm.to_string()));
            }
            shown.clone()
        };
        watcher.record(2502, label(1).as_bytes(), &mut |_| {});
        assert_eq!(denied(&mut watcher, "user_t:s0", 100..400), [""; 0]);
        assert_eq!(denied(&mut watcher, "svirt_t:s0:c1,c999", 400..700), ["g1"; 300]);
        for guest in 2..30 {
            watcher.record(2502, label(guest).as_bytes(), &mut |_| {});
        }
        assert_eq!(denied(&mut watcher, "svirt_t:s0:c1,c999", 700..701), [""; 0]);
        assert_eq!(denied(&mut watcher, "svirt_t:s0:c29,c999", 701..702), ["g29"]);
    }
}
