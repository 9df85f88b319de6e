//! The texts of a page, each once.

use crate::terminal::escape;
use std::collections::HashMap;

/// The texts, numbered in their order. The first is the empty one.
///
/// Control characters and those that change the direction of text are escaped here, so that every text
/// of the page shows them.
pub(super) struct Words {
    ids: HashMap<String, u32>,
    list: Vec<String>,
}

impl Default for Words {
    fn default() -> Self {
        let mut words = Self { ids: HashMap::new(), list: Vec::new() };
        words.id("");
        words
    }
}

impl Words {
    /// The number of a text from the log.
    pub(super) fn id(&mut self, text: &str) -> i64 {
        let text = escape(text);
        if let Some(&id) = self.ids.get(&*text) {
            return id.into();
        }
        let id = u32::try_from(self.list.len()).unwrap_or_default();
        self.ids.insert(text.clone().into_owned(), id);
        self.list.push(text.into_owned());
        id.into()
    }

    /// The number of a text that may be unknown.
    pub(super) fn known(&mut self, text: Option<&str>) -> i64 {
        text.map_or(0, |text| self.id(text))
    }

    /// All texts.
    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}
