//! The texts of a page, each once.

use crate::terminal::escape;
use std::collections::HashMap;
use viraudit_trail::report::{ClientView, Value};

/// The texts, numbered in their order. The first is the empty one.
///
/// Control characters and those that change the direction of text are escaped here, so that every text
/// of the page shows them.
pub(super) struct Words(HashMap<String, usize>);

impl Default for Words {
    fn default() -> Self {
        Self(HashMap::from([(String::new(), 0)]))
    }
}

impl Words {
    /// The number of a text from the log.
    pub(super) fn id(&mut self, text: &str) -> i64 {
        let text = escape(text);
        if let Some(&id) = self.0.get(&*text) {
            return id as i64;
        }
        let id = self.0.len();
        self.0.insert(text.into_owned(), id);
        id as i64
    }

    /// The number of a text that may be unknown.
    pub(super) fn known(&mut self, text: Option<&str>) -> i64 {
        text.map_or(0, |text| self.id(text))
    }

    /// The number of a text with all known fields of a client.
    pub(super) fn client(&mut self, client: Option<&ClientView>) -> i64 {
        let Some(client) = client else { return self.known(None) };
        let shown = client.values().map(|(key, value)| match value {
            Value::Text(text) => format!("{key}={text}"),
            Value::Number(number) => format!("{key}={number}"),
            Value::Bool(yes) => format!("{key}={yes}"),
            Value::Null => String::new(),
        });
        self.id(&shown.collect::<Vec<_>>().join(" "))
    }

    /// All texts.
    pub(super) fn into_list(self) -> Vec<String> {
        let mut list: Vec<_> = self.0.into_iter().collect();
        list.sort_unstable_by_key(|&(_, id)| id);
        list.into_iter().map(|(text, _)| text).collect()
    }
}
