//! The entries of VIRT_* events: labels, starts, stops and resources.
//!
//! The order of searches in an event matters, because no search goes back.

use crate::correlator::{Correlator, level};
use crate::entry::{Entry, Kind, Resource};
use crate::event::Event;
use crate::interner::TextId;

impl Correlator<'_> {
    /// An entry with the event's user, guest and result; `None` if a field is missing.
    fn entry(&mut self, kind: Kind, event: &mut Event<'_>) -> Option<Entry> {
        let mut entry = Entry::new(kind, event.stamp.seconds);
        event.start_over();
        if let Err(missing) = self.identify(&mut entry, event) {
            self.log_missing(missing, event);
            return None;
        }
        event.start_over();
        Some(entry)
    }

    /// Sets an entry's user, guest and result. The error is the name of a missing field.
    fn identify(&mut self, entry: &mut Entry, event: &mut Event<'_>) -> Result<(), &'static str> {
        let texts = &mut self.ledger.texts;
        entry.user = texts.id(&event.find("uid").ok_or("uid")?.interpreted());
        entry.name = texts.id(&event.find("vm").ok_or("vm")?.interpreted());
        entry.uuid = texts.id(event.find("uuid").ok_or("uuid")?.raw());
        entry.success = event.find("res").ok_or("res")?.raw() == b"success";
        Ok(())
    }

    pub(crate) fn machine_id(&mut self, event: &mut Event<'_>) {
        let context = event.find("vm-ctx").map(|found| found.raw().to_vec());
        let level = context.as_deref().and_then(level).map(<[u8]>::to_vec);
        if level.is_none() {
            self.log(&[b"Security context not found for MACHINE_ID event."]);
        }
        if event.find("model").is_some_and(|found| found.raw() == b"dac") {
            return;
        }
        let Some(entry) = self.entry(Kind::MachineId, event) else { return };
        let label = self.append(entry, event);
        if let Some(level) = level {
            let level = self.ledger.texts.id(&level);
            self.ledger.set_level(level, label);
        }
    }

    pub(crate) fn control(&mut self, event: &mut Event<'_>) {
        let Some(op) = event.find("op").map(|found| found.raw().to_vec()) else {
            return self.log(&[b"Invalid op field."]);
        };
        match &op[..] {
            b"start" => self.start(event),
            b"stop" => self.stop(event),
            _ => self.log(&[b"Unknown op: ", &op]),
        }
    }

    fn start(&mut self, event: &mut Event<'_>) {
        let Some(mut entry) = self.entry(Kind::Start, event) else { return };
        entry.pid = event.find("vm-pid").map_or(-1, |found| found.number());
        if !entry.success {
            self.ledger.end_resources(entry.uuid, event.stamp);
        }
        self.append(entry, event);
    }

    fn stop(&mut self, event: &mut Event<'_>) {
        let Some(entry) = self.entry(Kind::Stop, event) else { return };
        let Some(start) = self.ledger.end_session(entry.uuid, event.stamp) else {
            return self.log(&[b"Couldn't find the correlated start record to the stop event."]);
        };
        self.append(entry, event);
        if entry.success {
            self.ledger.end(start, event.stamp);
        }
    }

    pub(crate) fn resource(&mut self, event: &mut Event<'_>) {
        // The kind of resource is set below.
        let Some(entry) = self.entry(Kind::Resource(Resource::Disk), event) else { return };
        let Some(kind) = event.find("resrc").map(|found| found.raw().to_vec()) else {
            return self.log(&[b"Invalid resrc field."]);
        };
        match Resource::by_name(&kind) {
            Some(Resource::Cgroup) => self.cgroup(entry, event),
            Some(kind) => self.change(kind, entry, event),
            None => self.log(&[b"Found an unknown resource: ", &kind, b"."]),
        }
    }

    /// Replaces a resource: ends the old one, and appends the new one.
    fn change(&mut self, kind: Resource, mut entry: Entry, event: &mut Event<'_>) {
        let names = kind.names();
        entry.kind = Kind::Resource(kind);
        entry.what = self.raw("reason", event);
        let old = self.value(names.old, event);
        if let Some(old) = old.filter(|old| entry.success && is_set(old)) {
            let known = self.ledger.texts.known(&old);
            let found = known.and_then(|value| self.ledger.resource(entry.uuid, kind, value));
            match found {
                Some(found) => self.ledger.end(found, event.stamp),
                None => self.log(&[
                    b"Couldn't find the correlated resource record to update for ",
                    names.resrc.as_bytes(),
                    b".",
                ]),
            }
        }
        let new = self.value(names.new, event);
        if let Some(new) = new.filter(|new| is_set(new)) {
            entry.value = self.ledger.texts.id(&new);
            self.append(entry, event);
        }
    }

    /// A resource's old or new value.
    fn value(&mut self, name: &str, event: &mut Event<'_>) -> Option<Vec<u8>> {
        let value = event.find(name).map(|found| found.interpreted());
        if value.is_none() {
            self.log(&[b"Failed to get ", name.as_bytes(), b" field."]);
        }
        value
    }

    fn cgroup(&mut self, mut entry: Entry, event: &mut Event<'_>) {
        entry.kind = Kind::Resource(Resource::Cgroup);
        entry.what = self.raw("reason", event);
        event.start_over();
        let cgroup = event.find("cgroup").map(|found| found.interpreted());
        let Some(cgroup) = cgroup.filter(|cgroup| is_set(cgroup)) else { return };
        let class = self.raw("class", event);
        let detail = match self.ledger.texts.text(class) {
            b"path" => self.interpreted("path", event),
            b"major" => self.raw("category", event),
            _ => TextId::EMPTY,
        };
        let acl = self.raw("acl", event);
        entry.value = self.ledger.texts.id(&cgroup);
        entry.columns = self.ledger.push_columns([class, acl, detail, TextId::EMPTY]);
        self.append(entry, event);
    }
}

/// Whether a value names a resource.
fn is_set(value: &[u8]) -> bool {
    !matches!(value, b"" | b"0" | b"?")
}
