//! The entries of anomalies that concern a guest.

use crate::correlator::{Correlator, level};
use crate::entry::{EntryId, Kind};
use crate::event::Event;

impl Correlator<'_> {
    /// An anomaly only ever concerns the guest whose start is the last entry.
    pub(crate) fn anomaly(&mut self, event: &mut Event<'_>) {
        let start = self.ledger.entries.last().filter(|&last| {
            let entry = &self.ledger.entries[last];
            entry.kind == Kind::Start && entry.success && entry.end == 0
        });
        let pid = event.find("pid").map(|found| found.number());
        if pid.is_none() {
            self.log(&[b"Found an anomaly record without pid."]);
        }
        // auvirt ignores a negative process id, even if the guest has the same.
        let pid = pid.filter(|&pid| pid >= 0);
        let by_pid = start.filter(|&start| Some(self.ledger.entries[start].pid) == pid);
        let Some(start) = by_pid.or_else(|| self.by_subject(start, event)) else { return };
        let Some(user) = self.user(event) else { return };
        let entry = self.related_to(start, Kind::Anomaly, user, event);
        self.append(entry, event);
    }

    /// The start, if the anomaly's subject has the guest's label.
    fn by_subject(&mut self, start: Option<EntryId>, event: &mut Event<'_>) -> Option<EntryId> {
        let subject = event.find("subj").map(|found| found.raw().to_vec());
        let Some(level) = subject.as_deref().and_then(level) else {
            event.start_over();
            let text = event.text().unwrap_or(b"(null)");
            self.log(&[b"Security context not found for anomaly event: ", text]);
            return None;
        };
        let Some(label) = self.ledger.label(level) else {
            self.log(&[b"Couldn't get the security level from the anomaly event."]);
            return None;
        };
        let uuid = self.ledger.entries[label].uuid;
        let found = start.filter(|&start| self.ledger.entries[start].uuid == uuid);
        if found.is_none() {
            let text = event.text().unwrap_or(b"(null)");
            self.log(&[b"Guest not found for anomaly record: ", text, b"."]);
        }
        found
    }
}
