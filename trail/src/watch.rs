//! Records as they happen, assigned to guests by the records before.

use crate::events::{Found, Scanner, Wants};
use crate::input::blocks::BlockOutput;
use crate::report::{EventView, Report};
use crate::time::Clock;

/// The number of events that are remembered to assign denials to guests. When it is exceeded, all
/// are forgotten: a denial then has no guest until records show the guest's label or process again.
const REMEMBERED: usize = 200_000;

/// The type of the record that ends an event of several records.
const EVENT_ENDS: u16 = 1320;

const WANTS: Wants = Wants { details: true, failed: false };

/// Collects records, and reports the events that are about a guest.
#[derive(Debug)]
pub struct Watcher {
    scanner: Scanner,
    found: Found,
    report: Report,
    /// The lines of an event that is not complete.
    open: Vec<u8>,
}

impl Watcher {
    /// A watcher without any records.
    pub fn new(clock: Clock) -> Self {
        Self {
            scanner: Scanner::new(WANTS, clock),
            found: Found::default(),
            report: Report::live(WANTS),
            open: Vec::new(),
        }
    }

    /// Adds a record with its type and its text, `audit(...): ...`. The events that it completes
    /// are passed to `show`.
    pub fn record(&mut self, kind: u16, text: &[u8], show: &mut dyn FnMut(&EventView<'_>)) {
        let line = [format!("type={kind} ").as_bytes(), text].concat();
        // A line feed in the text could forge a second record.
        if memchr::memchr(b'\n', &line).is_some() {
            return;
        }
        match kind {
            EVENT_ENDS => self.flush(show),
            // Denials and anomalies wait for their auxiliary records.
            1300..=1799 => {
                self.open.extend_from_slice(&line);
                self.open.push(b'\n');
            }
            _ => self.add(&[&line[..], b"\n"].concat(), show),
        }
    }

    /// Completes the open event, for when no record has come for a while.
    pub fn flush(&mut self, show: &mut dyn FnMut(&EventView<'_>)) {
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            self.add(&open, show);
        }
    }

    fn add(&mut self, lines: &[u8], show: &mut dyn FnMut(&EventView<'_>)) {
        self.found.clear();
        self.scanner.scan(lines, &mut self.found);
        if self.found.records.is_empty() {
            return;
        }
        if self.report.store().events.len() > REMEMBERED {
            self.report = Report::live(WANTS);
        }
        self.report.append(&self.found, show);
    }
}
