//! Formatting many times. Most are on the day of the one before and have its offset from UTC, so only
//! the time of day must be formatted.

use super::{local, utc};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use std::ops::Range;

/// A day in milliseconds.
const DAY: i64 = 86_400_000;

/// The text of the last time, which begins with a date.
#[derive(Clone, Debug, Default)]
struct Dated {
    text: Vec<u8>,
    /// The day in local milliseconds since 1970; empty if it is unknown.
    day: Range<i64>,
    /// The length of the date, with its separator.
    len: usize,
}

impl Dated {
    /// Replaces the time of day, if the date stays the same. `len` is the length of its text.
    fn same_day(&mut self, ms: i64, len: usize) -> bool {
        if !self.day.contains(&ms) {
            return false;
        }
        let rest = (ms - self.day.start) as u32;
        let (minutes, millis) = (rest / 60_000, rest % 60_000);
        let mut clock = *b"00:00:00.000Z";
        put_two(&mut clock, 0, minutes / 60);
        put_two(&mut clock, 3, minutes % 60);
        put_two(&mut clock, 6, millis / 1000);
        put_two(&mut clock, 9, millis % 1000 / 10);
        clock[11] = b'0' + (millis % 10) as u8;
        self.text.truncate(self.len);
        self.text.extend_from_slice(&clock[..len]);
        true
    }

    /// Replaces the whole text.
    fn replace(&mut self, text: String, day: Range<i64>) {
        let len = text.find(['T', ' ']).map(|at| at + 1);
        self.day = if len.is_some() { day } else { 0..0 };
        self.len = len.unwrap_or(0);
        self.text = text.into_bytes();
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }
}

/// The day that contains a time.
fn day_of(ms: i64) -> Range<i64> {
    let start = ms.div_euclid(DAY) * DAY;
    start..start + DAY
}

/// Writes a number of two digits.
fn put_two(clock: &mut [u8; 13], at: usize, number: u32) {
    clock[at] = b'0' + (number / 10) as u8;
    clock[at + 1] = b'0' + (number % 10) as u8;
}

/// Whether a time is in a year up to 9999.
fn has_date(ms: i64) -> bool {
    Timestamp::from_millisecond(ms).is_ok()
}

/// Formats times as [`utc`] does.
#[derive(Clone, Debug, Default)]
pub struct UtcFormatCache(Dated);

impl UtcFormatCache {
    /// The text of a time.
    pub fn text(&mut self, ms: i64) -> &str {
        self.bytes(ms);
        self.0.text()
    }

    /// The text of a time as bytes.
    pub fn bytes(&mut self, ms: i64) -> &[u8] {
        if !self.0.same_day(ms, "00:00:00.000Z".len()) {
            // Only the first and the last day have times with a date and times without one.
            let day = Some(day_of(ms)).filter(|day| has_date(day.start) && has_date(day.end));
            self.0.replace(utc(ms), day.unwrap_or_default());
        }
        &self.0.text
    }
}

/// Formats times as [`local`] does.
#[derive(Clone, Debug)]
pub struct LocalFormatCache {
    zone: TimeZone,
    dated: Dated,
    /// The time in which the zone has this offset.
    valid: Range<i64>,
    /// The offset from UTC in milliseconds.
    offset: i64,
    offset_text: String,
}

impl LocalFormatCache {
    /// A formatter for a zone.
    pub fn new(zone: TimeZone) -> Self {
        let (dated, offset_text) = (Dated::default(), String::new());
        Self { zone, dated, valid: 0..0, offset: 0, offset_text }
    }

    /// The text of a time as bytes.
    pub fn bytes(&mut self, ms: i64) -> &[u8] {
        if self.valid.contains(&ms) && self.dated.same_day(ms + self.offset, "00:00:00".len()) {
            self.dated.text.extend_from_slice(self.offset_text.as_bytes());
        } else {
            self.look_up(ms);
        }
        &self.dated.text
    }

    fn look_up(&mut self, ms: i64) {
        let text = local(ms, &self.zone);
        self.valid = 0..0;
        if let Ok(time) = Timestamp::from_millisecond(ms)
            && let Some(at) = text.find(' ').map(|at| at + "T00:00:00".len())
        {
            self.offset = i64::from(self.zone.to_offset(time).seconds()) * 1000;
            self.offset_text.clear();
            self.offset_text.push_str(&text[at..]);
            // The offset may change at this very moment.
            let behind = time.checked_add(1.nanosecond()).unwrap_or(time);
            let from = self.zone.preceding(behind).next().map(|change| change.timestamp());
            let until = self.zone.following(time).next().map(|change| change.timestamp());
            self.valid = from.unwrap_or(Timestamp::MIN).as_millisecond().min(ms)
                ..until.map_or(Timestamp::MAX.as_second() * 1000, Timestamp::as_millisecond);
        }
        self.dated.replace(text, day_of(ms + self.offset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times around changes of the clock, days and years, and at both ends of what has a date.
    fn times() -> Vec<i64> {
        let seconds = [
            0,
            -1,
            951_782_399,
            951_782_400,
            1_711_846_799,
            1_711_846_800,
            1_729_990_799,
            1_729_990_800,
            1_792_270_799,
            4_102_444_800,
            -2_208_988_800,
            -62_167_219_201,
            253_402_207_200,
            253_402_207_201,
            253_402_300_799,
            -377_705_023_201,
            -377_705_023_202,
            i64::MAX / 4000,
        ];
        let near = [0, 1, -1, 999, 1000, -500, 3_599_999, 43_200_000, DAY - 1, DAY];
        seconds.iter().flat_map(|second| near.map(|ms| second * 1000 + ms)).collect()
    }

    #[test]
    fn same_texts_as_without_a_cache() {
        let zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Monrovia"];
        let mut utc_times = UtcFormatCache::default();
        for zone in zones.map(|name| TimeZone::get(name).unwrap_or(TimeZone::UTC)) {
            let mut local_times = LocalFormatCache::new(zone.clone());
            let forth = times();
            let back = forth.iter().rev().copied();
            let apart = forth.iter().flat_map(|&ms| [ms, 0]);
            for ms in forth.iter().copied().chain(back).chain(apart) {
                assert_eq!(utc_times.text(ms), utc(ms), "{ms}");
                assert_eq!(local_times.bytes(ms), local(ms, &zone).as_bytes(), "{ms}");
            }
        }
    }
}
