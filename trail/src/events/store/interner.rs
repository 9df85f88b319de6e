//! Repeated texts, each kept once.

use crate::events::WordId;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Texts by their ids.
#[derive(Debug)]
pub(crate) struct Interner {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// The texts that are kept once.
    ids: HashTable<WordId>,
    hasher: RandomState,
    recent: [WordId; 4],
    /// The oldest of `recent`.
    oldest: usize,
}

impl Default for Interner {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            ids: HashTable::new(),
            hasher: RandomState::default(),
            recent: [WordId::EMPTY; 4],
            oldest: 0,
        }
    }
}

impl Interner {
    /// The id of a text, which is added if it is new.
    pub(super) fn intern(&mut self, text: &[u8]) -> WordId {
        if text.is_empty() {
            return WordId::EMPTY;
        }
        if let Some(&id) = self.recent.iter().find(|&&id| self.get(id) == text) {
            return id;
        }
        let hash = self.hasher.hash_one(text);
        let id = match self.ids.find(hash, |&id| self.get(id) == text) {
            Some(&id) => id,
            None => {
                let id = self.add(text);
                let Self { ids, bytes, ends, hasher, .. } = self;
                ids.insert_unique(hash, id, |&id| hasher.hash_one(text_of(bytes, ends, id)));
                id
            }
        };
        self.recent[self.oldest] = id;
        self.oldest = (self.oldest + 1) % self.recent.len();
        id
    }

    /// Adds a text without looking for an equal one; [`Interner::intern`] will not find it.
    ///
    /// No log of guests has more than 4 GiB of different texts: further ones become empty.
    pub(super) fn add(&mut self, text: &[u8]) -> WordId {
        if u32::try_from(self.bytes.len() + text.len()).is_err() {
            return WordId::EMPTY;
        }
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
        WordId::new(self.ends.len() - 1)
    }

    /// The text with this id.
    #[inline]
    pub(crate) fn get(&self, id: WordId) -> &[u8] {
        text_of(&self.bytes, &self.ends, id)
    }
}

#[inline]
fn text_of<'b>(bytes: &'b [u8], ends: &[u32], id: WordId) -> &'b [u8] {
    let from = if id == WordId::EMPTY { 0 } else { ends[id.index() - 1] };
    &bytes[from as usize..ends[id.index()] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_text_same_id() {
        let mut interner = Interner::default();
        let texts: Vec<String> = (0..100).map(|i| format!("t{i}")).collect();
        let first: Vec<_> = texts.iter().map(|text| interner.intern(text.as_bytes())).collect();
        let again: Vec<_> = texts.iter().map(|text| interner.intern(text.as_bytes())).collect();
        assert_eq!(first, again);
        assert_eq!(interner.intern(b""), WordId::EMPTY);
        assert_eq!(interner.get(WordId::EMPTY), b"");
        assert_eq!(interner.get(first[42]), b"t42");
    }
}
