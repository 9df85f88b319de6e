//! A table for people: as wide as it must be, or as the terminal is.

use super::ReportArgs;
use super::layout::{BLANKS, cut, put, width};
use super::parallel::{Part, in_order};
use crate::plain::clean;
use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use std::io::{self, IsTerminal, Write};
use viraudit_trail::report::{EventView, Report, SessionView, Value};
use viraudit_trail::session::State;
use viraudit_trail::time::{LocalTimes, duration, local};

const HEADERS: [&str; 9] =
    ["VM", "HOST", "USER", "START", "END", "DURATION", "STATE", "REASON", "PROOF"];

const VM: usize = 0;
const HOST: usize = 1;
const USER: usize = 2;
const START: usize = 3;
const END: usize = 4;
const DURATION: usize = 5;
const STATE: usize = 6;
const REASON: usize = 7;
const PROOF: usize = 8;

/// The columns of an event's kind, unless it has a longer name.
const KIND: usize = 8;

/// The fewest columns for a guest's name.
const NAME_MIN: usize = 12;

/// Some lines of the table.
#[derive(Default)]
struct Lines {
    text: String,
    /// Whether one of them has a mark that must be explained.
    marked: bool,
}

impl Part for Lines {
    fn clear(&mut self) {
        self.text.clear();
        self.marked = false;
    }
}

/// How much room some rows need.
#[derive(Default)]
struct Needed {
    widths: [usize; 9],
    hosts: bool,
}

impl Part for Needed {
    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// How the table is drawn.
struct Table {
    zone: TimeZone,
    colour: bool,
    /// The terminal's columns.
    room: Option<usize>,
    shown: [bool; 9],
    widths: [usize; 9],
}

/// Writes every session, and with `--all-events` its events below it.
pub(super) fn write(report: &Report, args: &ReportArgs, mut out: impl Write) -> io::Result<()> {
    let mut table = Table::new(args.proof);
    table.measure(report);
    table.fit();
    let mut headers = String::new();
    let mut line = Line::new(&table, &mut headers);
    HEADERS.iter().enumerate().for_each(|(i, header)| line.put(i, header));
    line.end(Style::new().bold());
    out.write_all(headers.as_bytes())?;
    let worker = || {
        let times = LocalTimes::new(table.zone.clone());
        let (mut starts, mut ends) = (times.clone(), times);
        let table = &table;
        move |range, lines: &mut Lines| {
            for session in report.range(range) {
                lines.marked |= session.begins_before || session.ends_after;
                let mut line = Line::new(table, &mut lines.text);
                let started = session.start.map(|ms| starts.text(ms));
                let ended = session.end.map(|ms| ends.text(ms));
                table.cells(&session, started, ended, |i, text| line.put(i, text));
                line.end_with_state(session.state);
                if args.all_events {
                    for event in report.events(&session) {
                        table.event(&event, args.proof, &mut starts, &mut lines.text);
                    }
                }
            }
        }
    };
    let mut marked = false;
    in_order(report, worker, |lines: &Lines| {
        marked |= lines.marked;
        out.write_all(lines.text.as_bytes())
    })?;
    if marked {
        writeln!(out, "(< began before --start, > ended after --end)")?;
    }
    out.flush()
}

fn style_of(state: State) -> Style {
    let colour = match state {
        State::Running => AnsiColor::Green,
        State::Stopped => return Style::new(),
        State::Failed => AnsiColor::Red,
        State::Lost | State::Down => AnsiColor::Yellow,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// The terminal's columns; COLUMNS is the user's word for them.
fn columns() -> Option<usize> {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    told.filter(|&columns| columns > 0)
        .or_else(|| terminal_size::terminal_size().map(|(columns, _)| columns.0.into()))
}

impl Table {
    fn new(proof: bool) -> Self {
        let stdout = io::stdout();
        let room = stdout.is_terminal().then(columns).flatten();
        let mut shown = [true; 9];
        shown[HOST] = false;
        shown[PROOF] = proof;
        Self {
            zone: TimeZone::system(),
            colour: anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never,
            room,
            shown,
            widths: HEADERS.map(str::len),
        }
    }

    /// Makes room for everything.
    fn measure(&mut self, report: &Report) {
        let this = &*self;
        let worker = || {
            let mut times = LocalTimes::new(this.zone.clone());
            move |range, needed: &mut Needed| {
                for session in report.range(range) {
                    needed.hosts |= session.host.is_some();
                    // A time's text itself isn't needed yet.
                    let mut as_wide = |ms| &BLANKS[..times.width(ms).min(BLANKS.len())];
                    let started = session.start.map(&mut as_wide);
                    let ended = session.end.map(&mut as_wide);
                    this.cells(&session, started, ended, |i, text| {
                        needed.widths[i] = needed.widths[i].max(width(text));
                    });
                }
            }
        };
        let mut all = Needed { widths: self.widths, hosts: false };
        let done: Result<(), std::convert::Infallible> =
            in_order(report, worker, |some: &Needed| {
                for (widest, more) in all.widths.iter_mut().zip(some.widths) {
                    *widest = (*widest).max(more);
                }
                all.hosts |= some.hosts;
                Ok(())
            });
        let Ok(()) = done;
        self.widths = all.widths;
        self.shown[HOST] |= all.hosts;
    }

    /// Makes the names shorter where the terminal is too narrow.
    fn fit(&mut self) {
        let Some(room) = self.room else { return };
        let columns = |table: &Self| -> usize {
            (0..HEADERS.len()).filter(|&i| table.shown[i]).map(|i| table.widths[i] + 2).sum()
        };
        for i in [VM, HOST] {
            let over = (columns(self)).saturating_sub(room + 2);
            let least = NAME_MIN.min(self.widths[i]);
            self.widths[i] = self.widths[i].saturating_sub(over).max(least);
        }
    }

    /// Hands the text of each column of a session's row to `cell`. The times are those that it
    /// started and ended. The proof is left out where it isn't shown.
    fn cells(
        &self,
        session: &SessionView<'_>,
        started: Option<&str>,
        ended: Option<&str>,
        mut cell: impl FnMut(usize, &str),
    ) {
        match &session.renamed {
            Some(now) => cell(VM, &clean(&format!("{} -> {now}", session.vm))),
            None => cell(VM, &clean(&session.vm)),
        }
        cell(HOST, &clean(session.host.as_deref().unwrap_or("-")));
        cell(USER, &clean(session.user.unwrap_or("-")));
        match started {
            Some(time) if session.begins_before => cell(START, &format!("<{time}")),
            time => cell(START, time.unwrap_or("not in the log")),
        }
        match ended {
            Some(time) if session.ends_after => cell(END, &format!(">{time}")),
            Some(time) => cell(END, time),
            None if session.state == State::Running => cell(END, "still running"),
            None => cell(END, "-"),
        }
        match session.start.zip(session.end) {
            Some((start, end)) => cell(DURATION, &duration(end - start)),
            None => cell(DURATION, "-"),
        }
        cell(STATE, session.state.name());
        match (&session.reason, &session.stop_reason) {
            (Some(start), Some(stop)) => cell(REASON, &clean(&[start, ", ", stop].concat())),
            (Some(one), None) | (None, Some(one)) => cell(REASON, &clean(one)),
            (None, None) => cell(REASON, "-"),
        }
        if self.shown[PROOF] {
            let names: Vec<String> = session.proof.iter().map(ToString::to_string).collect();
            cell(PROOF, &names.join(" "));
        }
    }

    /// Appends an event's line.
    fn event(
        &self,
        event: &EventView<'_>,
        proof: bool,
        times: &mut LocalTimes,
        lines: &mut String,
    ) {
        let bad = matches!(event.kind, "avc" | "anomaly" | "down" | "boot")
            || event.get("success") == Some(&Value::Bool(false));
        let style = Style::new().fg_color(Some(AnsiColor::Red.into()));
        let style = Some(style).filter(|_| self.colour && bad);
        if let Some(style) = style {
            lines.push_str(&style.to_string());
        }
        let start = lines.len();
        lines.push_str("  ");
        lines.push_str(times.text(event.time));
        lines.push_str("  ");
        put(lines, event.kind, KIND.max(event.kind.len()));
        lines.push_str("  ");
        lines.push_str(&clean(&describe(event)));
        if let Some(stamp) = event.proof.filter(|_| proof) {
            lines.push_str(&format!("  {stamp}"));
        }
        cut(lines, start, self.room);
        if let Some(style) = style {
            lines.push_str(&format!("{style:#}"));
        }
        lines.push('\n');
    }
}

/// A line of the table that is being written.
struct Line<'t, 'l> {
    table: &'t Table,
    lines: &'l mut String,
    start: usize,
    /// Where the state stands.
    state: usize,
}

impl<'t, 'l> Line<'t, 'l> {
    fn new(table: &'t Table, lines: &'l mut String) -> Self {
        let start = lines.len();
        Self { table, lines, start, state: start }
    }

    /// Appends the text of the next column, if that is shown.
    fn put(&mut self, column: usize, text: &str) {
        if !self.table.shown[column] {
            return;
        }
        if column == STATE {
            self.state = self.lines.len();
        }
        put(self.lines, text, self.table.widths[column]);
        self.lines.push_str("  ");
    }

    /// Ends the line, all of it in this style.
    fn end(self, style: Style) {
        cut(self.lines, self.start, self.table.room);
        if self.table.colour {
            self.lines.insert_str(self.start, &style.to_string());
            self.lines.push_str(&format!("{style:#}"));
        }
        self.lines.push('\n');
    }

    /// Ends the line, only the state in its style.
    fn end_with_state(self, state: State) {
        cut(self.lines, self.start, self.table.room);
        let whole = |line: &str| line.starts_with(state.name());
        if self.table.colour && self.lines.get(self.state..).is_some_and(whole) {
            let style = style_of(state);
            self.lines.insert_str(self.state + state.name().len(), &format!("{style:#}"));
            self.lines.insert_str(self.state, &style.to_string());
        }
        self.lines.push('\n');
    }
}

/// A row of an event by itself: with its guest's name.
pub(super) fn live(event: &EventView<'_>) -> String {
    let time = local(event.time, &TimeZone::system());
    let mut line = format!("{time}  {:<KIND$}  ", event.kind);
    put(&mut line, &clean(&event.vm), NAME_MIN.max(width(&clean(&event.vm))));
    line.push_str("  ");
    line.push_str(&clean(&describe(event)));
    line.push('\n');
    line
}

/// An event in words.
fn describe(event: &EventView<'_>) -> String {
    let mut words = Vec::new();
    let mut told = Vec::new();
    let mut tell = |keys: &'static [&'static str]| {
        told.extend_from_slice(keys);
        keys.iter().filter_map(|key| event.text(key)).map(str::to_owned).collect::<Vec<_>>()
    };
    match event.kind {
        "resource" => {
            words.extend(tell(&["resource", "reason"]));
            let (old, new) = (event.text("old"), event.text("new"));
            match (old, new) {
                (Some(old), Some(new)) => words.push(format!("{old} -> {new}")),
                (Some(old), None) => words.push(format!("{old} -> none")),
                (None, new) => words.extend(new.map(str::to_owned)),
            }
            tell(&["old", "new"]);
        }
        "avc" => words.extend(tell(&["result", "operation", "target"])),
        "anomaly" => words.extend(tell(&["type", "signal_name"])),
        "down" => {
            tell(&["reason"]);
            words.push("the host went down".into());
        }
        "boot" => {
            tell(&["reason"]);
            words.push("the host started again: it had crashed".into());
        }
        _ => words.extend(tell(&["model", "reason", "op"])),
    }
    if event.get("success") == Some(&Value::Bool(false)) {
        words.push("FAILED".into());
    }
    for (key, value) in &event.fields {
        if told.contains(&&**key) || *key == "success" {
            continue;
        }
        match value {
            Value::Null => {}
            Value::Text(text) => words.push(format!("{key}={text}")),
            Value::Number(number) => words.push(format!("{key}={number}")),
            Value::Bool(yes) => words.push(format!("{key}={yes}")),
        }
    }
    words.join(" ")
}
