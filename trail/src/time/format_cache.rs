//! Many times, one after the other. Most are of the same day as the one before and as far from
//! UTC, so that only the time of the day is to be written anew.

use super::{local, utc};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use std::ops::Range;

/// Milliseconds.
const DAY: i64 = 86_400_000;

/// A text that begins with a date.
#[derive(Clone, Debug, Default)]
struct Dated {
    text: Vec<u8>,
    /// The date's day, if it is known: milliseconds since 1970 there.
    day: Range<i64>,
    /// The date's length with what separates it.
    len: usize,
}

impl Dated {
    /// Puts that much of the time of the day behind the date, if that is the one of this time.
    fn same_day(&mut self, ms: i64, shown: usize) -> bool {
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
        self.text.extend_from_slice(&clock[..shown]);
        true
    }

    /// Takes over a whole text, and its day unless that is of no use.
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

/// The day of a time.
fn day_of(ms: i64) -> Range<i64> {
    let start = ms.div_euclid(DAY) * DAY;
    start..start + DAY
}

/// Puts a number of two digits at a place.
fn put_two(clock: &mut [u8; 13], at: usize, number: u32) {
    clock[at] = b'0' + (number / 10) as u8;
    clock[at + 1] = b'0' + (number % 10) as u8;
}

/// Whether a time is one that has a date.
fn has_date(ms: i64) -> bool {
    Timestamp::from_millisecond(ms).is_ok()
}

/// Texts as of [`utc`].
#[derive(Clone, Debug, Default)]
pub struct UtcFormatCache(Dated);

impl UtcFormatCache {
    /// The text of a time.
    pub fn text(&mut self, ms: i64) -> &str {
        self.bytes(ms);
        self.0.text()
    }

    /// The same, for whoever writes bytes.
    pub fn bytes(&mut self, ms: i64) -> &[u8] {
        if !self.0.same_day(ms, "00:00:00.000Z".len()) {
            // Only the first and the last day that there is have times without a date.
            let day = Some(day_of(ms)).filter(|day| has_date(day.start) && has_date(day.end));
            self.0.replace(utc(ms), day.unwrap_or_default());
        }
        &self.0.text
    }
}

/// Texts as of [`local`].
#[derive(Clone, Debug)]
pub struct LocalFormatCache {
    zone: TimeZone,
    dated: Dated,
    /// When the zone is that far from UTC, and how far: milliseconds, and its text.
    valid: Range<i64>,
    offset: i64,
    offset_text: String,
}

impl LocalFormatCache {
    /// Those of a zone.
    pub fn new(zone: TimeZone) -> Self {
        let (dated, offset_text) = (Dated::default(), String::new());
        Self { zone, dated, valid: 0..0, offset: 0, offset_text }
    }

    /// The text of a time, for whoever writes bytes.
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
            // The change that leads here may be this very moment.
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
    fn texts_are_the_same_whatever_came_before() {
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
