//! Parsing times that people write, and formatting times and durations.

mod format_cache;

pub use format_cache::{LocalFormatCache, UtcFormatCache};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Span, Timestamp, ToSpan, Unit, Zoned, ZonedRound};
use std::fmt;

/// The current time, with its zone.
#[derive(Clone, Debug)]
pub struct Clock {
    now: Zoned,
    boot: Option<Timestamp>,
}

impl Clock {
    /// The system's time in the time zone of this process.
    pub fn system() -> Self {
        let now = Zoned::now();
        let uptime = std::fs::read_to_string("/proc/uptime").ok();
        let seconds = uptime.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        let boot = seconds
            .and_then(|seconds| now.timestamp().checked_sub((seconds as i64).seconds()).ok());
        Self { now, boot }
    }

    /// The same time in another zone.
    pub fn with_zone(self, zone: TimeZone) -> Self {
        Self { now: self.now.with_time_zone(zone), ..self }
    }

    /// A clock with a fixed time, for tests: `2026-11-21T12:00:00[UTC]`.
    ///
    /// # Panics
    ///
    /// If `now` is not a time with a zone.
    pub fn fixed(now: &str) -> Self {
        let now: Zoned = now.parse().expect("a time with a zone");
        Self { boot: Some(now.timestamp() - 2.hours()), now }
    }

    /// The current time.
    pub fn now(&self) -> &Zoned {
        &self.now
    }
}

/// The end of a range that a time is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// `--start`: a day means its first moment.
    Start,
    /// `--end`: a day means its last moment.
    End,
}

/// An invalid time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTime(String);

impl fmt::Display for InvalidTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not a valid time: use 2026-11-21, '2026-11-21 10:20', 2026-11-21T10:20:00Z, 10:20, \
             @SECONDS, '2 days ago', or one of now recent boot this-hour today yesterday \
             this-week week-ago this-month this-year",
            self.0
        )
    }
}

impl std::error::Error for InvalidTime {}

/// A parsed time.
enum ParsedTime {
    Instant(Timestamp),
    /// The hour that begins at this time.
    Hour(Timestamp),
    /// The days from the first date to before the second.
    Days(Date, Date),
}

/// Parses a time; returns its first or its last moment, in milliseconds since 1970.
pub fn parse(text: &str, edge: Edge, clock: &Clock) -> Result<i64, InvalidTime> {
    let parsed = parse_any(text.trim(), clock).ok_or_else(|| InvalidTime(text.to_owned()))?;
    let zone = clock.now.time_zone();
    let first = |date: Date| zone.to_ambiguous_timestamp(date.to_datetime(Time::midnight()));
    let ms = match (parsed, edge) {
        (ParsedTime::Instant(time), Edge::Start) => time.as_millisecond(),
        // A time without a fraction means the whole second.
        (ParsedTime::Instant(time), Edge::End) if time.subsec_nanosecond() == 0 => {
            time.as_millisecond().saturating_add(999)
        }
        (ParsedTime::Instant(time), Edge::End) => time.as_millisecond(),
        (ParsedTime::Hour(from), Edge::Start) => from.as_millisecond(),
        (ParsedTime::Hour(from), Edge::End) => from.as_millisecond() + 3_600_000 - 1,
        (ParsedTime::Days(from, _), Edge::Start) => {
            first(from).compatible().map_err(|_| InvalidTime(text.to_owned()))?.as_millisecond()
        }
        (ParsedTime::Days(_, until), Edge::End) => {
            first(until).compatible().map_err(|_| InvalidTime(text.to_owned()))?.as_millisecond()
                - 1
        }
    };
    Ok(ms)
}

fn parse_any(text: &str, clock: &Clock) -> Option<ParsedTime> {
    keyword(text, clock)
        .or_else(|| epoch(text))
        .or_else(|| iso(text, clock))
        .or_else(|| ago(text, clock))
}

fn days(from: Date, len: Span) -> Option<ParsedTime> {
    Some(ParsedTime::Days(from, from.checked_add(len).ok()?))
}

fn keyword(text: &str, clock: &Clock) -> Option<ParsedTime> {
    let now = &clock.now;
    let today = now.date();
    match text {
        "now" => Some(ParsedTime::Instant(now.timestamp())),
        "recent" => Some(ParsedTime::Instant(now.timestamp().checked_sub(10.minutes()).ok()?)),
        "boot" => clock.boot.map(ParsedTime::Instant),
        "this-hour" => {
            let hours = ZonedRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc);
            now.round(hours).ok().map(|time| ParsedTime::Hour(time.timestamp()))
        }
        "today" => days(today, 1.day()),
        "yesterday" => days(today.yesterday().ok()?, 1.day()),
        // Weeks start on Sunday, as in auvirt.
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

/// `@1795292517`, `1795292517` or `1795292517.231`. A number without `@` needs nine digits, because
/// `2026` and `20261121` are probably meant as dates.
fn epoch(text: &str) -> Option<ParsedTime> {
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
    Timestamp::new(seconds.parse().ok()?, nanos).ok().map(ParsedTime::Instant)
}

fn iso(text: &str, clock: &Clock) -> Option<ParsedTime> {
    let zone = clock.now.time_zone();
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(ParsedTime::Instant(time));
    }
    if let Ok(time) = text.parse::<Zoned>() {
        return Some(ParsedTime::Instant(time.timestamp()));
    }
    if text.len() <= 10 && text.contains('-') {
        return text.parse::<Date>().ok().and_then(|date| days(date, 1.day()));
    }
    let local = |time: DateTime| {
        zone.to_ambiguous_timestamp(time).compatible().ok().map(ParsedTime::Instant)
    };
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
fn ago(text: &str, clock: &Clock) -> Option<ParsedTime> {
    let span: Span = text.strip_suffix("ago")?.trim_end().parse().ok()?;
    if span.is_negative() {
        return None;
    }
    clock.now.checked_sub(span).ok().map(|time| ParsedTime::Instant(time.timestamp()))
}

/// Formats a time as ISO 8601 in UTC with milliseconds: `2026-11-21T20:21:57.231Z`.
pub fn utc(ms: i64) -> String {
    static PRINTER: jiff::fmt::temporal::DateTimePrinter =
        jiff::fmt::temporal::DateTimePrinter::new().precision(Some(3));
    match Timestamp::from_millisecond(ms) {
        Ok(time) => PRINTER.timestamp_to_string(&time),
        // After the year 9999.
        Err(_) => format!("@{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000)),
    }
}

/// Formats a time in a zone with its offset from UTC: `2026-11-21 21:21:57+01:00`.
pub fn local(ms: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%:z").to_string(),
        Err(_) => utc(ms),
    }
}

/// A duration in days, hours, minutes and seconds, and the index of the first that isn't zero.
fn units(ms: i64) -> ([(u64, char); 4], usize) {
    let seconds = ms.unsigned_abs() / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let units = [(days, 'd'), (hours % 24, 'h'), (minutes % 60, 'm'), (seconds % 60, 's')];
    (units, units.iter().position(|&(count, _)| count > 0).unwrap_or(3))
}

/// The number of units in the text of a duration.
const UNITS: usize = 3;

/// Formats a duration: `3s`, `12m 05s`, `2h 05m 00s`, `3d 04h 12m`.
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

/// The length of a duration's text.
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
    fn times_in_every_format() {
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
            ("this-hour", "2026-11-21T11:00:00.000Z", "2026-11-21T11:59:59.999Z"),
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
    fn this_hour_is_the_zone_s() {
        for (now, start) in [
            ("2026-11-21T12:59:59.999+01:00[Europe/Berlin]", "2026-11-21T11:00:00.000Z"),
            ("2026-11-21T12:10:00+05:45[Asia/Kathmandu]", "2026-11-21T06:15:00.000Z"),
            // The second of two hours with this name.
            ("2026-10-25T02:30:00+01:00[Europe/Berlin]", "2026-10-25T01:00:00.000Z"),
        ] {
            let clock = Clock::fixed(now);
            let at = |edge| parse("this-hour", edge, &clock).unwrap();
            assert_eq!(utc(at(Edge::Start)), start, "{now}");
            assert_eq!(at(Edge::End) - at(Edge::Start), 3_599_999, "{now}");
        }
    }

    #[test]
    fn invalid_times_are_rejected() {
        for text in ["", "tomorrow-ish", "2026", "2026-13-01", "2026-02-30", "25:00", "@", "ago"] {
            assert!(shown(text, Edge::Start).contains("is not a valid time"), "{text}");
        }
    }

    #[test]
    fn durations() {
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
