//! Time zones by their abbreviations.
//!
//! An abbreviation is in the table only if the time zone database gives it one offset from UTC
//! since 2015. IST, CST, PST and others stand for several offsets, and aren't there.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Abbreviations with their offsets from UTC in minutes.
const ZONES: [(&str, i32); 45] = [
    ("UTC", 0),
    ("UCT", 0),
    ("GMT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("MET", 60),
    ("MEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("WAT", 60),
    ("CAT", 120),
    ("EAT", 180),
    ("SAST", 120),
    ("IDT", 180),
    ("PKT", 300),
    ("WIB", 420),
    ("WITA", 480),
    ("WIT", 540),
    ("HKT", 480),
    ("JST", 540),
    ("KST", 540),
    ("AWST", 480),
    ("ACST", 570),
    ("ACDT", 630),
    ("AEST", 600),
    ("AEDT", 660),
    ("NZST", 720),
    ("NZDT", 780),
    ("ChST", 600),
    ("SST", -660),
    ("HST", -600),
    ("HDT", -540),
    ("AKST", -540),
    ("AKDT", -480),
    ("PDT", -420),
    ("MST", -420),
    ("MDT", -360),
    ("EST", -300),
    ("EDT", -240),
    ("ADT", -180),
    ("NDT", -150),
];

/// Milliseconds since 1970 of a local time in the zone with this abbreviation. `host` is this
/// host's zone, whose own abbreviations are known too. `None` if the zone isn't known.
pub(super) fn millis(date: DateTime, name: &[u8], host: &TimeZone) -> Option<i64> {
    let minutes = ZONES.iter().find(|(known, _)| known.as_bytes() == name).map(|zone| zone.1);
    if let Some(minutes) = minutes.or_else(|| numeric(name)) {
        return in_zone(date, &fixed(minutes)?);
    }
    let ambiguous = host.to_ambiguous_timestamp(date);
    // Where clocks go back, both times are possible.
    [ambiguous.earlier(), ambiguous.later()].into_iter().flatten().find_map(|time| {
        (host.to_offset_info(time).abbreviation().as_bytes() == name).then(|| time.as_millisecond())
    })
}

/// Milliseconds since 1970 of a local time; `None` if it is before or has no date.
pub(super) fn in_zone(date: DateTime, zone: &TimeZone) -> Option<i64> {
    let ms = zone.to_ambiguous_timestamp(date).compatible().ok()?.as_millisecond();
    (ms >= 0).then_some(ms)
}

pub(super) fn fixed(minutes: i32) -> Option<TimeZone> {
    Offset::from_seconds(minutes * 60).ok().map(TimeZone::fixed)
}

/// `+03`, `-0330`, `+05:30`: the offset in minutes.
pub(super) fn numeric(text: &[u8]) -> Option<i32> {
    let (sign, digits) = match text {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match *digits {
        [a, b] => ([a, b], *b"00"),
        [a, b, c, d] | [a, b, b':', c, d] => ([a, b], [c, d]),
        _ => return None,
    };
    let number = |[a, b]: [u8; 2]| {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| i32::from(byte - b'0'));
        Some(digit(a)? * 10 + digit(b)?)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(zone: &str, host: &str) -> Option<i64> {
        let date = "2019-06-11T17:53:13".parse().unwrap();
        let host = TimeZone::get(host).unwrap();
        millis(date, zone.as_bytes(), &host).map(|ms| (ms / 1000 - 1_560_211_200) / 60)
    }

    #[test]
    fn zones_by_their_names() {
        for (zone, utc) in [
            ("UTC", 17 * 60 + 53),
            ("CEST", 15 * 60 + 53),
            ("EDT", 21 * 60 + 53),
            ("ACST", 8 * 60 + 23),
            ("+03", 14 * 60 + 53),
            ("-0330", 21 * 60 + 23),
        ] {
            assert_eq!(hour(zone, "UTC"), Some(utc), "{zone}");
        }
        for zone in ["IST", "CST", "PST", "BST", "FOO", "", "+3", "+0x", "+99", "++1", "cest"] {
            assert_eq!(hour(zone, "UTC"), None, "{zone}");
        }
    }

    #[test]
    fn the_host_s_own_zone_is_known() {
        assert_eq!(hour("IST", "Asia/Kolkata"), Some(12 * 60 + 23));
        assert_eq!(hour("BST", "Europe/London"), Some(16 * 60 + 53));
        // In June it is CDT there.
        assert_eq!(hour("CST", "America/Chicago"), None);
        assert_eq!(hour("CDT", "America/Chicago"), Some(22 * 60 + 53));
    }

    #[test]
    fn the_table_agrees_with_the_time_zone_database() {
        for (zone, abbreviation) in [
            ("Europe/Lisbon", ["WET", "WEST"]),
            ("Europe/Berlin", ["CET", "CEST"]),
            ("Europe/Helsinki", ["EET", "EEST"]),
            ("America/New_York", ["EST", "EDT"]),
            ("America/Denver", ["MST", "MDT"]),
            ("America/Anchorage", ["AKST", "AKDT"]),
            ("Australia/Sydney", ["AEDT", "AEST"]),
            ("Australia/Adelaide", ["ACDT", "ACST"]),
            ("Pacific/Auckland", ["NZDT", "NZST"]),
            ("Asia/Tokyo", ["JST", "JST"]),
            ("Europe/Moscow", ["MSK", "MSK"]),
            ("Pacific/Honolulu", ["HST", "HST"]),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            for (date, name) in
                ["2026-01-15T12:00:00", "2026-07-15T12:00:00"].iter().zip(abbreviation)
            {
                let date = date.parse().unwrap();
                assert_eq!(
                    millis(date, name.as_bytes(), &TimeZone::UTC),
                    in_zone(date, &zone),
                    "{name}"
                );
            }
        }
    }
}
