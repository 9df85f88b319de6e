//! Comma-separated values: a header, and a row for each session and each event.

use super::parallel::{Chunks, in_order};
use super::state::state;
use crate::terminal::escape;
use csv_core::quote;
use std::borrow::Cow;
use std::io::{self, Write};
use viraudit_trail::line::Stamp;
use viraudit_trail::report::{Cause, ClientView, EventView, Report, SessionView, Value};
use viraudit_trail::session::State;
use viraudit_trail::time::UtcFormatCache;

const COLUMNS: [&str; 14] = [
    "kind",
    "host",
    "virt",
    "vm",
    "uuid",
    "user",
    "auid",
    "start",
    "end",
    "state",
    "reason",
    "stop_reason",
    "pid",
    "proof",
];

/// The additional columns for events; `more` holds all other fields.
const EVENT_COLUMNS: [&str; 5] = ["success", "resource", "old", "new", "more"];

/// The columns behind these: the session's stable name, its last name, and the client.
const MORE_COLUMNS: [&str; 2] = ["session", "renamed"];

/// The columns behind the client.
const LAST_COLUMNS: [&str; 2] = ["together_ms", "causes"];

/// Writes every session, and with `all` its events after it.
pub(crate) fn write(report: &Report, all: bool, out: &mut dyn Write) -> io::Result<()> {
    let columns = COLUMNS.iter().chain(EVENT_COLUMNS.iter().filter(|_| all));
    let columns = columns.chain(&MORE_COLUMNS).chain(&ClientView::KEYS);
    write_header(columns.chain(&LAST_COLUMNS), out)?;
    let worker = || {
        let (mut times, mut key) = (UtcFormatCache::default(), String::new());
        move |range, lines: &mut Vec<u8>| {
            for session in report.range(range) {
                key.clear();
                session.key().append_to(&mut key, &mut times);
                append_session(report, &session, &key, all, &mut times, lines);
                if all {
                    for event in report.events(&session) {
                        append_event(&session, &event, &key, &mut times, lines);
                    }
                }
            }
        }
    };
    in_order(Chunks::of(report, all), worker, |lines| out.write_all(lines))
}

/// Writes the header.
pub(super) fn write_header<'c>(
    columns: impl Iterator<Item = &'c &'static str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns: Vec<&str> = columns.copied().collect();
    writeln!(out, "{}", columns.join(","))
}

/// Appends the row of a session. `key` is its stable name, here and below.
fn append_session(
    report: &Report,
    session: &SessionView<'_>,
    key: &str,
    all: bool,
    times: &mut UtcFormatCache,
    lines: &mut Vec<u8>,
) {
    let unstarted = session.state == State::Unstarted;
    let mut row = Row::begin(lines, if unstarted { "unstarted" } else { "session" });
    row.text(session.host.as_deref());
    row.text(Some(&session.virt));
    row.text(Some(&session.vm));
    row.plain(&session.uuid.text());
    row.text(session.user);
    row.number(session.auid.map(Into::into));
    row.time(session.start, times);
    row.time(session.end, times);
    row.plain(state(session).as_bytes());
    row.text(session.reason.as_deref());
    row.text(session.stop_reason.as_deref());
    row.number(session.pid);
    row.proof(&session.proof);
    EVENT_COLUMNS.iter().filter(|_| all).for_each(|_| row.plain(b""));
    row.text(Some(key));
    row.text(session.renamed.as_deref());
    row.client(session.client);
    row.number(session.together);
    row.text(Some(&causes(report, session)).filter(|text| !text.is_empty()).map(|text| &**text));
    row.end();
}

fn append_event(
    session: &SessionView<'_>,
    event: &EventView<'_>,
    key: &str,
    times: &mut UtcFormatCache,
    lines: &mut Vec<u8>,
) {
    let mut row = Row::begin(lines, event.kind);
    row.text(event.host.as_deref());
    row.text(Some(&session.virt));
    row.text(Some(&event.vm));
    row.plain(&event.uuid.text());
    row.value(event.get("user"));
    row.value(event.get("auid"));
    row.time(Some(event.time), times);
    row.plain(b"");
    row.plain(b"");
    row.value(event.get("reason"));
    row.plain(b"");
    row.value(event.get("pid"));
    row.proof(event.proof.as_slice());
    for key in ["success", "resource", "old", "new"] {
        row.value(event.get(key));
    }
    row.text(Some(&more(event)));
    row.text(Some(key));
    row.plain(b"");
    ClientView::KEYS.iter().for_each(|key| row.value(event.get(key)));
    LAST_COLUMNS.iter().for_each(|_| row.plain(b""));
    row.end();
}

/// Why a start failed: each cause with its record, the likely one first.
fn causes(report: &Report, session: &SessionView<'_>) -> String {
    if session.state != State::Failed {
        return String::new();
    }
    let mut causes = report.causes(session);
    causes.sort_by_key(|cause| !cause.likely);
    let shown = |cause: &Cause| {
        let proof = cause.proof.map(|stamp| format!(" [{stamp}]")).unwrap_or_default();
        format!("{}{proof}", cause.text)
    };
    causes.iter().map(shown).collect::<Vec<_>>().join("; ")
}

/// All fields of an event that have no column of their own.
fn more(event: &EventView<'_>) -> String {
    let named = ["user", "auid", "reason", "pid", "success", "resource", "old", "new"];
    let has_column = |key: &str| named.contains(&key) || ClientView::KEYS.contains(&key);
    let mut more = String::new();
    for (key, value) in event.fields.iter().filter(|(key, _)| !has_column(key)) {
        let value = match value {
            Value::Null => continue,
            Value::Text(text) => harmless(text),
            Value::Number(number) => number.to_string().into(),
            Value::Bool(yes) => yes.to_string().into(),
        };
        more.push_str(if more.is_empty() { "" } else { " " });
        more.extend([key, "=", &*value]);
    }
    more
}

/// A row being written. There may be a million of them, so only text from the log is looked at.
pub(super) struct Row<'l> {
    lines: &'l mut Vec<u8>,
}

impl<'l> Row<'l> {
    /// Begins a row of this kind.
    pub(super) fn begin(lines: &'l mut Vec<u8>, kind: &'static str) -> Self {
        lines.extend_from_slice(kind.as_bytes());
        Self { lines }
    }

    pub(super) fn end(self) {
        self.lines.push(b'\n');
    }

    /// Writes a field of our own, which needs no quotes and is no formula.
    #[inline(always)]
    pub(super) fn plain(&mut self, text: &[u8]) {
        self.lines.push(b',');
        self.lines.extend_from_slice(text);
    }

    /// Writes text from the log.
    #[inline(always)]
    pub(super) fn text(&mut self, text: Option<&str>) {
        match text {
            None | Some("") => self.plain(b""),
            Some(text) if is_plain(text) => self.plain(text.as_bytes()),
            Some(text) => self.unusual(text),
        }
    }

    /// Writes text that may be harmful or need quotes.
    #[cold]
    fn unusual(&mut self, text: &str) {
        let text = harmless(text);
        if !text.contains(['"', ',', '\r', '\n']) {
            return self.plain(text.as_bytes());
        }
        self.lines.extend_from_slice(b",\"");
        let from = self.lines.len();
        // Each quote is doubled.
        self.lines.resize(from + 2 * text.len(), 0);
        let (_, _, len) = quote(text.as_bytes(), &mut self.lines[from..], b'"', b'"', true);
        self.lines.truncate(from + len);
        self.lines.push(b'"');
    }

    pub(super) fn number(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.plain(itoa::Buffer::new().format(number).as_bytes()),
            None => self.plain(b""),
        }
    }

    pub(super) fn time(&mut self, ms: Option<i64>, times: &mut UtcFormatCache) {
        self.plain(ms.map_or(b"", |ms| times.bytes(ms)));
    }

    pub(super) fn proof(&mut self, stamps: &[Stamp]) {
        self.lines.push(b',');
        for (at, stamp) in stamps.iter().enumerate() {
            self.lines.extend_from_slice(if at > 0 { b" " } else { b"" });
            stamp.append_to(self.lines);
        }
    }

    /// Writes the columns of a client.
    #[inline(always)]
    pub(super) fn client(&mut self, client: Option<&ClientView>) {
        let Some(client) = client else {
            self.lines.extend_from_slice(&[b','; ClientView::KEYS.len()]);
            return;
        };
        let values: Vec<_> = client.values().collect();
        for key in ClientView::KEYS {
            let value = values.iter().find(|(name, _)| *name == key);
            self.value(value.map(|(_, value)| value));
        }
    }

    fn value(&mut self, value: Option<&Value<'_>>) {
        match value {
            None | Some(Value::Null) => self.plain(b""),
            Some(Value::Text(text)) => self.text(Some(text)),
            Some(Value::Number(number)) => self.number(Some(*number)),
            Some(Value::Bool(yes)) => self.plain(if *yes { b"true" } else { b"false" }),
        }
    }
}

/// Whether a text is neither to be escaped nor to be quoted nor a formula, as nearly all are.
fn is_plain(text: &str) -> bool {
    let plain = |&byte: &u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b',';
    // No early exit, so that the compiler vectorizes the loop.
    text.as_bytes().iter().fold(true, |all, byte| all & plain(byte)) && !text.starts_with(FORMULA)
}

/// The first characters of a formula. Spreadsheets take the full-width signs for the others.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Escapes control characters as the table does, and quotes a value that a spreadsheet would run as
/// a formula; names of guests are untrusted.
fn harmless(text: &str) -> Cow<'_, str> {
    let shown = escape(text);
    if text.starts_with(FORMULA) { format!("'{shown}").into() } else { shown }
}
