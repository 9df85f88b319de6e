//! The events of a page.

use super::columns::{Deltas, Plain};
use super::words::Words;
use crate::report::table::describe;
use serde::Serialize;
use viraudit_trail::report::{EventView, Report, SessionView, Value};

/// The most events that are all in a page. With more, only changes, failures and denials are.
pub(super) const MOST: usize = 100_000;

/// How the page marks an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Not on the lanes.
    None,
    /// Something was attached to a guest that runs.
    Attach,
    /// Something was detached.
    Detach,
    /// Something was changed.
    Change,
    /// The operation failed.
    Failed,
    /// A denial.
    Denial,
    /// An anomaly.
    Anomaly,
}

impl Mark {
    pub(super) fn of(event: &EventView<'_>) -> Self {
        match event.kind {
            _ if event.is_denial() => return Self::Denial,
            "anomaly" => return Self::Anomaly,
            _ if event.get("success") == Some(&Value::Bool(false)) => return Self::Failed,
            "resource" => {}
            _ => return Self::None,
        }
        match (event.text("resource"), event.text("reason")) {
            (Some("cgroup"), _) | (_, Some("start" | "open")) => Self::None,
            (_, Some("attach")) => Self::Attach,
            (_, Some("detach")) => Self::Detach,
            _ => Self::Change,
        }
    }
}

/// The counts of a session's events.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) denials: u32,
    pub(super) anomalies: u32,
    pub(super) failed: u32,
}

/// The events, a row each, by session.
#[derive(Debug, Default, Serialize)]
pub(super) struct Events {
    session: Deltas,
    time: Deltas,
    kind: Plain,
    text: Plain,
    user: Plain,
    mark: Plain,
    serial: Deltas,
    /// Whether only the notable ones are rows.
    pub(super) shortened: bool,
    /// The number of all events.
    pub(super) all: usize,
    #[serde(skip)]
    pub(super) counts: Vec<Counts>,
    /// The times of the first and the last event.
    #[serde(skip)]
    pub(super) range: Option<(i64, i64)>,
    /// The times of denials and anomalies.
    #[serde(skip)]
    pub(super) denials: Vec<i64>,
}

impl Events {
    /// The events of all sessions.
    pub(super) fn new(report: &Report, sessions: &[SessionView<'_>], words: &mut Words) -> Self {
        let count = report.selected_event_count();
        let is_long = count > MOST;
        let mut events = Self { shortened: is_long, ..Self::default() };
        for (at, session) in sessions.iter().enumerate() {
            let mut counts = Counts::default();
            // With many events, those that every start has are not even looked at.
            for event in report.events_with(session, !is_long) {
                let mark = Mark::of(&event);
                events.all += 1;
                let (from, until) = events.range.unwrap_or((event.time, event.time));
                events.range = Some((from.min(event.time), until.max(event.time)));
                match mark {
                    Mark::Denial => counts.denials += 1,
                    Mark::Anomaly => counts.anomalies += 1,
                    Mark::Failed => counts.failed += 1,
                    _ => {}
                }
                if matches!(mark, Mark::Denial | Mark::Anomaly) {
                    events.denials.push(event.time);
                }
                events.push(at, event, mark, words);
            }
            events.counts.push(counts);
        }
        if is_long {
            events.all = count;
        }
        events
    }

    fn push(&mut self, session: usize, mut event: EventView<'_>, mark: Mark, words: &mut Words) {
        let user = words.known(event.text("user"));
        // These have a place of their own, or are the session's.
        let ends = matches!(event.kind, "start" | "stop" | "init");
        event.fields.retain(|(key, _)| {
            !matches!(&**key, "user" | "auid" | "success") && (!ends || key != "pid")
        });
        self.session.0.push(session as i64);
        self.time.0.push(event.time);
        self.kind.0.push(words.id(event.kind));
        self.text.0.push(words.id(&describe(&event)));
        self.user.0.push(user);
        self.mark.0.push(mark as i64);
        self.serial.0.push(event.proof.map_or(0, |stamp| stamp.serial as i64));
    }
}
