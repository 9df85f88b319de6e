//! libc's calendar: the locale's date format, and the rules of the time zone.
//!
//! auvirt uses these functions. Only they agree with it to the second, also on the day a clock is
//! put forward.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::sync::Once;

static LOCALE: Once = Once::new();

/// Sets the process's locale to the environment's, once.
///
/// Call it at the start of `main`, before other threads: the locale belongs to the whole process,
/// and libc doesn't lock it.
pub fn adopt_locale() {
    LOCALE.call_once(|| {
        // SAFETY: the name is NUL-terminated, and the result isn't kept.
        unsafe { libc::setlocale(libc::LC_ALL, c"".as_ptr()) };
    });
}

/// A broken-down time (`struct tm`), not necessarily a valid one.
#[derive(Clone, Copy)]
pub(crate) struct Parts(libc::tm);

impl Default for Parts {
    fn default() -> Self {
        // SAFETY: all zeros is a valid tm: integers, and a pointer that only libc sets and reads.
        Self(unsafe { MaybeUninit::zeroed().assume_init() })
    }
}

impl Parts {
    /// The local time of `seconds`; `None` if its year doesn't fit into `struct tm`.
    pub(crate) fn local(seconds: i64) -> Option<Self> {
        let mut parts = Self::default();
        // SAFETY: both point to live values, and localtime_r keeps neither.
        let result = unsafe { libc::localtime_r(&seconds, &mut parts.0) };
        (!result.is_null()).then_some(parts)
    }

    /// Sets the parts that `format` (of strptime) reads from `text`, and leaves the others alone.
    /// Returns the rest of the text; `None` if it doesn't have that format.
    pub(crate) fn read<'t>(&mut self, text: &'t [u8], format: &CStr) -> Option<&'t [u8]> {
        let copy = CString::new(text).ok()?;
        // SAFETY: text and format are NUL-terminated, and strptime keeps no pointer.
        let end = unsafe { libc::strptime(copy.as_ptr(), format.as_ptr(), &mut self.0) };
        if end.is_null() {
            return None;
        }
        // The result points into the copy.
        let read = (end as usize) - (copy.as_ptr() as usize);
        text.get(read..)
    }

    /// The seconds since the epoch of this local time. Brings its parts into their ranges.
    pub(crate) fn normalise(&mut self) -> i64 {
        // SAFETY: mktime reads and writes the struct only.
        unsafe { libc::mktime(&mut self.0) }
    }

    /// Month (0 to 11) and day of the month.
    pub(crate) fn date(&self) -> (i32, i32) {
        (self.0.tm_mon, self.0.tm_mday)
    }

    /// Sets month (0 to 11) and day of the month.
    pub(crate) fn set_date(&mut self, (month, day): (i32, i32)) {
        self.0.tm_mon = month;
        self.0.tm_mday = day;
    }

    /// Hour, minute and second.
    pub(crate) fn clock(&self) -> (i32, i32, i32) {
        (self.0.tm_hour, self.0.tm_min, self.0.tm_sec)
    }

    /// Sets hour, minute and second.
    pub(crate) fn set_clock(&mut self, (hour, minute, second): (i32, i32, i32)) {
        self.0.tm_hour = hour;
        self.0.tm_min = minute;
        self.0.tm_sec = second;
    }

    /// The year, with the century.
    pub(crate) fn year(&self) -> i64 {
        i64::from(self.0.tm_year) + 1900
    }

    /// The day of the week; Sunday is 0.
    pub(crate) fn weekday(&self) -> i32 {
        self.0.tm_wday
    }

    /// Sets whether summer time is in force: 0, 1, or negative for unknown.
    pub(crate) fn set_summer(&mut self, flag: i32) {
        self.0.tm_isdst = flag;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_normalised() {
        let mut parts = Parts::default();
        assert_eq!(parts.read(b"2024-02-30 x", c"%Y-%m-%d"), Some(&b" x"[..]));
        assert_eq!(parts.read(b"nonsense", c"%H"), None);
        let seconds = parts.normalise();
        assert_eq!((parts.year(), parts.date()), (2024, (2, 1)));
        let again = Parts::local(seconds).map(|p| (p.date(), p.weekday()));
        assert_eq!(again, Some(((2, 1), 5)));
        assert!(Parts::local(i64::MAX).is_none());
    }
}
