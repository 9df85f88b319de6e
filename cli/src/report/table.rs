//! A table for people: as wide as it must be, or as the terminal is.

use super::ReportArgs;
use super::layout::{cut, put, width};
use super::parallel::in_order;
use crate::plain::clean;
use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use viraudit_trail::report::{EventView, Report, SessionView, Value};
use viraudit_trail::session::State;
use viraudit_trail::time::{duration, local};

const HEADERS: [&str; 9] =
    ["VM", "HOST", "USER", "START", "END", "DURATION", "STATE", "REASON", "PROOF"];

const VM: usize = 0;
const HOST: usize = 1;
const STATE: usize = 6;
const PROOF: usize = 8;

/// The fewest columns for a guest's name.
const NAME_MIN: usize = 12;

type Row<'r> = [Cow<'r, str>; 9];

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
    let headers = HEADERS.map(Cow::Borrowed);
    out.write_all(table.line(&headers, Some(Style::new().bold())).as_bytes())?;
    let lines = |range| {
        let mut lines = String::new();
        let mut marked = false;
        for session in report.range(range) {
            marked |= session.begins_before || session.ends_after;
            lines.push_str(&table.line(&table.row(&session), None));
            if args.all_events {
                for event in report.events(&session) {
                    lines.push_str(&table.event(&event, args.proof));
                }
            }
        }
        (lines, marked)
    };
    let mut marked = false;
    in_order(report, lines, |(lines, some)| {
        marked |= some;
        out.write_all(lines.as_bytes())
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
        let widest = |range| {
            let mut widths = this.widths;
            let mut hosts = false;
            for session in report.range(range) {
                hosts |= session.host.is_some();
                for (widest, text) in widths.iter_mut().zip(&this.row(&session)) {
                    *widest = (*widest).max(width(text));
                }
            }
            (widths, hosts)
        };
        let mut widths = this.widths;
        let mut hosts = false;
        let done: Result<(), std::convert::Infallible> =
            in_order(report, widest, |(more, some)| {
                for (widest, more) in widths.iter_mut().zip(more) {
                    *widest = (*widest).max(more);
                }
                hosts |= some;
                Ok(())
            });
        let Ok(()) = done;
        self.widths = widths;
        self.shown[HOST] |= hosts;
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

    fn row<'r>(&self, session: &'r SessionView<'_>) -> Row<'r> {
        let time = |ms: i64| local(ms, &self.zone);
        let start = match session.start {
            Some(ms) if session.begins_before => format!("<{}", time(ms)).into(),
            Some(ms) => time(ms).into(),
            None => "not in the log".into(),
        };
        let end = match session.end {
            Some(ms) if session.ends_after => format!(">{}", time(ms)).into(),
            Some(ms) => time(ms).into(),
            None if session.state == State::Running => "still running".into(),
            None => "-".into(),
        };
        let took = match (session.start, session.end) {
            (Some(start), Some(end)) => duration(end - start).into(),
            _ => "-".into(),
        };
        let reason = match (&session.reason, &session.stop_reason) {
            (Some(start), Some(stop)) => clean(&format!("{start}, {stop}")).into_owned().into(),
            (Some(one), None) | (None, Some(one)) => clean(one),
            (None, None) => "-".into(),
        };
        let vm = match &session.renamed {
            Some(now) => clean(&format!("{} -> {now}", session.vm)).into_owned().into(),
            None => clean(&session.vm),
        };
        let proof = if self.shown[PROOF] {
            session.proof.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ").into()
        } else {
            "".into()
        };
        [
            vm,
            session.host.as_deref().map_or("-".into(), clean),
            session.user.map_or("-".into(), clean),
            start,
            end,
            took,
            session.state.name().into(),
            reason,
            proof,
        ]
    }

    fn line(&self, row: &Row<'_>, style: Option<Style>) -> String {
        let mut line = String::with_capacity(160);
        let mut state_at = 0;
        for i in (0..HEADERS.len()).filter(|&i| self.shown[i]) {
            if i == STATE {
                state_at = line.len();
            }
            put(&mut line, &row[i], self.widths[i]);
            line.push_str("  ");
        }
        match self.room {
            Some(room) => cut(&mut line, room),
            None => line.truncate(line.trim_end().len()),
        }
        if self.colour {
            if let Some(style) = style {
                line = format!("{style}{line}{style:#}");
            } else if let Some(state) = State::ALL.iter().find(|s| s.name() == row[STATE])
                && let Some(behind) =
                    line.get(state_at..).and_then(|l| l.strip_prefix(state.name()))
            {
                // Only the state, where it stands.
                let (before, style) = (&line[..state_at], style_of(*state));
                line = format!("{before}{style}{}{style:#}{behind}", state.name());
            }
        }
        line.push('\n');
        line
    }

    fn event(&self, event: &EventView<'_>, proof: bool) -> String {
        let mut line = format!("  {}  {:<8}  ", local(event.time, &self.zone), event.kind);
        line.push_str(&clean(&describe(event)));
        if let Some(stamp) = event.proof.filter(|_| proof) {
            line.push_str(&format!("  {stamp}"));
        }
        if let Some(room) = self.room {
            cut(&mut line, room);
        } else {
            line.truncate(line.trim_end().len());
        }
        let bad = matches!(event.kind, "avc" | "anomaly" | "down" | "boot")
            || event.get("success") == Some(&Value::Bool(false));
        if self.colour && bad {
            let style = Style::new().fg_color(Some(AnsiColor::Red.into()));
            line = format!("{style}{line}{style:#}");
        }
        line.push('\n');
        line
    }
}

/// A row of an event by itself: with its guest's name.
pub(super) fn live(event: &EventView<'_>) -> String {
    let time = local(event.time, &TimeZone::system());
    let mut line = format!("{time}  {:<8}  ", event.kind);
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
