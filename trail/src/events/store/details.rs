//! The texts of events, with the auxiliary records that only denials and anomalies have.

use super::texts::{TextId, Texts};
use crate::line::{AuxBody, AuxKind};

/// An auxiliary record of an event.
#[derive(Clone, Copy, Debug)]
struct AuxDetail {
    /// The event's text, which no other event has.
    event: TextId,
    /// The fields.
    text: TextId,
    kind: AuxKind,
}

/// The details of all events. An event without any has no text.
#[derive(Debug, Default)]
pub(super) struct Details {
    texts: Texts,
    /// The auxiliary records, in the order of their events' texts.
    aux: Vec<AuxDetail>,
}

impl Details {
    /// Adds the text of an event without auxiliary records.
    #[inline]
    pub(super) fn add(&mut self, text: &[u8]) -> TextId {
        self.texts.intern(text)
    }

    /// Adds the text of an event that may have auxiliary records.
    pub(super) fn add_own(&mut self, text: &[u8]) -> TextId {
        self.texts.add(text)
    }

    /// Adds an auxiliary record to the event that was added last.
    pub(super) fn add_aux(&mut self, event: TextId, kind: AuxKind, text: &[u8]) {
        let text = self.texts.add(text);
        self.aux.push(AuxDetail { event, text, kind });
    }

    /// Frees the memory that only adding needs.
    pub(super) fn complete(&mut self) {
        self.texts.complete();
    }

    /// Removes the details of an event that may have auxiliary records, if they were added last.
    pub(super) fn remove_last(&mut self, id: Option<TextId>) {
        let Some(id) = id else { return };
        let aux = self.aux(Some(id)).count();
        if id.index() + 1 + aux == self.texts.len() {
            self.aux.truncate(self.aux.len() - aux);
            self.texts.truncate(id);
        }
    }

    /// The fields.
    #[inline]
    pub(super) fn text(&self, id: Option<TextId>) -> &[u8] {
        id.map_or(&[], |id| self.texts.get(id))
    }

    /// The auxiliary records, in the order of their lines.
    pub(super) fn aux(&self, id: Option<TextId>) -> impl Iterator<Item = AuxBody<'_>> {
        let from = self.aux.partition_point(|aux| Some(aux.event) < id);
        let of_event = self.aux[from..].iter().take_while(move |aux| Some(aux.event) == id);
        of_event.map(|aux| AuxBody { kind: aux.kind, body: self.texts.get(aux.text) })
    }

    /// Whether the details of two events are the same.
    pub(super) fn are_equal(&self, a: Option<TextId>, b: Option<TextId>) -> bool {
        self.text(a) == self.text(b) && self.aux(a).eq(self.aux(b))
    }

    /// The place of the fields, for prefetching.
    pub(super) fn place(&self, id: Option<TextId>) -> usize {
        id.map_or(0, |id| self.texts.place(id).start)
    }

    /// The first byte of the fields, for prefetching.
    pub(super) fn first_byte(&self, id: Option<TextId>) -> u8 {
        self.texts.byte(self.place(id))
    }
}
