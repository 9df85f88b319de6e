//! The stable name of a session.

use crate::time::UtcFormatCache;
use std::fmt;
use viraudit::Uuid;

/// The stable name of a session, `HOST/UUID/START`: the same in every report about the same records.
///
/// HOST is empty if the log doesn't have it, and START is the time of the start in UTC. If the start
/// is not in the log, it is the time of the first record about the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey<'r> {
    /// The host; empty if the log doesn't have it.
    pub host: &'r str,
    /// The guest's UUID.
    pub uuid: Uuid,
    /// The time of the start, in milliseconds since 1970.
    pub start: i64,
}

impl SessionKey<'_> {
    /// Appends the text of the key.
    pub fn append_to(&self, text: &mut String, times: &mut UtcFormatCache) {
        text.push_str(self.host);
        text.push('/');
        // A UUID's text is ASCII.
        text.push_str(std::str::from_utf8(&self.uuid.text()).unwrap_or_default());
        text.push('/');
        text.push_str(times.text(self.start));
    }
}

impl fmt::Display for SessionKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.append_to(&mut text, &mut UtcFormatCache::default());
        f.write_str(&text)
    }
}
