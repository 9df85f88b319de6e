//! Events to the methods for their types.

use crate::correlator::Correlator;
use crate::event::Event;
use crate::{filter, record_type};

impl Correlator<'_> {
    /// Adds an event's entries to the list.
    pub(crate) fn event(&mut self, mut event: Event<'_>) {
        if !filter::passes(self.options, &mut event) {
            return;
        }
        event.start_over();
        match event.kind {
            record_type::VIRT_MACHINE_ID => self.machine_id(&mut event),
            record_type::VIRT_CONTROL => self.control(&mut event),
            record_type::VIRT_RESOURCE => self.resource(&mut event),
            record_type::AVC => self.avc(&mut event),
            kind if record_type::is_anomaly(kind) => self.anomaly(&mut event),
            _ => return,
        }
        // auvirt collects proofs only to print them.
        if self.ledger.take_full() && self.options.proof {
            self.log(&[b"Failed to add proof."]);
        }
    }
}
