//! Counts of a report's sessions and events.

use super::Report;
use crate::events::EventKind;
use crate::line::Op;
use crate::session::State;

/// Counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// When the first thing that is counted was.
    pub first: Option<i64>,
    /// When the last was.
    pub last: Option<i64>,
    /// Different guests.
    pub guests: u64,
    /// Sessions.
    pub sessions: u64,
    /// Sessions of each state, in the order of [`State::ALL`].
    pub states: [u64; 5],
    /// Starts that succeeded.
    pub starts: u64,
    /// Stops that succeeded.
    pub stops: u64,
    /// Resources that were assigned, changed or taken away.
    pub resources: u64,
    /// Denials that concern a guest.
    pub avcs: u64,
    /// Anomalies that concern a guest.
    pub anomalies: u64,
    /// Operations that failed; these are in no other count of operations.
    pub failed: u64,
}

impl Summary {
    pub(super) fn of(report: &Report) -> Self {
        let mut sum = Self::default();
        let mut guests = Vec::new();
        for &id in &report.selected {
            let session = report.session(id);
            guests.push(session.guest);
            sum.sessions += 1;
            let at = State::ALL.iter().position(|&state| state == session.state);
            sum.states[at.unwrap_or(0)] += 1;
        }
        guests.sort_unstable();
        guests.dedup();
        sum.guests = guests.len() as u64;
        for &session in &report.selected {
            for &id in report.events.of(session) {
                sum.count(report, id);
            }
        }
        sum
    }

    fn count(&mut self, report: &Report, id: u32) {
        let Some(event) = report.event(id) else { return };
        let ms = event.stamp.ms;
        let filter = &report.filter;
        if filter.start.is_some_and(|start| ms < start) || filter.end.is_some_and(|end| ms > end) {
            return;
        }
        let counted = match event.kind {
            EventKind::Virt(_) if !event.success => &mut self.failed,
            EventKind::Virt(Op::Start) => &mut self.starts,
            EventKind::Virt(Op::Stop) => &mut self.stops,
            EventKind::Virt(Op::Resource) => &mut self.resources,
            EventKind::Avc => &mut self.avcs,
            EventKind::Anomaly(_) => &mut self.anomalies,
            _ => return,
        };
        *counted += 1;
        self.first = Some(self.first.map_or(ms, |first| first.min(ms)));
        self.last = Some(self.last.map_or(ms, |last| last.max(ms)));
    }
}
