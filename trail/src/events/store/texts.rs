//! The texts of events, in one buffer.

use crate::events::define_id;
use foldhash::fast::RandomState;
use std::hash::BuildHasher;
use std::ops::Range;

define_id!(
    /// A text of events.
    TextId
);

/// The number of texts whose places are relative to the same base.
const STRETCH: usize = 256;

/// The number of texts that are remembered to find repeated ones. A start has about ten.
const RECENT: usize = 1 << 15;

/// Texts by their ids. Equal texts that come soon after each other are kept once: most guests have
/// the same memory and processors, and each device is denied and allowed with the same words.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each text ends, relative to its base.
    ends: Vec<u32>,
    /// Where every [`STRETCH`]th text begins.
    bases: Vec<u64>,
    /// By the low bits of its hash, a text with its high bits. Empty until the first text.
    recent: Vec<Option<(u32, TextId)>>,
    hasher: RandomState,
}

const _: () = assert!(size_of::<Option<(u32, TextId)>>() == 8, "it should stay in the cache");

impl Texts {
    /// The id of a text, which is added unless it was used recently.
    #[inline]
    pub(super) fn intern(&mut self, text: &[u8]) -> TextId {
        if self.recent.is_empty() {
            self.recent = vec![None; RECENT];
        }
        let hash = self.hasher.hash_one(text);
        let (slot, tag) = (hash as usize % RECENT, (hash >> 32) as u32);
        match self.recent[slot] {
            Some((known, id)) if known == tag && self.get(id) == text => id,
            _ => {
                let id = self.add(text);
                self.recent[slot] = Some((tag, id));
                id
            }
        }
    }

    /// Adds a text; its id is no other text's.
    pub(super) fn add(&mut self, text: &[u8]) -> TextId {
        let at = self.ends.len();
        if at.is_multiple_of(STRETCH) {
            self.bases.push(self.bytes.len() as u64);
        }
        self.bytes.extend_from_slice(text);
        let end = self.bytes.len() as u64 - self.bases[at / STRETCH];
        self.ends.push(u32::try_from(end).expect("256 lines have less than 4 GiB"));
        TextId::new(at)
    }

    /// Removes the texts from this one on. None of them may have been interned.
    pub(super) fn truncate(&mut self, from: TextId) {
        self.bytes.truncate(self.place(from).start);
        self.ends.truncate(from.index());
        self.bases.truncate(from.index().div_ceil(STRETCH));
    }

    /// Frees the memory that only adding needs.
    pub(super) fn complete(&mut self) {
        self.recent = Vec::new();
    }

    /// The number of texts.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text with this id.
    #[inline]
    pub(super) fn get(&self, id: TextId) -> &[u8] {
        &self.bytes[self.place(id)]
    }

    /// The place of a text in the buffer.
    #[inline]
    pub(super) fn place(&self, id: TextId) -> Range<usize> {
        let at = id.index();
        let base = self.bases[at / STRETCH] as usize;
        let start = if at.is_multiple_of(STRETCH) { 0 } else { self.ends[at - 1] };
        base + start as usize..base + self.ends[at] as usize
    }

    /// A byte of the buffer, for prefetching.
    #[inline]
    pub(super) fn byte(&self, place: usize) -> u8 {
        self.bytes.get(place).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn texts_are_kept(texts in prop::collection::vec((".{0,3}", any::<bool>()), 0..700)) {
            let mut kept = Texts::default();
            let add = |(text, intern): &(String, bool)| match intern {
                true => kept.intern(text.as_bytes()),
                false => kept.add(text.as_bytes()),
            };
            let ids: Vec<TextId> = texts.iter().map(add).collect();
            for (id, (text, _)) in ids.iter().zip(&texts) {
                prop_assert_eq!(kept.get(*id), text.as_bytes());
            }
        }

        #[test]
        fn removed_texts_leave_no_trace(before in 0usize..520, removed in 1usize..520) {
            let mut texts = Texts::default();
            let text = |at: usize| at.to_string().into_bytes();
            let ids: Vec<TextId> = (0..before + removed).map(|at| texts.add(&text(at))).collect();
            texts.truncate(ids[before]);
            prop_assert_eq!(texts.add(b"next"), ids[before]);
            for (at, id) in ids[..before].iter().enumerate() {
                prop_assert_eq!(texts.get(*id), text(at));
            }
            prop_assert_eq!(texts.get(ids[before]), b"next");
        }
    }

    #[test]
    fn a_repeated_text_is_kept_once() {
        let mut texts = Texts::default();
        let [one, other, again] = [b"a=1", b"a=2", b"a=1"].map(|text| texts.intern(text));
        assert_eq!(one, again);
        assert_ne!(one, other);
        assert_eq!(texts.len(), 2);
        let own = texts.add(b"a=1");
        assert_ne!(own, one);
    }
}
