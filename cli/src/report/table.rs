//! A table for people: as wide as its content, or as the terminal.

mod columns;
mod event;
mod row;

pub(super) use event::{describe, live};

use super::args::ReportArgs;
use super::parallel::{Chunks, Part, in_any_order, in_order};
use anstyle::Style;
use columns::Columns;
use jiff::tz::TimeZone;
use row::{Pen, Row};
use std::io::{self, IsTerminal, Write};
use viraudit_trail::report::{Report, WidthSamples};
use viraudit_trail::session::State;
use viraudit_trail::time::UtcFormatCache;

/// Lines of the table.
#[derive(Default)]
struct Lines {
    text: Vec<u8>,
    /// Whether a line has a mark, which needs a legend.
    marked: bool,
}

impl Part for Lines {
    fn clear(&mut self) {
        self.text.clear();
        self.marked = false;
    }
}

/// Writes every session, and with `--all-events` its events below it.
pub(super) fn write(
    report: &Report,
    args: &ReportArgs,
    zone: &TimeZone,
    mut out: impl Write,
) -> io::Result<()> {
    let stdout = io::stdout();
    let colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    let room = stdout.is_terminal().then(terminal_columns).flatten();
    let pen = Pen::new(zone.clone());
    let mut columns = Columns::new(args.proof, colour);
    measure(report, &mut columns, &pen);
    if let Some(room) = room {
        columns.fit(room);
    }

    let mut headers = Vec::new();
    let mut row = Row::new(&mut columns, &mut headers);
    Columns::headers().for_each(|(column, header)| row.put(column, header));
    row.end(Style::new().bold());
    out.write_all(&headers)?;

    let worker = || {
        let (mut columns, mut pen) = (columns.clone(), pen.clone());
        let (mut utc, mut key) = (UtcFormatCache::default(), String::new());
        move |range, lines: &mut Lines| {
            for session in report.range(range) {
                lines.marked |= session.begins_before || session.ends_after;
                row::append(&session, &mut pen, &mut columns, &mut lines.text);
                if session.state == State::Failed {
                    for cause in report.causes(&session) {
                        let times = &mut pen.starts;
                        event::append_cause(&session.vm, &cause, &columns, times, &mut lines.text);
                    }
                }
                if args.shows_events() {
                    key.clear();
                    session.key().append_to(&mut key, &mut utc);
                    for event in report.events(&session) {
                        let times = &mut pen.starts;
                        event::append(&event, &key, args.proof, &columns, times, &mut lines.text);
                    }
                }
            }
        }
    };
    let mut marked = false;
    in_order(Chunks::of(report, args.shows_events()), worker, |lines: &Lines| {
        marked |= lines.marked;
        out.write_all(&lines.text)
    })?;
    if marked {
        writeln!(out, "(< began before --start, > ended after --end)")?;
    }
    out.flush()
}

/// The width of the terminal; COLUMNS overrides it.
pub(super) fn terminal_columns() -> Option<usize> {
    let width = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    width
        .filter(|&columns| columns > 0)
        .or_else(|| terminal_size::terminal_size().map(|(columns, _)| columns.0.into()))
}

/// Widens the columns for all rows.
fn measure(report: &Report, columns: &mut Columns, pen: &Pen) {
    let before = columns.clone();
    let needed = in_any_order(Chunks::of(report, false), |ranges| {
        let (mut columns, mut pen) = (before.clone(), pen.clone());
        let (mut shapes, mut text) = (WidthSamples::default(), Vec::new());
        for range in ranges {
            for session in report.width_samples(range, &mut shapes) {
                text.clear();
                row::append(&session, &mut pen, &mut columns, &mut text);
            }
        }
        columns
    });
    needed.iter().for_each(|needed| columns.widen(needed));
}
