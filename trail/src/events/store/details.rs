//! The texts of events, and what else only some events have.

use crate::events::{WordId, define_id};
use crate::line::{AuxBody, AuxKind};

define_id!(
    /// The details of an event.
    DetailId
);

/// The details of an event.
#[derive(Clone, Copy, Debug, Default)]
struct Detail {
    /// The place of the fields in the buffer, and their length.
    at: u64,
    len: u32,
    /// `op=`, `resrc=`, or the type of an anomaly.
    what: WordId,
}

const _: () = assert!(size_of::<Detail>() == 16, "a long log has millions");

/// An auxiliary record of an event.
#[derive(Clone, Copy, Debug)]
struct AuxDetail {
    event: DetailId,
    kind: AuxKind,
    /// The place of the fields in the buffer, and their length.
    at: u64,
    len: u32,
}

/// The details of all events. An event without any has no id.
#[derive(Debug, Default)]
pub(super) struct Details {
    all: Vec<Detail>,
    /// The auxiliary records, in the order of their events' ids.
    aux: Vec<AuxDetail>,
    texts: Vec<u8>,
}

impl Details {
    /// Adds the details of an event.
    #[inline]
    pub(super) fn add(&mut self, what: WordId, text: &[u8]) -> DetailId {
        let (at, len) = self.keep(text);
        self.all.push(Detail { at, len, what });
        DetailId::new(self.all.len() - 1)
    }

    /// Adds an auxiliary record to the event that was added last.
    pub(super) fn add_aux(&mut self, event: DetailId, kind: AuxKind, text: &[u8]) {
        let (at, len) = self.keep(text);
        self.aux.push(AuxDetail { event, kind, at, len });
    }

    /// Copies a text to the buffer; returns its place and its length.
    #[inline]
    fn keep(&mut self, text: &[u8]) -> (u64, u32) {
        let at = self.texts.len() as u64;
        self.texts.extend_from_slice(text);
        (at, text.len() as u32)
    }

    /// Removes the details of an event, if they are those that were added last.
    pub(super) fn remove_last(&mut self, id: Option<DetailId>) {
        if id.is_some_and(|id| id.index() + 1 == self.all.len())
            && let Some(detail) = self.all.pop()
        {
            while self.aux.pop_if(|aux| Some(aux.event) == id).is_some() {}
            self.texts.truncate(detail.at as usize);
        }
    }

    #[inline]
    fn get(&self, id: Option<DetailId>) -> Detail {
        id.and_then(|id| self.all.get(id.index())).copied().unwrap_or_default()
    }

    fn text_at(&self, at: u64, len: u32) -> &[u8] {
        &self.texts[at as usize..][..len as usize]
    }

    /// The fields.
    pub(super) fn text(&self, id: Option<DetailId>) -> &[u8] {
        let Detail { at, len, .. } = self.get(id);
        self.text_at(at, len)
    }

    /// `op=`, `resrc=`, or the type of an anomaly.
    pub(super) fn what(&self, id: Option<DetailId>) -> WordId {
        self.get(id).what
    }

    /// The auxiliary records, in the order of their lines.
    pub(super) fn aux(&self, id: Option<DetailId>) -> impl Iterator<Item = AuxBody<'_>> {
        let from = self.aux.partition_point(|aux| Some(aux.event) < id);
        let of_event = self.aux[from..].iter().take_while(move |aux| Some(aux.event) == id);
        of_event.map(|aux| AuxBody { kind: aux.kind, body: self.text_at(aux.at, aux.len) })
    }

    /// Whether the details of two events are the same.
    pub(super) fn are_equal(&self, a: Option<DetailId>, b: Option<DetailId>) -> bool {
        (self.what(a), self.text(a)) == (self.what(b), self.text(b)) && self.aux(a).eq(self.aux(b))
    }

    /// The place of the fields, for prefetching.
    pub(super) fn place(&self, id: Option<DetailId>) -> u64 {
        self.get(id).at
    }

    /// The first byte of the fields, for prefetching.
    pub(super) fn first_byte(&self, id: Option<DetailId>) -> u8 {
        self.texts.get(self.place(id) as usize).copied().unwrap_or(0)
    }
}
