//! Numbers over time, moves, overlaps and gaps, which a page draws besides the sessions.

use super::columns::{Deltas, Plain};
use super::events::Events;
use serde::Serialize;
use std::collections::HashSet;
use viraudit_trail::report::{Move, Overlap, Report};

/// The number of parts of the overview: as many as a wide screen has points.
const PARTS: usize = 1600;

/// Guests at once, denials, moves and gaps.
#[derive(Debug, Default, Serialize)]
pub(super) struct Timeline {
    /// For equal parts of the page's time, the most guests that ran at once.
    running: Plain,
    /// For each part, the number of denials and anomalies.
    denials: Plain,
    /// The most guests that ever ran at once, and when.
    pub(super) peak: Option<(i64, u32)>,
    /// Pairs of sessions: a guest that left one host, and was on another next.
    moves: [Deltas; 2],
    /// Pairs of sessions that ran at the same time on two hosts, and when; -1 if they still do.
    overlaps: [Deltas; 2],
    overlap_from: Deltas,
    overlap_length: Plain,
    /// Where records are missing, and on which host.
    gap_from: Plain,
    gap_until: Plain,
    gap_host: Vec<String>,
    #[serde(skip)]
    pub(super) on_two_hosts: HashSet<usize>,
    /// The second session of each overlap.
    #[serde(skip)]
    pub(super) second: Vec<usize>,
}

impl Timeline {
    /// The timeline of a report in its range of time.
    pub(super) fn new(report: &Report, (first, last): (i64, i64), events: &Events) -> Self {
        let mut line = Self::default();
        let running = report.running(first);
        line.peak = running.peak();
        line.running.0 = running.peaks(first, last, PARTS).into_iter().map(i64::from).collect();
        line.denials.0 = vec![0; PARTS];
        let length = i128::from((last - first).max(1));
        for &ms in &events.denials {
            let part = (i128::from(ms - first) * PARTS as i128 / length) as usize;
            line.denials.0[part.min(PARTS - 1)] += 1;
        }
        for Move { from, to } in report.moves() {
            line.moves[0].0.push(from as i64);
            line.moves[1].0.push(to as i64);
        }
        for Overlap { sessions, from, until } in report.overlaps() {
            for (at, session) in sessions.into_iter().enumerate() {
                line.overlaps[at].0.push(session as i64);
                line.on_two_hosts.insert(session);
            }
            line.second.push(sessions[1]);
            line.overlap_from.0.push(from);
            line.overlap_length.0.push(until.map_or(-1, |until| until - from));
        }
        for gap in report.gaps() {
            line.gap_from.0.push(gap.from);
            line.gap_until.0.push(gap.until);
            let host = String::from_utf8_lossy(&gap.host);
            line.gap_host.push(crate::terminal::escape(&host).into_owned());
        }
        line
    }
}
