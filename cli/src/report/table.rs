//! A table for people: as wide as it must be, or as the terminal is.

use super::ReportArgs;
use super::layout::{cut, put, width};
use super::parallel::{Part, in_order};
use crate::plain::clean;
use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use viraudit_trail::report::{EventView, Report, SessionView, Value};
use viraudit_trail::session::State;
use viraudit_trail::time::{LocalTimes, duration, local};

const HEADERS: [&str; 9] =
    ["VM", "HOST", "USER", "START", "END", "DURATION", "STATE", "REASON", "PROOF"];

const VM: usize = 0;
const HOST: usize = 1;
const STATE: usize = 6;
const PROOF: usize = 8;

/// The columns of an event's kind, unless it has a longer name.
const KIND: usize = 8;

/// The fewest columns for a guest's name.
const NAME_MIN: usize = 12;

/// The texts of a row's columns, one behind the other.
#[derive(Default)]
struct Row {
    text: String,
    ends: Vec<usize>,
}

impl Row {
    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a column that consists of these.
    fn push(&mut self, parts: &[&str]) {
        let start = self.text.len();
        parts.iter().for_each(|part| self.text.push_str(part));
        if let Cow::Owned(clean) = clean(&self.text[start..]) {
            self.text.replace_range(start.., &clean);
        }
        self.ends.push(self.text.len());
    }

    /// All columns, in order.
    fn columns(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

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
    let mut headers = Row::default();
    HEADERS.iter().for_each(|header| headers.push(&[header]));
    let mut line = String::new();
    table.line(&headers, Some(Style::new().bold()), &mut line);
    out.write_all(line.as_bytes())?;
    let worker = || {
        let mut times = LocalTimes::new(table.zone.clone());
        let mut row = Row::default();
        let table = &table;
        move |range, lines: &mut Lines| {
            for session in report.range(range) {
                lines.marked |= session.begins_before || session.ends_after;
                table.row(&session, &mut times, &mut row);
                table.line(&row, None, &mut lines.text);
                if args.all_events {
                    for event in report.events(&session) {
                        table.event(&event, args.proof, &mut times, &mut lines.text);
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
            let mut row = Row::default();
            move |range, needed: &mut Needed| {
                for session in report.range(range) {
                    needed.hosts |= session.host.is_some();
                    this.row(&session, &mut times, &mut row);
                    for (widest, text) in needed.widths.iter_mut().zip(row.columns()) {
                        *widest = (*widest).max(width(text));
                    }
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

    /// A session's row. The proof is left out where it isn't shown.
    fn row(&self, session: &SessionView<'_>, times: &mut LocalTimes, row: &mut Row) {
        row.clear();
        match &session.renamed {
            Some(now) => row.push(&[&session.vm, " -> ", now]),
            None => row.push(&[&session.vm]),
        }
        row.push(&[session.host.as_deref().unwrap_or("-")]);
        row.push(&[session.user.unwrap_or("-")]);
        match session.start {
            Some(ms) => row.push(&[if session.begins_before { "<" } else { "" }, times.text(ms)]),
            None => row.push(&["not in the log"]),
        }
        match session.end {
            Some(ms) => row.push(&[if session.ends_after { ">" } else { "" }, times.text(ms)]),
            None if session.state == State::Running => row.push(&["still running"]),
            None => row.push(&["-"]),
        }
        match (session.start, session.end) {
            (Some(start), Some(end)) => row.push(&[&duration(end - start)]),
            _ => row.push(&["-"]),
        }
        row.push(&[session.state.name()]);
        match (&session.reason, &session.stop_reason) {
            (Some(start), Some(stop)) => row.push(&[start, ", ", stop]),
            (Some(one), None) | (None, Some(one)) => row.push(&[one]),
            (None, None) => row.push(&["-"]),
        }
        let proof = if self.shown[PROOF] { &session.proof[..] } else { &[] };
        let names: Vec<String> = proof.iter().map(ToString::to_string).collect();
        row.push(&[&names.join(" ")]);
    }

    /// Appends a row's line.
    fn line(&self, row: &Row, style: Option<Style>, lines: &mut String) {
        let start = lines.len();
        let mut state = (0, "");
        for (i, text) in row.columns().enumerate().filter(|&(i, _)| self.shown[i]) {
            if i == STATE {
                state = (lines.len() - start, text);
            }
            put(lines, text, self.widths[i]);
            lines.push_str("  ");
        }
        cut(lines, start, self.room);
        if self.colour {
            let line = lines.split_off(start);
            if let Some(style) = style {
                lines.push_str(&format!("{style}{line}{style:#}"));
            } else if let Some(known) = State::ALL.iter().find(|known| known.name() == state.1)
                && let Some(behind) = line.get(state.0..).and_then(|l| l.strip_prefix(state.1))
            {
                // Only the state, where it stands.
                let (before, style) = (&line[..state.0], style_of(*known));
                lines.push_str(&format!("{before}{style}{}{style:#}{behind}", state.1));
            } else {
                lines.push_str(&line);
            }
        }
        lines.push('\n');
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
