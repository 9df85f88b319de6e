//! A report that grows with each record.

use super::grouped_events::GroupedEvents;
use super::user_names::user_views;
use super::{EventView, Filter, Report};
use crate::events::{Batch, Found, Store, Wants, WordId};
use crate::session::Correlator;
use std::collections::HashMap;
use std::sync::OnceLock;

impl Report {
    /// An empty report on this host's own records.
    pub(crate) fn live(wants: Wants) -> Self {
        Self {
            store: Store::new(wants, true),
            correlator: Correlator::new(wants),
            filter: Filter::default(),
            users: Vec::new(),
            names_clients: false,
            selected: Vec::new(),
            events: GroupedEvents::default(),
            has_criteria: false,
            together: HashMap::new(),
            host_spans: OnceLock::new(),
            unowned: OnceLock::new(),
        }
    }

    /// Adds records, and passes each event that is about a guest to `show`.
    pub(crate) fn append(&mut self, found: &Found, show: &mut dyn FnMut(&EventView<'_>)) {
        let mut batch = Batch::new(0, WordId::EMPTY, found, [None, None]);
        for record in &found.records {
            self.store.add(record, &mut batch);
            if self.users.len() < self.store.users.all().len() {
                self.users = user_views(&self.store);
                self.names_clients = self.users.iter().any(|user| user.client.is_some());
            }
            self.correlator.catch_up(&self.store);
            for (session, event) in std::mem::take(&mut self.correlator.of_events).iter() {
                let start = self.event_if(self.session(session).start);
                let key_time = start.map(|start| start.stamp.ms);
                if let Some(view) = EventView::new(self, session, key_time, event) {
                    show(&view);
                }
            }
            if self.store.forget_denial() {
                self.correlator.forget_last();
            }
        }
    }
}
