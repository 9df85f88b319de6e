//! Turns records into rows as they arrive, and reports records that were lost or given up.

use crate::console::counted;
use crate::report::{event_line, event_text};
use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use viraudit::RecordType;
use viraudit_trail::expect::{Fields, HeardRecord, RecordReader, Selection};
use viraudit_trail::listen::{Heard, Loss, Source, Wake};
use viraudit_trail::report::{EventView, Value};
use viraudit_trail::time::Clock;
use viraudit_trail::watch::Watcher;

/// The longest wait for the end of an event, and for noticing a signal.
const PATIENCE: Duration = Duration::from_millis(500);

/// The most lines that are read after a signal, if more and more come.
const LATE: u32 = 1_000_000;

/// The shortest time between two reports of a loss while records keep arriving.
const REPEAT: Duration = Duration::from_secs(1);

/// A source of records.
pub(super) trait Records {
    /// The next record, or what happened instead.
    fn next(&mut self, wait: Duration) -> io::Result<Heard>;
    /// The number of lost records so far; `None` if nothing counts them.
    fn lost(&self) -> Option<u32>;
    /// The reason for a loss.
    fn loss(&self) -> Loss;
}

/// A source, until the reader of the output has gone.
pub(super) struct Live<'o> {
    pub(super) source: Source,
    /// The output, if its reader may go.
    pub(super) reader: Option<Wake<'o>>,
    /// Whether the reader has gone.
    pub(super) gone: bool,
}

impl Records for Live<'_> {
    fn next(&mut self, wait: Duration) -> io::Result<Heard> {
        let heard = self.source.next(wait, self.reader)?;
        self.gone |= heard == Heard::Woken;
        Ok(heard)
    }

    fn lost(&self) -> Option<u32> {
        self.source.lost()
    }

    fn loss(&self) -> Loss {
        self.source.loss()
    }
}

/// An event that is not a VIRT_* record, with its fields.
struct Other<'e>(&'e EventView<'e>);

impl Fields for Other<'_> {
    fn kind(&self) -> Option<RecordType> {
        None
    }

    fn field(&self, key: &str) -> Option<Cow<'_, [u8]>> {
        let text = match (key, self.0.get(key)) {
            ("kind", _) => self.0.kind.to_owned(),
            ("vm", _) => self.0.vm.clone().into_owned(),
            ("uuid", _) => self.0.uuid.to_string(),
            ("node", _) => self.0.host.clone()?.into_owned(),
            (_, Some(Value::Text(text))) => text.clone().into_owned(),
            (_, Some(Value::Number(number))) => number.to_string(),
            (_, Some(Value::Bool(yes))) => yes.to_string(),
            (_, Some(Value::Null) | None) => return None,
        };
        Some(Cow::Owned(text.into_bytes()))
    }
}

/// Which output is wanted, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'w> {
    /// One JSON object for each event.
    pub(super) json: bool,
    /// The most events to show.
    pub(super) count: Option<u64>,
    /// When to end.
    pub(super) deadline: Option<Instant>,
    /// The events to show.
    pub(super) selection: &'w Selection,
    /// Whether a signal ends it only after the records that have arrived.
    pub(super) drain: bool,
}

/// Shows records until the count or the deadline is reached or `stop` is set.
///
/// `warn` gets one line about each loss. Returns the number of rows, and the error that ended the
/// output.
pub(super) fn follow(
    records: &mut impl Records,
    wanted: Wanted<'_>,
    stop: &AtomicBool,
    out: &mut dyn Write,
    warn: &mut dyn FnMut(String),
) -> io::Result<(u64, io::Result<()>)> {
    let mut watcher = Watcher::new(Clock::system());
    let mut reader = RecordReader::new(Clock::system());
    let is_other = |event: &EventView<'_>| wanted.selection.fits(&Other(event));
    let mut rows = Rows { json: wanted.json, left: wanted.count, out, shown: 0, ended: None };
    let mut losses =
        Losses { reported: records.lost().unwrap_or(0), pending: false, last: None, warn };
    let mut incomplete = Incomplete::default();
    let mut late = if wanted.drain { LATE } else { 0 };
    while rows.ended.is_none() {
        let stopped = stop.load(Ordering::Acquire);
        let left = match wanted.deadline {
            _ if stopped => Duration::ZERO,
            Some(deadline) => deadline.saturating_duration_since(Instant::now()),
            None => PATIENCE,
        };
        if left.is_zero() && !(stopped && late > 0) {
            break;
        }
        late -= u32::from(stopped);
        match records.next(left.min(PATIENCE)) {
            Ok(Heard::End | Heard::Woken) => break,
            Ok(Heard::Nothing) if stopped => break,
            Ok(Heard::Nothing) => {
                watcher.flush(&mut |event| {
                    if is_other(event) {
                        rows.show(event, None);
                    }
                });
                losses.report(records);
                incomplete.report(&watcher, losses.warn);
            }
            Ok(Heard::Lost) => losses.pending = true,
            Ok(Heard::Line(line)) => {
                // The records of a program are selected by their own fields.
                let record = reader.read(&line);
                let fits = record.as_ref().map(|record| wanted.selection.fits(record));
                watcher.line(&line, &mut |event| {
                    if fits.unwrap_or_else(|| is_other(event)) {
                        rows.show(event, record.as_ref());
                    }
                });
                if losses.pending && losses.last.is_none_or(|last| last.elapsed() >= REPEAT) {
                    losses.report(records);
                }
                if incomplete.last.is_none_or(|last| last.elapsed() >= REPEAT) {
                    incomplete.report(&watcher, losses.warn);
                }
            }
            Err(error) => {
                losses.report(records);
                incomplete.report(&watcher, losses.warn);
                return Err(error);
            }
        }
    }
    watcher.flush(&mut |event| {
        if is_other(event) {
            rows.show(event, None);
        }
    });
    losses.report(records);
    incomplete.report(&watcher, losses.warn);
    Ok((rows.shown, rows.ended.unwrap_or(Ok(()))))
}

/// The lost records, and how many of them were reported.
struct Losses<'s> {
    reported: u32,
    /// The kernel signalled a loss. It does so once, and then drops records until its buffer is
    /// empty, so the number keeps rising.
    pending: bool,
    last: Option<Instant>,
    warn: &'s mut dyn FnMut(String),
}

impl Losses<'_> {
    fn report(&mut self, records: &impl Records) {
        let what = match records.lost() {
            None if self.pending => records.loss().to_string(),
            None => return,
            Some(lost) => {
                let more = lost.wrapping_sub(self.reported);
                self.reported = lost;
                match more {
                    0 => {
                        self.pending = false;
                        return;
                    }
                    more => format!(
                        "{} lost: they arrived faster than they were read",
                        counted(more.into(), "record was", "records were")
                    ),
                }
            }
        };
        (self.warn)(what);
        self.pending = records.lost().is_some();
        self.last = Some(Instant::now());
    }
}

/// How many of the records that the watcher gave up or couldn't read were reported.
#[derive(Default)]
struct Incomplete {
    given_up: u64,
    damaged: u64,
    last: Option<Instant>,
}

impl Incomplete {
    fn report(&mut self, watcher: &Watcher, warn: &mut dyn FnMut(String)) {
        let given_up = watcher.given_up() - self.given_up;
        let damaged = watcher.damaged() - self.damaged;
        if given_up > 0 {
            warn(format!(
                "{given_up} records were not kept until the end of their events, because there \
                 were too many; denials may lack their user and path"
            ));
        }
        if damaged > 0 {
            let records = counted(damaged, "record", "records");
            warn(format!("{records} can't be used: cut or malformed"));
        }
        if given_up + damaged > 0 {
            *self = Self {
                given_up: watcher.given_up(),
                damaged: watcher.damaged(),
                last: Some(Instant::now()),
            };
        }
    }
}

struct Rows<'o> {
    json: bool,
    left: Option<u64>,
    out: &'o mut dyn Write,
    shown: u64,
    /// Set if no more rows are wanted or can be written.
    ended: Option<io::Result<()>>,
}

impl Rows<'_> {
    /// Shows an event; of a program's record, also what only the record has.
    fn show(&mut self, event: &EventView<'_>, record: Option<&HeardRecord>) {
        if self.ended.is_some() {
            return;
        }
        let text = if self.json { event_line(event, record) } else { event_text(event) };
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
