//! Counts of sessions and events.

use super::Report;
use crate::events::{EventId, EventKind};
use crate::line::{LANDLOCK_DOMAIN, Op};
use crate::session::{SessionId, State};

/// Counts of the selected sessions and events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The time of the first counted event.
    pub first: Option<i64>,
    /// The time of the last counted event.
    pub last: Option<i64>,
    /// Different guests, by their UUID.
    pub guests: u64,
    /// Sessions.
    pub sessions: u64,
    /// Sessions by state, in the order of [`State::ALL`].
    pub states: [u64; 6],
    /// Successful starts.
    pub starts: u64,
    /// Successful stops.
    pub stops: u64,
    /// Resources that were assigned, changed or removed.
    pub resources: u64,
    /// Denials that are about a guest.
    pub avcs: u64,
    /// Anomalies that are about a guest.
    pub anomalies: u64,
    /// Failed operations. No other count includes them.
    pub failed: u64,
}

impl Summary {
    pub(super) fn new(report: &Report) -> Self {
        let mut sum = Self::default();
        let mut guests = Vec::new();
        for &id in &report.selected {
            let session = report.session(id);
            let at = State::ALL.iter().position(|&state| state == session.state);
            // A start that was never completed is no session.
            let Some(at) = at else { continue };
            guests.push(report.store.guests[session.guest].uuid);
            sum.sessions += 1;
            sum.states[at] += 1;
        }
        guests.sort_unstable();
        guests.dedup();
        sum.guests = guests.len() as u64;
        for &session in &report.selected {
            for &id in report.events.of(session) {
                sum.count(report, session, id);
            }
        }
        sum
    }

    fn count(&mut self, report: &Report, session: SessionId, id: EventId) {
        let event = report.event(id);
        let ms = event.stamp.ms;
        if !report.filter.has_time(ms) || !report.fits(report.session(session), id, &event) {
            return;
        }
        let counted = match event.kind {
            EventKind::Virt(_) if !event.success => &mut self.failed,
            EventKind::Virt(Op::Start) => &mut self.starts,
            EventKind::Virt(Op::Stop) => &mut self.stops,
            EventKind::Virt(Op::Resource) => &mut self.resources,
            _ if report.is_denial(&event) => &mut self.avcs,
            EventKind::Anomaly(LANDLOCK_DOMAIN) => return,
            EventKind::Anomaly(_) => &mut self.anomalies,
            _ => return,
        };
        *counted += 1;
        self.first = Some(self.first.map_or(ms, |first| first.min(ms)));
        self.last = Some(self.last.map_or(ms, |last| last.max(ms)));
    }
}
