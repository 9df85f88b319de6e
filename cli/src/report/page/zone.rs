//! The offsets of a time zone, so that the page needs no time zones of its own.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// The most changes of the offset that are written: 200 years with two a year.
const MAX: usize = 400;

/// A zone in some time: its name, and its offset from UTC in seconds from each moment on.
#[derive(Debug, Serialize)]
pub(super) struct Offsets {
    name: String,
    /// The times in milliseconds since 1970. The first one is the beginning of the page's time.
    from: Vec<i64>,
    seconds: Vec<i32>,
}

impl Offsets {
    /// The offsets of a zone from one time until another.
    pub(super) fn new(zone: &TimeZone, from: i64, until: i64) -> Self {
        // Beyond the calendar, times are shown in UTC.
        let first = Timestamp::from_millisecond(from).unwrap_or(Timestamp::UNIX_EPOCH);
        let mut offsets = Self {
            name: name(zone),
            from: vec![from],
            seconds: vec![zone.to_offset(first).seconds()],
        };
        for change in zone.following(first).take(MAX) {
            let ms = change.timestamp().as_millisecond();
            if ms > until {
                break;
            }
            offsets.from.push(ms);
            offsets.seconds.push(change.offset().seconds());
        }
        offsets
    }
}

/// The name of a zone for people.
pub(super) fn name(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some("Etc/UTC" | "Etc/Universal" | "Etc/Zulu" | "Zulu" | "Universal") => "UTC".to_owned(),
        Some(name) => name.to_owned(),
        None => "local time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summer_has_two_changes() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let offsets = Offsets::new(&zone, ms("2026-01-01T00:00:00Z"), ms("2026-12-31T00:00:00Z"));
        assert_eq!(offsets.seconds, [3600, 7200, 3600]);
        assert_eq!(offsets.from[1], ms("2026-03-29T01:00:00Z"));
        assert_eq!(offsets.name, "Europe/Berlin");
        assert_eq!(Offsets::new(&TimeZone::UTC, 0, i64::MAX).seconds, [0]);
        assert_eq!(Offsets::new(&zone, i64::MIN, i64::MIN).seconds, [3600]);
    }
}
