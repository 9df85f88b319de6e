//! Texts that are kept once, and an index of things by what is in them.

use std::hash::{BuildHasher, RandomState};

/// No text, and no entry.
pub(super) const NONE: u32 = u32::MAX;

/// A hash table of numbers. What they stand for is elsewhere; with half of its hash beside it, a
/// number is rarely looked at in vain, and never when the table grows.
#[derive(Default)]
pub(super) struct Index {
    /// A power of two of slots, at most three quarters of them in use.
    slots: Vec<(u32, u32)>,
    used: usize,
}

impl Index {
    /// The slot of the number with this hash that `is`, or the free one where it belongs.
    fn slot(&self, hash: u32, is: impl Fn(u32) -> bool) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (other, number) = self.slots[at];
            if number == NONE || (other == hash && is(number)) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    pub(super) fn get(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        Some(self.slots[self.slot(hash, is)].1).filter(|&number| number != NONE)
    }

    /// Puts a number in, in the place of the one that `is`.
    pub(super) fn put(&mut self, hash: u32, number: u32, is: impl Fn(u32) -> bool) {
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            let room = (self.slots.len() * 2).max(64);
            let old = std::mem::replace(&mut self.slots, vec![(0, NONE); room]);
            for (hash, number) in old.into_iter().filter(|slot| slot.1 != NONE) {
                let at = self.slot(hash, |_| false);
                self.slots[at] = (hash, number);
            }
        }
        let at = self.slot(hash, is);
        self.used += usize::from(self.slots[at].1 == NONE);
        self.slots[at] = (hash, number);
    }
}

/// Things by the number of a text, as a list: texts are numbered without gaps.
#[derive(Default)]
pub(super) struct ByText {
    numbers: Vec<u32>,
}

impl ByText {
    pub(super) fn get(&self, text: u32) -> Option<u32> {
        self.numbers.get(text as usize).copied().filter(|&number| number != NONE)
    }

    /// Sets the number of a text; gives the one it had.
    pub(super) fn set(&mut self, text: u32, number: u32) -> Option<u32> {
        let at = text as usize;
        if at >= self.numbers.len() {
            self.numbers.resize(at + 1, NONE);
        }
        let before = std::mem::replace(&mut self.numbers[at], number);
        Some(before).filter(|&number| number != NONE)
    }
}

/// Texts, each kept once and known by its number.
#[derive(Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    /// Where each text ends; it begins where the one before ends.
    ends: Vec<usize>,
    index: Index,
    state: RandomState,
    /// What was asked for not long ago, by a poor hash: most texts come in rows.
    recent: Vec<u32>,
}

impl Texts {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &[u8]) -> u32 {
        if self.recent.is_empty() {
            self.recent = vec![NONE; RECENT];
        }
        let place = place(text);
        let recent = self.recent[place];
        if recent != NONE && self.text(recent) == text {
            return recent;
        }
        let number = self.find_or_add(text);
        self.recent[place] = number;
        number
    }

    fn find_or_add(&mut self, text: &[u8]) -> u32 {
        let hash = self.state.hash_one(text) as u32;
        let Self { bytes, ends, index, .. } = self;
        let is = |number| slice(bytes, ends, number) == text;
        if let Some(number) = index.get(hash, is) {
            return number;
        }
        let number = ends.len() as u32;
        bytes.extend_from_slice(text);
        ends.push(bytes.len());
        index.put(hash, number, |_| false);
        number
    }

    /// The number of a text that is there already.
    pub(super) fn known(&self, text: &[u8]) -> Option<u32> {
        let hash = self.state.hash_one(text) as u32;
        self.index.get(hash, |number| slice(&self.bytes, &self.ends, number) == text)
    }

    /// The text of a number.
    pub(super) fn text(&self, number: u32) -> &[u8] {
        if number == NONE { b"" } else { slice(&self.bytes, &self.ends, number) }
    }
}

const RECENT: usize = 256;

fn place(text: &[u8]) -> usize {
    let end = text.len();
    let byte = |at: usize| text.get(at).map_or(0, |&byte| usize::from(byte));
    (end * 7 + byte(end.wrapping_sub(1)) + byte(end / 2) * 31 + byte(0) * 5) % RECENT
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
