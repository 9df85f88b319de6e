//! Records as they happen, each with what is known of its guest by then.

use crate::events::Store;
use crate::events::{Found, Scanner, Wants};
use crate::input::blocks::BlockOutput;
use crate::report::{EventView, Filter, Report};
use crate::time::Clock;

/// How many events are remembered to tell whose label or process a denial is about. Beyond it,
/// what is forgotten first is what came first.
const REMEMBERED: usize = 200_000;

/// The kernel's last record of a system call's event.
const EVENT_ENDS: u16 = 1320;

/// Takes records and says what they are about.
#[derive(Debug)]
pub struct Watcher {
    scanner: Scanner,
    found: Found,
    report: Report,
    /// Records of events that haven't ended.
    open: Vec<u8>,
    clock: Clock,
}

impl Watcher {
    /// One that has seen nothing yet.
    pub fn new(clock: Clock) -> Self {
        let wants = Wants { details: true, failed: false };
        let mut store = Store::new(wants);
        store.local = true;
        Self {
            scanner: Scanner::new(wants, clock.clone()),
            found: Found::default(),
            report: Report::live(store, Filter::default()),
            open: Vec::new(),
            clock,
        }
    }

    /// The next record: its type and its text, `audit(...): ...`. Gives the events that are
    /// complete by it to `show`.
    pub fn record(&mut self, kind: u16, text: &[u8], show: &mut dyn FnMut(&EventView<'_>)) {
        let line = [format!("type={kind} ").as_bytes(), text].concat();
        // A line end in a text would make two lines of it.
        if memchr::memchr(b'\n', &line).is_some() {
            return;
        }
        match kind {
            // Denials and anomalies wait for the records that tell more about them.
            EVENT_ENDS => self.flush(show),
            1300..=1799 => {
                self.open.extend_from_slice(&line);
                self.open.push(b'\n');
            }
            _ => self.take(&[&line[..], b"\n"].concat(), show),
        }
    }

    /// Nothing came for a while: what is open is complete.
    pub fn flush(&mut self, show: &mut dyn FnMut(&EventView<'_>)) {
        let open = std::mem::take(&mut self.open);
        if !open.is_empty() {
            self.take(&open, show);
        }
    }

    fn take(&mut self, lines: &[u8], show: &mut dyn FnMut(&EventView<'_>)) {
        self.found.clear();
        self.scanner.scan(lines, &mut self.found);
        if self.found.facts.is_empty() {
            return;
        }
        if self.report.store().events.len() > REMEMBERED {
            let clock = self.clock.clone();
            let fresh = Self::new(clock);
            self.report = fresh.report;
        }
        self.report.append(&self.found, show);
    }
}
