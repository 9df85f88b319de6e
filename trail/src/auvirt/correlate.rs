//! What each event adds to the list: labels, starts, stops and resources.
//!
//! The order of the searches in an event matters, because none goes back.

use super::args::Options;
use super::entry::{Entry, Kind, Resource};
use super::event::Event;
use super::ledger::Ledger;
use super::{filter, kinds};
use std::io::Write;

/// The state of a run.
pub(super) struct Correlator<'o> {
    pub(super) options: &'o Options,
    pub(super) ledger: Ledger,
    /// Where `--debug` writes.
    pub(super) log: &'o mut dyn Write,
}

impl Correlator<'_> {
    /// Says why an event wasn't used, with `--debug`.
    pub(super) fn say(&mut self, parts: &[&[u8]]) {
        if self.options.debug {
            let line = [&parts.concat()[..], b"\n"].concat();
            // Like all output: an error of it isn't one of the run.
            let _ = self.log.write_all(&line);
        }
    }

    /// Takes in an event.
    pub(super) fn event(&mut self, mut event: Event<'_>) {
        if !filter::passes(self.options, &mut event) {
            return;
        }
        event.start_over();
        match event.kind {
            kinds::VIRT_MACHINE_ID => self.machine_id(&mut event),
            kinds::VIRT_CONTROL => self.control(&mut event),
            kinds::VIRT_RESOURCE => self.resource(&mut event),
            kinds::AVC => self.avc(&mut event),
            _ if event.is_anomaly() => self.anomaly(&mut event),
            _ => return,
        }
        // Proofs are only collected to be shown.
        if self.ledger.take_full() && self.options.proof {
            self.say(&[b"Failed to add proof."]);
        }
    }

    /// An entry with the user, guest and result of the event; `None` if it lacks one.
    fn entry(&mut self, kind: Kind, event: &mut Event<'_>) -> Option<Entry> {
        let mut entry = Entry::new(kind, event.stamp.seconds);
        event.start_over();
        let texts = &mut self.ledger.texts;
        let mut missing = "res";
        if let Some(uid) = event.find("uid") {
            entry.user = texts.number(&uid.interpreted());
        } else {
            missing = "uid";
        }
        for (name, slot) in [("vm", &mut entry.name), ("uuid", &mut entry.uuid)] {
            if missing != "res" {
                break;
            }
            match event.find(name) {
                Some(found) if name == "vm" => *slot = texts.number(&found.interpreted()),
                Some(found) => *slot = texts.number(found.raw()),
                None => missing = name,
            }
        }
        let result = if missing == "res" { event.find("res") } else { None };
        let Some(result) = result else {
            self.missing(missing, event);
            return None;
        };
        entry.success = result.raw() == b"success";
        event.start_over();
        Some(entry)
    }

    /// Says that a field wasn't found.
    pub(super) fn missing(&mut self, name: &str, event: &Event<'_>) {
        let stamp = event.stamp;
        let record = format!("{}.{:03}:{}", stamp.seconds, stamp.milli, stamp.serial);
        self.say(&[
            b"Failed to get field \"",
            name.as_bytes(),
            b"\" for record ",
            record.as_bytes(),
        ]);
    }

    /// Proves an entry by its own event, and appends it.
    pub(super) fn append(&mut self, mut entry: Entry, event: &Event<'_>) -> u32 {
        let mut proof = entry.proof;
        self.ledger.prove(&mut proof, event.stamp);
        entry.proof = proof;
        self.ledger.push(entry)
    }

    fn machine_id(&mut self, event: &mut Event<'_>) {
        let context = event.find("vm-ctx").map(|found| found.raw().to_vec());
        let level = context.as_deref().and_then(level).map(<[u8]>::to_vec);
        if level.is_none() {
            self.say(&[b"Security context not found for MACHINE_ID event."]);
        }
        if event.find("model").is_some_and(|found| found.raw() == b"dac") {
            return;
        }
        let Some(entry) = self.entry(Kind::MachineId, event) else { return };
        let number = self.append(entry, event);
        if let Some(level) = level {
            let level = self.ledger.texts.number(&level);
            self.ledger.set_level(level, number);
        }
    }

    fn control(&mut self, event: &mut Event<'_>) {
        let Some(op) = event.find("op").map(|found| found.raw().to_vec()) else {
            return self.say(&[b"Invalid op field."]);
        };
        match &op[..] {
            b"start" => self.start(event),
            b"stop" => self.stop(event),
            _ => self.say(&[b"Unknown op: ", &op]),
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
            return self.say(&[b"Couldn't find the correlated start record to the stop event."]);
        };
        self.append(entry, event);
        if entry.success {
            self.ledger.end(start, event.stamp);
        }
    }

    fn resource(&mut self, event: &mut Event<'_>) {
        // Which kind of resource isn't known yet.
        let Some(entry) = self.entry(Kind::Resource(Resource::Disk), event) else { return };
        let Some(kind) = event.find("resrc").map(|found| found.raw().to_vec()) else {
            return self.say(&[b"Invalid resrc field."]);
        };
        match Resource::by_name(&kind) {
            Some(Resource::Cgroup) => self.cgroup(entry, event),
            Some(kind) => self.change(kind, entry, event),
            None => self.say(&[b"Found an unknown resource: ", &kind, b"."]),
        }
    }

    /// Something else instead of what was there before.
    fn change(&mut self, kind: Resource, mut entry: Entry, event: &mut Event<'_>) {
        entry.kind = Kind::Resource(kind);
        let reason = event.find("reason").map(|found| found.raw().to_vec());
        if let Some(reason) = reason {
            entry.what = self.ledger.texts.number(&reason);
        }
        let old = self.value(&format!("old-{}", kind.name()), event);
        if let Some(old) = old.filter(|old| entry.success && stands(old)) {
            let known = self.ledger.texts.known(&old);
            let found = known.and_then(|value| self.ledger.resource(entry.uuid, kind, value));
            match found {
                Some(found) => self.ledger.end(found, event.stamp),
                None => self.say(&[
                    b"Couldn't find the correlated resource record to update for ",
                    kind.name().as_bytes(),
                    b".",
                ]),
            }
        }
        let new = self.value(&format!("new-{}", kind.name()), event);
        if let Some(new) = new.filter(|new| stands(new)) {
            entry.value = self.ledger.texts.number(&new);
            self.append(entry, event);
        }
    }

    fn value(&mut self, name: &str, event: &mut Event<'_>) -> Option<Vec<u8>> {
        let value = event.find(name).map(|found| found.interpreted());
        if value.is_none() {
            self.say(&[b"Failed to get ", name.as_bytes(), b" field."]);
        }
        value
    }

    fn cgroup(&mut self, mut entry: Entry, event: &mut Event<'_>) {
        entry.kind = Kind::Resource(Resource::Cgroup);
        let texts = &mut self.ledger.texts;
        let mut raw = |name, event: &mut Event<'_>| {
            event.find(name).map_or(super::table::NONE, |found| texts.number(found.raw()))
        };
        entry.what = raw("reason", event);
        event.start_over();
        let cgroup = event.find("cgroup").map(|found| found.interpreted());
        let Some(cgroup) = cgroup.filter(|cgroup| stands(cgroup)) else { return };
        let class = raw("class", event);
        let mut columns = [class, super::table::NONE, super::table::NONE, super::table::NONE];
        let class = texts.text(class);
        let detail = match class {
            b"path" => event.find("path").map(|found| found.interpreted()),
            b"major" => event.find("category").map(|found| found.raw().to_vec()),
            _ => None,
        };
        if let Some(detail) = detail {
            columns[2] = texts.number(&detail);
        }
        if let Some(acl) = event.find("acl") {
            columns[1] = texts.number(acl.raw());
        }
        entry.value = texts.number(&cgroup);
        entry.columns = self.ledger.columns.len() as u32;
        self.ledger.columns.push(columns);
        self.append(entry, event);
    }
}

/// The level of a security context: what follows its third colon.
pub(super) fn level(context: &[u8]) -> Option<&[u8]> {
    context.splitn(4, |&byte| byte == b':').nth(3)
}

/// Whether a value is one.
fn stands(value: &[u8]) -> bool {
    !matches!(value, b"" | b"0" | b"?")
}
