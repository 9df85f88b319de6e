//! Texts that come again and again, kept once.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Texts with numbers; number 0 is the empty text.
#[derive(Debug)]
pub struct Interner {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// The numbers of those that are kept once.
    ids: HashTable<u32>,
    hasher: RandomState,
    recent: [u32; 4],
    next: usize,
}

impl Default for Interner {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            ids: HashTable::new(),
            hasher: RandomState::default(),
            recent: [0; 4],
            next: 0,
        }
    }
}

impl Interner {
    /// The text's number.
    pub fn id(&mut self, text: &[u8]) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(&id) = self.recent.iter().find(|&&id| self.get(id) == text) {
            return id;
        }
        let hash = self.hasher.hash_one(text);
        let id = match self.ids.find(hash, |&id| self.get(id) == text) {
            Some(&id) => id,
            None => {
                let id = self.push(text);
                let Self { ids, bytes, ends, hasher, .. } = self;
                ids.insert_unique(hash, id, |&id| hasher.hash_one(text_of(bytes, ends, id)));
                id
            }
        };
        let oldest = self.next;
        self.recent[oldest] = id;
        self.next = (oldest + 1) % self.recent.len();
        id
    }

    /// Gives a text a number of its own, by which alone it is known.
    ///
    /// More than 4 GiB of different texts are no log of guests: further ones become empty.
    pub(crate) fn push(&mut self, text: &[u8]) -> u32 {
        if u32::try_from(self.bytes.len() + text.len()).is_err() {
            return 0;
        }
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
        self.ends.len() as u32 - 1
    }

    /// The number of a text that is there already.
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        (0..self.ends.len() as u32).find(|&id| self.get(id) == text)
    }

    /// The text with this number.
    pub fn get(&self, id: u32) -> &[u8] {
        text_of(&self.bytes, &self.ends, id)
    }
}

fn text_of<'b>(bytes: &'b [u8], ends: &[u32], id: u32) -> &'b [u8] {
    let id = id as usize;
    let from = if id == 0 { 0 } else { ends[id - 1] };
    &bytes[from as usize..ends[id] as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_text_same_number() {
        let mut interner = Interner::default();
        let texts: Vec<String> = (0..100).map(|i| format!("t{i}")).collect();
        let first: Vec<u32> = texts.iter().map(|text| interner.id(text.as_bytes())).collect();
        let again: Vec<u32> = texts.iter().map(|text| interner.id(text.as_bytes())).collect();
        assert_eq!(first, again);
        assert_eq!(interner.id(b""), 0);
        assert_eq!(interner.get(first[42]), b"t42");
        assert_eq!(interner.find(b"t7"), Some(first[7]));
        assert_eq!(interner.find(b"none"), None);
    }
}
