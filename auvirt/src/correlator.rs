//! The state of a run, and the steps that events of all types share.

use crate::entry::{Entry, EntryId, Kind};
use crate::event::Event;
use crate::interner::TextId;
use crate::ledger::Ledger;
use crate::options::Options;
use std::io::Write;

/// The state of a run.
pub(crate) struct Correlator<'o> {
    pub(crate) options: &'o Options,
    pub(crate) ledger: Ledger,
    /// Where `--debug` writes.
    pub(crate) log: &'o mut dyn Write,
}

impl Correlator<'_> {
    /// Logs a line, with `--debug`.
    pub(crate) fn log(&mut self, parts: &[&[u8]]) {
        if self.options.debug {
            let line = [&parts.concat()[..], b"\n"].concat();
            // As in auvirt, an error of output doesn't end the run.
            let _ = self.log.write_all(&line);
        }
    }

    /// Logs that an event lacks a field.
    pub(crate) fn log_missing(&mut self, name: &str, event: &Event<'_>) {
        let stamp = event.stamp;
        let record = format!("{}.{:03}:{}", stamp.seconds, stamp.milli, stamp.serial);
        self.log(&[
            b"Failed to get field \"",
            name.as_bytes(),
            b"\" for record ",
            record.as_bytes(),
        ]);
    }

    /// The user of a denial or an anomaly.
    pub(crate) fn user(&mut self, event: &mut Event<'_>) -> Option<TextId> {
        event.start_over();
        let Some(user) = event.find("uid").map(|found| found.interpreted()) else {
            self.log_missing("uid", event);
            return None;
        };
        Some(self.ledger.texts.id(&user))
    }

    /// A field's value as in the log; empty if the event lacks it.
    pub(crate) fn raw(&mut self, name: &str, event: &mut Event<'_>) -> TextId {
        let value = event.find(name);
        value.map_or(TextId::EMPTY, |found| self.ledger.texts.id(found.raw()))
    }

    /// A field's meaning; empty if the event lacks it.
    pub(crate) fn interpreted(&mut self, name: &str, event: &mut Event<'_>) -> TextId {
        let value = event.find(name);
        value.map_or(TextId::EMPTY, |found| self.ledger.texts.id(&found.interpreted()))
    }

    /// A new entry for the guest of `of`, which becomes part of its proof.
    pub(crate) fn related_to(
        &self,
        of: EntryId,
        kind: Kind,
        user: TextId,
        event: &Event<'_>,
    ) -> Entry {
        let of = &self.ledger.entries[of];
        Entry {
            uuid: of.uuid,
            name: of.name,
            proof: of.proof,
            user,
            ..Entry::new(kind, event.stamp.seconds)
        }
    }

    /// Appends an entry, proved by its own event.
    pub(crate) fn append(&mut self, mut entry: Entry, event: &Event<'_>) -> EntryId {
        self.ledger.prove(&mut entry.proof, event.stamp);
        self.ledger.push(entry)
    }
}

/// The level of a security context: what follows its third colon.
pub(crate) fn level(context: &[u8]) -> Option<&[u8]> {
    context.splitn(4, |&byte| byte == b':').nth(3)
}
