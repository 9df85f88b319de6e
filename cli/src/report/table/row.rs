//! The row of a session.

use super::columns::{
    Columns, DURATION, END, GAP, HOST, PROOF, REASON, START, STATE, TOGETHER, USER, VM,
};
use crate::report::layout::{blanks, cut, put_wide, width};
use crate::report::state::state;
use crate::report::wording::{stamps, user};
use crate::terminal::escape;
use anstyle::{AnsiColor, Style};
use jiff::tz::TimeZone;
use viraudit_trail::report::SessionView;
use viraudit_trail::session::State;
use viraudit_trail::time::{LocalFormatCache, duration};

/// A row being written.
pub(super) struct Row<'c, 'l> {
    columns: &'c mut Columns,
    lines: &'l mut Vec<u8>,
    start: usize,
    /// The position of the state.
    state: usize,
}

impl<'c, 'l> Row<'c, 'l> {
    pub(super) fn new(columns: &'c mut Columns, lines: &'l mut Vec<u8>) -> Self {
        let start = lines.len();
        Self { columns, lines, start, state: start }
    }

    /// Appends the text of the next column, escaped, if the column is shown.
    pub(super) fn put(&mut self, column: usize, text: &str) {
        let text = escape(text);
        let width = width(&text);
        if let Some(room) = self.room_for(column, width) {
            put_wide(self.lines, &text, width, room);
            blanks(self.lines, GAP);
        }
    }

    /// Like [`Row::put`], for a column that is never cut and ASCII text without control characters.
    fn put_plain(&mut self, column: usize, text: &[u8]) {
        if let Some(room) = self.room_for(column, text.len()) {
            self.lines.extend_from_slice(text);
            blanks(self.lines, room.saturating_sub(text.len()) + GAP);
        }
    }

    fn room_for(&mut self, column: usize, width: usize) -> Option<usize> {
        if column == STATE {
            self.state = self.lines.len();
        }
        self.columns.is_shown(column).then(|| self.columns.room_for(column, width))
    }

    /// Ends the row, with the whole row in this style.
    pub(super) fn end(mut self, style: Style) {
        cut(self.lines, self.start, self.columns.room);
        if self.columns.colour {
            self.insert(self.start, style.to_string());
            self.insert(self.lines.len(), format!("{style:#}"));
        }
        self.lines.push(b'\n');
    }

    /// Ends the row, with only the state coloured.
    fn end_with_state(mut self, state: State, name: &str) {
        cut(self.lines, self.start, self.columns.room);
        if self.columns.colour {
            let shown = self.lines.get(self.state..).unwrap_or_default();
            if shown.starts_with(name.as_bytes()) {
                let style = style_of(state);
                self.insert(self.state + name.len(), format!("{style:#}"));
                self.insert(self.state, style.to_string());
            }
        }
        self.lines.push(b'\n');
    }

    fn insert(&mut self, at: usize, escape: String) {
        self.lines.splice(at..at, escape.into_bytes());
    }
}

fn style_of(state: State) -> Style {
    let colour = match state {
        State::Running => AnsiColor::Green,
        State::Stopped | State::Seen => return Style::new(),
        State::Failed => AnsiColor::Red,
        State::Lost | State::Down | State::Unstarted => AnsiColor::Yellow,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// Writes rows. Starts and ends have a time cache each, because each are close to one another.
#[derive(Clone)]
pub(crate) struct Pen {
    pub(super) starts: LocalFormatCache,
    ends: LocalFormatCache,
    reason: String,
}

impl Pen {
    /// A pen that shows times in this zone.
    pub(crate) fn new(zone: TimeZone) -> Self {
        let starts = LocalFormatCache::new(zone);
        Self { ends: starts.clone(), starts, reason: String::new() }
    }
}

/// Appends the row of a session.
pub(crate) fn append(
    session: &SessionView<'_>,
    pen: &mut Pen,
    columns: &mut Columns,
    lines: &mut Vec<u8>,
) {
    if session.host.is_some() {
        columns.show(HOST);
    }
    let mut row = Row::new(columns, lines);
    match &session.renamed {
        Some(now) => row.put(VM, &format!("{} -> {now}", session.vm)),
        None => row.put(VM, &session.vm),
    }
    row.put(HOST, session.host.as_deref().unwrap_or("-"));
    row.put(USER, &user(session.user, session.by_daemon).unwrap_or("-".into()));
    match session.start.map(|ms| pen.starts.bytes(ms)) {
        Some(time) if session.begins_before => row.put_plain(START, &[b"<", time].concat()),
        time => row.put_plain(START, time.unwrap_or(b"not in the log")),
    }
    match session.end.map(|ms| pen.ends.bytes(ms)) {
        Some(time) if session.ends_after => row.put_plain(END, &[b">", time].concat()),
        Some(time) => row.put_plain(END, time),
        None if session.state == State::Running => row.put_plain(END, b"still running"),
        None => row.put_plain(END, b"-"),
    }
    match session.start.zip(session.end) {
        Some((start, end)) => row.put_plain(DURATION, duration(end - start).as_bytes()),
        None => row.put_plain(DURATION, b"-"),
    }
    let name = state(session);
    row.put_plain(STATE, name.as_bytes());
    match (&session.reason, &session.stop_reason) {
        (None, None) if session.state == State::Unstarted => {
            row.put_plain(REASON, b"start never completed");
        }
        (Some(start), Some(stop)) => {
            pen.reason.clear();
            [start, ", ", stop].iter().for_each(|part| pen.reason.push_str(part));
            row.put(REASON, &pen.reason);
        }
        (Some(one), None) | (None, Some(one)) => row.put(REASON, one),
        (None, None) => row.put_plain(REASON, b"-"),
    }
    if let Some(together) = session.together {
        row.columns.show(TOGETHER);
        row.put_plain(TOGETHER, duration(together).as_bytes());
    }
    if row.columns.is_shown(PROOF) {
        row.put_plain(PROOF, stamps(&session.proof).as_bytes());
    }
    row.end_with_state(session.state, name);
}
