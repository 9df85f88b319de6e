//! Times as people write them, and as reports show them.

mod format_cache;

pub use format_cache::{LocalFormatCache, UtcFormatCache};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Zoned};
use std::fmt;

/// What time it is, and where.
#[derive(Clone, Debug)]
pub struct Clock {
    now: Zoned,
    boot: Option<Timestamp>,
}

impl Clock {
    /// The real time in this process's time zone.
    pub fn system() -> Self {
        let now = Zoned::now();
        let uptime = std::fs::read_to_string("/proc/uptime").ok();
        let seconds = uptime.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        let boot = seconds
            .and_then(|seconds| now.timestamp().checked_sub((seconds as i64).seconds()).ok());
        Self { now, boot }
    }

    /// A clock that stands still, for tests: `2026-11-21T12:00:00[UTC]`.
    ///
    /// # Panics
    ///
    /// If `now` isn't a time with a zone.
    pub fn fixed(now: &str) -> Self {
        let now: Zoned = now.parse().expect("a time with a zone");
        Self { boot: Some(now.timestamp() - 2.hours()), now }
    }

    /// Now.
    pub fn now(&self) -> &Zoned {
        &self.now
    }
}

/// Which end of a range a time stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// `--start`: a day is meant from its first moment on.
    Start,
    /// `--end`: a day is meant to its last moment.
    End,
}

/// A word that is no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTime(String);

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is no time: use 2026-11-21, '2026-11-21 10:20', 2026-11-21T10:20:00Z, 10:20, \
             @SECONDS, '2 days ago', or one of now recent boot today yesterday this-week week-ago \
             this-month this-year",
            self.0
        )
    }
}

impl std::error::Error for NoTime {}

/// What a text names.
enum Named {
    Instant(Timestamp),
    /// From the first date to before the second.
    Days(Date, Date),
}

/// Reads a time: milliseconds since 1970, the first or the last one that is meant.
pub fn parse(text: &str, edge: Edge, clock: &Clock) -> Result<i64, NoTime> {
    let named = named(text.trim(), clock).ok_or_else(|| NoTime(text.to_owned()))?;
    let zone = clock.now.time_zone();
    let first = |date: Date| zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight()));
    let ms = match (named, edge) {
        (Named::Instant(time), Edge::Start) => time.as_millisecond(),
        // A time to the second means all of it.
        (Named::Instant(time), Edge::End) if time.subsec_nanosecond() == 0 => {
            time.as_millisecond().saturating_add(999)
        }
        (Named::Instant(time), Edge::End) => time.as_millisecond(),
        (Named::Days(from, _), Edge::Start) => {
            first(from).compatible().map_err(|_| NoTime(text.to_owned()))?.as_millisecond()
        }
        (Named::Days(_, until), Edge::End) => {
            first(until).compatible().map_err(|_| NoTime(text.to_owned()))?.as_millisecond() - 1
        }
    };
    Ok(ms)
}

fn named(text: &str, clock: &Clock) -> Option<Named> {
    keyword(text, clock)
        .or_else(|| epoch(text))
        .or_else(|| iso(text, clock))
        .or_else(|| ago(text, clock))
}

fn days(from: Date, len: Span) -> Option<Named> {
    Some(Named::Days(from, from.checked_add(len).ok()?))
}

fn keyword(text: &str, clock: &Clock) -> Option<Named> {
    let now = &clock.now;
    let today = now.date();
    match text {
        "now" => Some(Named::Instant(now.timestamp())),
        "recent" => Some(Named::Instant(now.timestamp().checked_sub(10.minutes()).ok()?)),
        "boot" => clock.boot.map(Named::Instant),
        "today" => days(today, 1.day()),
        "yesterday" => days(today.yesterday().ok()?, 1.day()),
        // As auvirt's: weeks start on Sunday.
        "this-week" => {
            let back = i64::from(today.weekday().to_sunday_zero_offset());
            days(today.checked_sub(back.days()).ok()?, 7.days())
        }
        "week-ago" => days(today.checked_sub(7.days()).ok()?, 1.day()),
        "this-month" => days(today.first_of_month(), 1.month()),
        "this-year" => days(today.first_of_year(), 1.year()),
        _ => None,
    }
}

/// `@1795292517`, `1795292517` or `1795292517.231`. A bare number needs nine digits, because
/// `2026` or `20261121` is more likely meant as a date.
fn epoch(text: &str) -> Option<Named> {
    let (number, sure) = match text.strip_prefix('@') {
        Some(number) => (number, true),
        None => (text, false),
    };
    let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !digits(seconds) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    if !sure && seconds.len() < 9 {
        return None;
    }
    let nanos: i32 = format!("{fraction:0<9}").parse().ok()?;
    Timestamp::new(seconds.parse().ok()?, nanos).ok().map(Named::Instant)
}

fn iso(text: &str, clock: &Clock) -> Option<Named> {
    let zone = clock.now.time_zone();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(Named::Instant(time));
    }
    if let Ok(time) = text.parse::<Zoned>() {
        return Some(Named::Instant(time.timestamp()));
    }
    if text.len() <= 10 && text.contains('-') {
        return text.parse::<Date>().ok().and_then(|date| days(date, 1.day()));
    }
    let local =
        |time: DateTime| zone.to_ambiguous_timestamp(time).compatible().ok().map(Named::Instant);
    if text.contains(':') && !text.contains('-') {
        return text
            .parse::<Time>()
            .ok()
            .and_then(|time| local(clock.now.date().to_datetime(time)));
    }
    if text.len() > 10 && text.contains(':') {
        return text.parse::<DateTime>().ok().and_then(local);
    }
    None
}

/// `2 days ago`, `90m ago`, `1h 30m ago`
fn ago(text: &str, clock: &Clock) -> Option<Named> {
    let span: Span = text.strip_suffix("ago")?.trim_end().parse().ok()?;
    if span.is_negative() {
        return None;
    }
    clock.now.checked_sub(span).ok().map(|time| Named::Instant(time.timestamp()))
}

/// ISO 8601 in UTC, to the millisecond: `2026-11-21T20:21:57.231Z`.
pub fn utc(ms: i64) -> String {
    static PRINTER: jiff::fmt::temporal::DateTimePrinter =
        jiff::fmt::temporal::DateTimePrinter::new().precision(Some(3));
    match Timestamp::from_millisecond(ms) {
        Ok(time) => PRINTER.timestamp_to_string(&time),
        // Beyond the year 9999.
        Err(_) => format!("@{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000)),
    }
}

/// The local time with its distance from UTC, to the second: `2026-11-21 21:21:57+01:00`.
pub fn local(ms: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string(),
        Err(_) => utc(ms),
    }
}

/// A duration in days, hours, minutes and seconds, and the place of the first that isn't zero.
fn units(ms: i64) -> ([(u64, char); 4], usize) {
    let seconds = ms.unsigned_abs() / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let units = [(days, 'd'), (hours % 24, 'h'), (minutes % 60, 'm'), (seconds % 60, 's')];
    (units, units.iter().position(|&(count, _)| count > 0).unwrap_or(3))
}

/// How many of its units are shown.
const UNITS: usize = 3;

/// How long: `3s`, `12m 05s`, `2h 05m 00s`, `3d 04h 12m`.
pub fn duration(ms: i64) -> String {
    let mut text = String::with_capacity(16);
    if ms < 0 {
        text.push('-');
    }
    let (units, from) = units(ms);
    for (at, &(count, unit)) in units.iter().enumerate().skip(from).take(UNITS) {
        if at > from {
            text.push_str(if count < 10 { " 0" } else { " " });
        }
        text.push_str(itoa::Buffer::new().format(count));
        text.push(unit);
    }
    text
}

/// The length of its text.
pub(crate) fn duration_len(ms: i64) -> usize {
    let (units, from) = units(ms);
    let digits = units[from].0.checked_ilog10().unwrap_or(0) as usize + 1;
    let behind = (units.len() - from).min(UNITS) - 1;
    usize::from(ms < 0) + digits + 1 + behind * " 00s".len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-21T12:00:00+01:00[Europe/Berlin]";

    fn shown(text: &str, edge: Edge) -> String {
        parse(text, edge, &Clock::fixed(NOW)).map_or_else(|e| e.to_string(), utc)
    }

    #[test]
    fn times_of_every_form() {
        for (text, start, end) in [
            ("2026-03-20", "2026-03-19T23:00:00.000Z", "2026-03-20T22:59:59.999Z"),
            ("2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"),
            ("2026-07-01 10:20", "2026-07-01T08:20:00.000Z", "2026-07-01T08:20:00.999Z"),
            ("2026-07-01T10:20:30", "2026-07-01T08:20:30.000Z", "2026-07-01T08:20:30.999Z"),
            ("2026-07-01T10:20:30Z", "2026-07-01T10:20:30.000Z", "2026-07-01T10:20:30.999Z"),
            ("2026-07-01T10:20:30.5-02:00", "2026-07-01T12:20:30.500Z", "2026-07-01T12:20:30.500Z"),
            ("10:20", "2026-11-21T09:20:00.000Z", "2026-11-21T09:20:00.999Z"),
            ("1795292517", "2026-11-21T20:21:57.000Z", "2026-11-21T20:21:57.999Z"),
            ("@1795292517.231", "2026-11-21T20:21:57.231Z", "2026-11-21T20:21:57.231Z"),
            ("2 days ago", "2026-11-19T11:00:00.000Z", "2026-11-19T11:00:00.999Z"),
            ("90m ago", "2026-11-21T09:30:00.000Z", "2026-11-21T09:30:00.999Z"),
            ("now", "2026-11-21T11:00:00.000Z", "2026-11-21T11:00:00.999Z"),
            ("recent", "2026-11-21T10:50:00.000Z", "2026-11-21T10:50:00.999Z"),
            ("boot", "2026-11-21T09:00:00.000Z", "2026-11-21T09:00:00.999Z"),
            ("today", "2026-11-20T23:00:00.000Z", "2026-11-21T22:59:59.999Z"),
            ("yesterday", "2026-11-19T23:00:00.000Z", "2026-11-20T22:59:59.999Z"),
            ("this-week", "2026-11-14T23:00:00.000Z", "2026-11-21T22:59:59.999Z"),
            ("week-ago", "2026-11-13T23:00:00.000Z", "2026-11-14T22:59:59.999Z"),
            ("this-month", "2026-10-31T23:00:00.000Z", "2026-11-30T22:59:59.999Z"),
            ("this-year", "2025-12-31T23:00:00.000Z", "2026-12-31T22:59:59.999Z"),
        ] {
            assert_eq!(shown(text, Edge::Start), start, "--start {text}");
            assert_eq!(shown(text, Edge::End), end, "--end {text}");
        }
    }

    #[test]
    fn what_is_no_time_is_said() {
        for text in ["", "tomorrow-ish", "2026", "2026-13-01", "2026-02-30", "25:00", "@", "ago"] {
            assert!(shown(text, Edge::Start).contains("is no time"), "{text}");
        }
    }

    #[test]
    fn durations_lose_no_part() {
        for (seconds, text) in [
            (0, "0s"),
            (3, "3s"),
            (42, "42s"),
            (63, "1m 03s"),
            (3723, "1h 02m 03s"),
            (86_400, "1d 00h 00m"),
            (273_840, "3d 04h 04m"),
            (86_400_000, "1000d 00h 00m"),
            (-3600, "-1h 00m 00s"),
        ] {
            assert_eq!(duration(seconds * 1000), text);
            assert_eq!(duration_len(seconds * 1000), text.len());
        }
        assert_eq!(duration(-1).len(), duration_len(-1));
    }
}
