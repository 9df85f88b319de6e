//! Texts that are stored once and known by a number.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A text of an [`Interner`]. The default is the empty text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct TextId(u32);

impl TextId {
    /// The empty text, which also is every text that an entry lacks.
    pub(crate) const EMPTY: Self = Self(0);
}

/// All texts, one after the other.
pub(crate) struct Interner {
    bytes: Vec<u8>,
    /// The end of each text, which is the beginning of the next one.
    ends: Vec<usize>,
    /// The texts' numbers, each with half of its hash: neither a search nor growth reads other texts.
    ids: HashTable<(u32, TextId)>,
    hasher: RandomState,
    /// Recently used texts, by [`place`]: most texts occur in successive lines.
    recent: [TextId; RECENT],
}

impl Default for Interner {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            ends: vec![0],
            ids: HashTable::new(),
            hasher: RandomState::default(),
            recent: [TextId::EMPTY; RECENT],
        }
    }
}

impl Interner {
    /// The number of a text, which is added if it is new.
    pub(crate) fn id(&mut self, text: &[u8]) -> TextId {
        let place = place(text);
        let recent = self.recent[place];
        if self.text(recent) == text {
            return recent;
        }
        let id = self.find_or_add(text);
        self.recent[place] = id;
        id
    }

    fn find_or_add(&mut self, text: &[u8]) -> TextId {
        if text.is_empty() {
            return TextId::EMPTY;
        }
        let hash = self.hash(text);
        if let Some(id) = self.find(hash, text) {
            return id;
        }
        let id = TextId(self.ends.len() as u32);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        self.ids.insert_unique(widened(hash), (hash, id), |&(hash, _)| widened(hash));
        id
    }

    /// The number of a text, if it was added before.
    pub(crate) fn known(&self, text: &[u8]) -> Option<TextId> {
        if text.is_empty() {
            return Some(TextId::EMPTY);
        }
        self.find(self.hash(text), text)
    }

    fn hash(&self, text: &[u8]) -> u32 {
        self.hasher.hash_one(text) as u32
    }

    fn find(&self, hash: u32, text: &[u8]) -> Option<TextId> {
        let same = |&(other, id): &(u32, TextId)| other == hash && self.text(id) == text;
        self.ids.find(widened(hash), same).map(|&(_, id)| id)
    }

    /// The text with a number.
    pub(crate) fn text(&self, TextId(id): TextId) -> &[u8] {
        let id = id as usize;
        let start = if id == 0 { 0 } else { self.ends[id - 1] };
        &self.bytes[start..self.ends[id]]
    }
}

/// The number of recent texts.
const RECENT: usize = 256;

/// The place of a text among the recent ones: a hash that costs less than the table's.
fn place(text: &[u8]) -> usize {
    let byte = |index: usize| text.get(index).map_or(0, |&byte| usize::from(byte));
    let length = text.len();
    (length * 7 + byte(length.wrapping_sub(1)) + byte(length / 2) * 31 + byte(0) * 5) % RECENT
}

/// A hash for the table, which uses its lowest and its highest bits.
fn widened(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}

/// A map from texts. A list is faster than a hash table here: texts are numbered without gaps, and
/// neighbours in the log are neighbours in it.
pub(crate) struct ByText<T> {
    values: Vec<Option<T>>,
}

impl<T> Default for ByText<T> {
    fn default() -> Self {
        Self { values: Vec::new() }
    }
}

impl<T: Copy> ByText<T> {
    pub(crate) fn get(&self, TextId(id): TextId) -> Option<T> {
        self.values.get(id as usize).copied().flatten()
    }

    /// Sets the value of a text; returns the one before.
    pub(crate) fn set(&mut self, TextId(id): TextId, value: Option<T>) -> Option<T> {
        let index = id as usize;
        if index >= self.values.len() {
            self.values.resize(index + 1, None);
        }
        std::mem::replace(&mut self.values[index], value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number() {
        let mut texts = Interner::default();
        let add = |texts: &mut Interner| -> Vec<TextId> {
            (0..1000).map(|i| texts.id(i.to_string().as_bytes())).collect()
        };
        let ids = add(&mut texts);
        assert_eq!(add(&mut texts), ids);
        assert_eq!(texts.text(ids[123]), b"123");
        assert_eq!(texts.known(b"7"), Some(ids[7]));
        assert_eq!(texts.known(b"x"), None);
        assert_eq!((texts.id(b""), texts.text(TextId::EMPTY)), (TextId::EMPTY, &b""[..]));
    }
}
