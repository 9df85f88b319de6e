//! Records as they come, rows as they go, and a word about what was lost in between.

use crate::report::{event_line, event_text};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use viraudit::internal::audit_sys::multicast::{Heard, Listener};
use viraudit_trail::report::EventView;
use viraudit_trail::time::Clock;
use viraudit_trail::watch::Watcher;

/// How long an event may lack its end, and how soon a signal is heeded.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a loss is told while records keep coming.
const REPEAT: Duration = Duration::from_secs(1);

/// Where records come from.
pub(super) trait Records {
    /// The next one, or what came instead.
    fn next(&mut self, wait: Duration) -> io::Result<Heard>;
    /// How many were lost so far; `None` where nobody counts.
    fn lost(&self) -> Option<u32>;
}

impl Records for Listener {
    fn next(&mut self, wait: Duration) -> io::Result<Heard> {
        self.next(wait)
    }

    fn lost(&self) -> Option<u32> {
        self.lost()
    }
}

/// What to show, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// One JSON object for each event.
    pub(super) json: bool,
    /// So many events at most.
    pub(super) count: Option<u64>,
    /// Not after this.
    pub(super) deadline: Option<Instant>,
}

/// Follows the records until enough is shown, the time is over or `stop` is set. `say` gets one
/// line about each loss. Gives the number of rows, and what broke the output off.
pub(super) fn follow(
    records: &mut impl Records,
    wanted: Wanted,
    stop: &AtomicBool,
    out: &mut dyn Write,
    say: &mut dyn FnMut(String),
) -> io::Result<(u64, io::Result<()>)> {
    let mut watcher = Watcher::new(Clock::system());
    let mut rows = Rows { json: wanted.json, left: wanted.count, out, shown: 0, ended: None };
    let mut losses = Losses { told: records.lost().unwrap_or(0), heard: false, last: None, say };
    while !stop.load(Ordering::Acquire) && rows.ended.is_none() {
        let left = wanted
            .deadline
            .map_or(PATIENCE, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            break;
        }
        match records.next(left.min(PATIENCE)) {
            Ok(Heard::Nothing) => {
                watcher.flush(&mut |event| rows.show(event));
                losses.tell(records);
            }
            Ok(Heard::Lost) => losses.heard = true,
            Ok(Heard::Record(kind, text)) => {
                watcher.record(kind, &text, &mut |event| rows.show(event));
                if losses.heard && losses.last.is_none_or(|last| last.elapsed() >= REPEAT) {
                    losses.tell(records);
                }
            }
            Err(error) => {
                losses.tell(records);
                return Err(error);
            }
        }
    }
    losses.tell(records);
    Ok((rows.shown, rows.ended.unwrap_or(Ok(()))))
}

/// What was lost, and how much of it was told.
struct Losses<'s> {
    told: u32,
    /// The kernel said so. It does that once, and then drops records until all that it holds is
    /// read: the number goes on rising.
    heard: bool,
    last: Option<Instant>,
    say: &'s mut dyn FnMut(String),
}

impl Losses<'_> {
    fn tell(&mut self, records: &impl Records) {
        let what = match records.lost() {
            None if self.heard => "some records were lost".to_owned(),
            None => return,
            Some(lost) => {
                let more = lost.wrapping_sub(self.told);
                self.told = lost;
                match more {
                    0 => {
                        self.heard = false;
                        return;
                    }
                    1 => "1 record was lost".to_owned(),
                    more => format!("{more} records were lost"),
                }
            }
        };
        (self.say)(format!("{what}: they came faster than they were read"));
        self.heard = records.lost().is_some();
        self.last = Some(Instant::now());
    }
}

struct Rows<'o> {
    json: bool,
    left: Option<u64>,
    out: &'o mut dyn Write,
    shown: u64,
    /// No more rows are wanted, or can be written.
    ended: Option<io::Result<()>>,
}

impl Rows<'_> {
    fn show(&mut self, event: &EventView<'_>) {
        if self.ended.is_some() {
            return;
        }
        let text = if self.json { event_line(event) } else { event_text(event) };
        if let Err(error) = self.out.write_all(&text).and_then(|()| self.out.flush()) {
            self.ended = Some(Err(error));
            return;
        }
        self.shown += 1;
        if self.left.is_some_and(|left| self.shown >= left) {
            self.ended = Some(Ok(()));
        }
    }
}

#[cfg(test)]
mod tests;
