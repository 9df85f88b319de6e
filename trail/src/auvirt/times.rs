//! The times of `--start` and `--end`: a keyword, or a date as the locale writes it, and a time.
//!
//! The calendar's arithmetic is libc's, with its treatment of summer time and all: a time that is
//! an hour off here is an hour off in auvirt.

use super::args::Complaint;
use std::ffi::CStr;
use std::time::{SystemTime, UNIX_EPOCH};
use viraudit::internal::audit_sys::calendar::Parts;

/// Which of the two times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

impl Edge {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
        }
    }

    /// That a text isn't what it has to be.
    fn complain(self, what: &str, given: &[u8], needed: &str) -> Complaint {
        let edge = self.name();
        let before = format!("Invalid {edge} {what} (");
        [before.as_bytes(), given, format!("). {needed} are required.").as_bytes()].concat()
    }

    /// That more was given.
    fn leftover(self, what: &str, given: &[u8]) -> Complaint {
        let before = format!("Error parsing {} {what} (", self.name());
        [before.as_bytes(), given, b")"].concat()
    }
}

/// The time of day without one, for both edges.
const MIDNIGHT: &[u8] = b"00:00:00";

const DAY: i64 = 86_400;

/// The earliest year that is taken for one.
const FIRST_YEAR: i64 = 2004;

/// A time in seconds since the epoch.
pub(super) fn read(edge: Edge, date: &[u8], time: Option<&[u8]>) -> Result<i64, Complaint> {
    let time = time.unwrap_or(MIDNIGHT);
    let (mut parts, keeps_clock) = match keyword(edge, date, time)? {
        Some(found) => found,
        None => (whole_date(edge, date)?, false),
    };
    let clock = clock(edge, time)?;
    if !(keeps_clock && time == MIDNIGHT) {
        if parts.year() < FIRST_YEAR {
            return Err(format!("Error - year is {}", parts.year()).into());
        }
        parts.set_clock(clock);
    }
    match parts.normalise() {
        -1 => Err(format!("Error converting {} time", edge.name()).into()),
        seconds => Ok(seconds),
    }
}

/// A keyword's time, and whether its time of day is kept when midnight is asked for.
fn keyword(edge: Edge, word: &[u8], time: &[u8]) -> Result<Option<(Parts, bool)>, Complaint> {
    let now = now();
    let local = |seconds: i64| Parts::local(seconds).unwrap_or_default();
    let mut parts = local(now);
    let keeps_clock = matches!(word, b"now" | b"recent" | b"boot")
        || (word == b"today" && edge == Edge::End && time == MIDNIGHT);
    match word {
        b"now" | b"today" => {}
        b"recent" => parts = local(now - 600),
        b"boot" => parts = local(now - uptime()?),
        b"yesterday" => parts = local(now - DAY),
        b"week-ago" => parts = local(now - 7 * DAY),
        b"this-week" => parts = local(now - i64::from(parts.weekday()) * DAY),
        b"this-month" => parts.set_date((parts.date().0, 1)),
        b"this-year" => {
            parts.set_date((0, 1));
            parts.set_summer(0);
        }
        _ => return Ok(None),
    }
    Ok(Some((parts, keeps_clock)))
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64)
}

/// Seconds since the host was started.
fn uptime() -> Result<i64, Complaint> {
    let text = std::fs::read_to_string("/proc/uptime")
        .map_err(|error| format!("Can't read uptime ({})", super::reason(&error)).into_bytes())?;
    let first = text.split_whitespace().next().and_then(|number| number.parse::<f32>().ok());
    Ok(first.unwrap_or_default() as i64)
}

/// A date as the locale writes it.
fn whole_date(edge: Edge, text: &[u8]) -> Result<Parts, Complaint> {
    let parts = whole(text, c"%x").map_err(|leftover| match leftover {
        false => edge.complain("date", text, "Month, Day, and Year"),
        true => edge.leftover("date", text),
    });
    let mut parts = parts?;
    // This is where a 30th of February becomes one of March. The clock is set afterwards, so that
    // summer time is settled by the date's midnight.
    parts.normalise();
    Ok(parts)
}

/// A time of day as the locale writes it, or without seconds.
fn clock(edge: Edge, text: &[u8]) -> Result<(i32, i32, i32), Complaint> {
    let seconds: &[u8] = if text.len() <= 5 { b":00" } else { b"" };
    let parts = whole(&[text, seconds].concat(), c"%X").map_err(|leftover| match leftover {
        false => edge.complain("time", text, "Hour, Minute, and Second"),
        true => edge.leftover("time", text),
    })?;
    Ok(parts.clock())
}

/// A whole text by a format; or else whether there is something behind it.
fn whole(text: &[u8], format: &CStr) -> Result<Parts, bool> {
    let mut parts = Parts::default();
    match parts.read(text, format) {
        Some(b"") => Ok(parts),
        Some(_) => Err(true),
        None => Err(false),
    }
}
