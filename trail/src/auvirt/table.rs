//! Texts that are kept once, and an index of things by what is in them.

use std::hash::{BuildHasher, Hash, RandomState};

/// No text, and no entry.
pub(super) const NONE: u32 = u32::MAX;

/// A hash table of numbers. What they stand for is elsewhere, so an entry is four bytes.
#[derive(Default)]
pub(super) struct Index {
    /// A power of two of slots, at most half of them in use.
    slots: Vec<u32>,
    used: usize,
    state: RandomState,
}

impl Index {
    pub(super) fn hash(&self, what: impl Hash) -> u64 {
        self.state.hash_one(what)
    }

    /// The slot of the number with this hash that `is`, or the free one where it belongs.
    fn slot(&self, hash: u64, is: impl Fn(u32) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != NONE && !is(self.slots[at]) {
            at = (at + 1) & mask;
        }
        at
    }

    pub(super) fn get(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        Some(self.slots[self.slot(hash, is)]).filter(|&number| number != NONE)
    }

    /// Puts a number in, in the place of the one that `is`; `rehash` gives the hash of others.
    pub(super) fn put(
        &mut self,
        hash: u64,
        number: u32,
        is: impl Fn(u32) -> bool,
        rehash: impl Fn(&Self, u32) -> u64,
    ) {
        if (self.used + 1) * 2 > self.slots.len() {
            let room = (self.slots.len() * 2).max(64);
            let old = std::mem::replace(&mut self.slots, vec![NONE; room]);
            for number in old.into_iter().filter(|&number| number != NONE) {
                let at = self.slot(rehash(self, number), |_| false);
                self.slots[at] = number;
            }
        }
        let at = self.slot(hash, is);
        self.used += usize::from(self.slots[at] == NONE);
        self.slots[at] = number;
    }
}

/// Texts, each kept once and known by its number.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each text ends; it begins where the one before ends.
    ends: Vec<usize>,
    index: Index,
}

impl Texts {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &[u8]) -> u32 {
        let hash = self.index.hash(text);
        let Self { bytes, ends, index } = self;
        let is = |number| slice(bytes, ends, number) == text;
        if let Some(number) = index.get(hash, is) {
            return number;
        }
        let number = ends.len() as u32;
        bytes.extend_from_slice(text);
        ends.push(bytes.len());
        let rehash = |index: &Index, number| index.hash(slice(bytes, ends, number));
        index.put(hash, number, |_| false, rehash);
        number
    }

    /// The number of a text that is there already.
    pub(super) fn known(&self, text: &[u8]) -> Option<u32> {
        let hash = self.index.hash(text);
        self.index.get(hash, |number| slice(&self.bytes, &self.ends, number) == text)
    }

    /// The text of a number.
    pub(super) fn text(&self, number: u32) -> &[u8] {
        if number == NONE { b"" } else { slice(&self.bytes, &self.ends, number) }
    }
}

fn slice<'b>(bytes: &'b [u8], ends: &[usize], number: u32) -> &'b [u8] {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &bytes[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut texts = Texts::default();
        for round in 0..2 {
            for i in 0..1000u32 {
                assert_eq!(texts.number(i.to_string().as_bytes()), i, "round {round}");
            }
        }
        assert_eq!(texts.text(123), b"123");
        assert_eq!(texts.known(b"7"), Some(7));
        assert_eq!(texts.known(b"x"), None);
    }
}
