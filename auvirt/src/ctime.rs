//! Times as C's `ctime` prints them: never translated, and cut before the seconds.

use crate::calendar::Parts;
use std::io::Write;

/// Weekday, month, day, hour and minute.
pub(crate) type Text = [u8; 16];

/// Times as text. The last one is kept, since neighbouring rows often share it.
pub(crate) struct Clock {
    seconds: i64,
    text: Option<Text>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { seconds: 0, text: short(0) }
    }

    /// A time's text; `None` if its year doesn't fit into `struct tm`.
    pub(crate) fn text(&mut self, seconds: i64) -> Option<&Text> {
        if self.seconds != seconds {
            *self = Self { seconds, text: short(seconds) };
        }
        self.text.as_ref()
    }
}

/// A time's text, or C's text for a null pointer.
pub(crate) fn text(seconds: i64) -> Vec<u8> {
    short(seconds).map_or_else(|| b"(null)".to_vec(), |text| text.to_vec())
}

fn short(seconds: i64) -> Option<Text> {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts = Parts::local(seconds).filter(|parts| parts.year() <= i32::MAX.into())?;
    let day = DAYS.get(parts.weekday() as usize)?;
    let (month, date) = parts.date();
    let month = MONTHS.get(month as usize)?;
    let (hour, minute, _) = parts.clock();
    let mut text = [b' '; 16];
    let _ = write!(&mut text[..], "{day} {month}{date:3} {hour:02}:{minute:02}");
    Some(text)
}
