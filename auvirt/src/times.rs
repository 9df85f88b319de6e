//! The times of `--start` and `--end`: a keyword or a date in the locale's format, and a time of day.
//!
//! The arithmetic is libc's, as in auvirt: where summer time makes auvirt's result an hour off, so is
//! this one.

use crate::calendar::Parts;
use crate::complaint::{Complaint, strerror};
use std::ffi::CStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The end of the range that a time is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
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
}

/// A part of a time, in the locale's format.
struct Part {
    name: &'static str,
    /// The format of strptime.
    format: &'static CStr,
    required: &'static str,
}

const DATE: Part = Part { name: "date", format: c"%x", required: "Month, Day, and Year" };
const CLOCK: Part = Part { name: "time", format: c"%X", required: "Hour, Minute, and Second" };

/// The default time of day, of both edges.
const MIDNIGHT: &[u8] = b"00:00:00";

const DAY: i64 = 86_400;

/// The earliest year that is accepted.
const FIRST_YEAR: i64 = 2004;

/// Reads a time: seconds since the epoch.
pub(crate) fn read(edge: Edge, date: &[u8], time: Option<&[u8]>) -> Result<i64, Complaint> {
    let time = time.unwrap_or(MIDNIGHT);
    let (mut parts, keeps_clock) = match keyword(edge, date, time)? {
        Some(found) => found,
        None => (date_parts(edge, date)?, false),
    };
    let clock = time_of_day(edge, time)?;
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

/// A keyword's time, and whether midnight as the time of day leaves it unchanged.
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

/// Seconds since the host booted.
fn uptime() -> Result<i64, Complaint> {
    let text = std::fs::read_to_string("/proc/uptime")
        .map_err(|error| format!("Can't read uptime ({})", strerror(&error)).into_bytes())?;
    let first = text.split_whitespace().next().and_then(|number| number.parse::<f32>().ok());
    Ok(first.unwrap_or_default() as i64)
}

/// A date in the locale's format.
fn date_parts(edge: Edge, text: &[u8]) -> Result<Parts, Complaint> {
    let mut parts = parse(edge, &DATE, text, text)?;
    // A 30th of February becomes a day of March here. The time of day is set afterwards, so that
    // midnight decides whether it is summer time.
    parts.normalise();
    Ok(parts)
}

/// Hour, minute and second of a time in the locale's format, whose seconds may be missing.
fn time_of_day(edge: Edge, text: &[u8]) -> Result<(i32, i32, i32), Complaint> {
    let seconds: &[u8] = if text.len() <= 5 { b":00" } else { b"" };
    let parts = parse(edge, &CLOCK, text, &[text, seconds].concat())?;
    Ok(parts.clock())
}

/// Parses a whole `text`; a complaint quotes the argument `given`.
fn parse(edge: Edge, part: &Part, given: &[u8], text: &[u8]) -> Result<Parts, Complaint> {
    let mut parts = Parts::default();
    let rest = parts.read(text, part.format);
    if rest == Some(b"") {
        return Ok(parts);
    }
    let (before, after) = match rest {
        Some(_) => ("Error parsing", ")".to_owned()),
        None => ("Invalid", format!("). {} are required.", part.required)),
    };
    let before = format!("{before} {} {} (", edge.name(), part.name);
    Err([before.as_bytes(), given, after.as_bytes()].concat())
}
