//! The sessions of a page.

use super::columns::{Deltas, Plain};
use super::events::Events;
use super::timeline::Timeline;
use super::words::Words;
use crate::report::state::state;
use serde::Serialize;
use viraudit_trail::line::Stamp;
use viraudit_trail::report::{Report, SessionView};
use viraudit_trail::session::State;

/// The bits of a session's flags.
mod flag {
    pub(super) const NO_START: i64 = 1;
    pub(super) const GAP: i64 = 2;
    pub(super) const BEGINS_BEFORE: i64 = 4;
    pub(super) const ENDS_AFTER: i64 = 8;
    pub(super) const BY_DAEMON: i64 = 16;
    pub(super) const ON_TWO_HOSTS: i64 = 32;
    pub(super) const HAS_END: i64 = 64;
}

/// The sessions, a row each, in the order of the report.
#[derive(Debug, Default, Serialize)]
pub(super) struct Sessions {
    host: Plain,
    driver: Plain,
    vm: Plain,
    renamed: Plain,
    uuid: Plain,
    user: Plain,
    client: Plain,
    auid: Plain,
    /// The first moment that the log shows.
    from: Deltas,
    /// How long from then to the last moment; -1 if the guest runs.
    length: Plain,
    /// The number of the state in [`State::ALL`]; 6 is a start that was never completed.
    state: Plain,
    /// The state's name, with its question mark.
    shown: Plain,
    reason: Plain,
    stop_reason: Plain,
    pid: Plain,
    flags: Plain,
    denials: Plain,
    anomalies: Plain,
    failed: Plain,
    /// The serial numbers of the records of the start and the end, 0 if there is none, and how much
    /// later than the first and the last moment they are.
    proof: [Deltas; 2],
    proof_later: [Plain; 2],
}

/// The number of a state in the page's data.
pub(super) fn state_number(state: State) -> i64 {
    State::ALL.iter().position(|&it| it == state).unwrap_or(State::ALL.len()) as i64
}

impl Sessions {
    /// The rows of all sessions.
    pub(super) fn new(
        report: &Report,
        sessions: &[SessionView<'_>],
        events: &Events,
        timeline: &Timeline,
        words: &mut Words,
    ) -> Self {
        let mut rows = Self::default();
        for session in sessions {
            rows.push(report, session, words);
        }
        for (at, counts) in events.counts.iter().enumerate() {
            rows.denials.0.push(counts.denials.into());
            rows.anomalies.0.push(counts.anomalies.into());
            rows.failed.0.push(counts.failed.into());
            let two = timeline.on_two_hosts.contains(&at);
            rows.flags.0[at] |= if two { flag::ON_TWO_HOSTS } else { 0 };
        }
        rows
    }

    fn push(&mut self, report: &Report, session: &SessionView<'_>, words: &mut Words) {
        let (from, until) = report.extent(session);
        self.host.0.push(words.known(session.host.as_deref()));
        self.driver.0.push(words.id(&session.virt));
        self.vm.0.push(words.id(&session.vm));
        self.renamed.0.push(words.known(session.renamed.as_deref()));
        self.uuid.0.push(words.id(&session.uuid.to_string()));
        self.user.0.push(words.known(session.user));
        self.client.0.push(words.client(session.client));
        self.auid.0.push(session.auid.map_or(-1, i64::from));
        self.from.0.push(from);
        self.length.0.push(until.map_or(-1, |until| until - from));
        self.state.0.push(state_number(session.state));
        self.shown.0.push(words.id(state(session)));
        self.reason.0.push(words.known(session.reason.as_deref()));
        self.stop_reason.0.push(words.known(session.stop_reason.as_deref()));
        self.pid.0.push(session.pid.unwrap_or_default());
        let flags = [
            (session.start.is_none(), flag::NO_START),
            (session.gap, flag::GAP),
            (session.begins_before, flag::BEGINS_BEFORE),
            (session.ends_after, flag::ENDS_AFTER),
            (session.by_daemon, flag::BY_DAEMON),
            (session.end.is_some(), flag::HAS_END),
        ];
        let set = flags.iter().filter(|(is, _)| *is).map(|(_, flag)| flag);
        self.flags.0.push(set.sum());
        let stamp = |at: usize| session.proof.get(at).copied();
        self.prove(0, stamp(0), from);
        self.prove(1, stamp(1), until.unwrap_or(from));
    }

    fn prove(&mut self, at: usize, stamp: Option<Stamp>, ms: i64) {
        self.proof[at].0.push(stamp.map_or(0, |stamp| stamp.serial as i64));
        self.proof_later[at].0.push(stamp.map_or(0, |stamp| stamp.ms - ms));
    }
}

/// The possible causes of failed starts, a row each.
#[derive(Debug, Default, Serialize)]
pub(super) struct Causes {
    session: Deltas,
    text: Plain,
    likely: Plain,
    serial: Plain,
}

impl Causes {
    /// The causes of all failed starts.
    pub(super) fn new(report: &Report, sessions: &[SessionView<'_>], words: &mut Words) -> Self {
        let mut rows = Self::default();
        let failed = sessions.iter().enumerate().filter(|(_, s)| s.state == State::Failed);
        for (at, session) in failed {
            for cause in report.causes(session) {
                rows.session.0.push(at as i64);
                rows.text.0.push(words.id(&cause.text));
                rows.likely.0.push(cause.likely.into());
                rows.serial.0.push(cause.proof.map_or(0, |stamp| stamp.serial as i64));
            }
        }
        rows
    }
}
