//! Times and names as libc knows them: the locale's way to write a date, the time zone's rules,
//! the users of this host.
//!
//! A program that has to agree with one written in C to the second, also on the day a clock is put
//! forward, has to ask the same functions.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Once;

static LOCALE: Once = Once::new();

/// Takes over the locale of the environment, once in a process.
///
/// Call it first thing in `main`: the locale belongs to the whole process, and libc doesn't protect
/// it from other threads that look at it meanwhile.
pub fn adopt_locale() {
    LOCALE.call_once(|| {
        // SAFETY: the name is NUL-terminated; nothing of the result is kept.
        unsafe { libc::setlocale(libc::LC_ALL, c"".as_ptr()) };
    });
}

/// A time in the parts of the calendar (`struct tm`), not necessarily a valid one.
#[derive(Clone, Copy)]
pub struct Parts(libc::tm);

impl Default for Parts {
    fn default() -> Self {
        // SAFETY: all zeros is a valid tm: integers, and a pointer that only libc sets and reads.
        Self(unsafe { MaybeUninit::zeroed().assume_init() })
    }
}

impl Parts {
    /// The local time of `seconds`; `None` when its year has no number.
    pub fn local(seconds: i64) -> Option<Self> {
        let mut parts = Self::default();
        // SAFETY: both point to live values, and localtime_r keeps neither.
        let result = unsafe { libc::localtime_r(&seconds, &mut parts.0) };
        (!result.is_null()).then_some(parts)
    }

    /// Sets the parts that `text` gives by `format` (of strptime); what is left of the text, or
    /// `None` if it isn't of that format. Parts it doesn't give stay as they are.
    pub fn read<'t>(&mut self, text: &'t [u8], format: &CStr) -> Option<&'t [u8]> {
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

    /// The seconds since the epoch of this local time, whose parts are put in order by it.
    pub fn normalise(&mut self) -> i64 {
        // SAFETY: mktime reads and writes the struct only.
        unsafe { libc::mktime(&mut self.0) }
    }

    /// Month (0 to 11) and day of the month.
    pub fn date(&self) -> (i32, i32) {
        (self.0.tm_mon, self.0.tm_mday)
    }

    /// Sets month (0 to 11) and day of the month.
    pub fn set_date(&mut self, (month, day): (i32, i32)) {
        self.0.tm_mon = month;
        self.0.tm_mday = day;
    }

    /// Hour, minute and second.
    pub fn clock(&self) -> (i32, i32, i32) {
        (self.0.tm_hour, self.0.tm_min, self.0.tm_sec)
    }

    /// Sets hour, minute and second.
    pub fn set_clock(&mut self, (hour, minute, second): (i32, i32, i32)) {
        self.0.tm_hour = hour;
        self.0.tm_min = minute;
        self.0.tm_sec = second;
    }

    /// Full years, with the century.
    pub fn year(&self) -> i64 {
        i64::from(self.0.tm_year) + 1900
    }

    /// The day of the week, Sunday is 0.
    pub fn weekday(&self) -> i32 {
        self.0.tm_wday
    }

    /// Whether this is meant as summer time: 0, 1, or less for unknown.
    pub fn set_summer(&mut self, flag: i32) {
        self.0.tm_isdst = flag;
    }
}

/// The name of a user of this host.
pub fn user_name(uid: u32) -> Option<Vec<u8>> {
    let mut buffer = vec![0u8; 1024];
    loop {
        let mut entry = MaybeUninit::<libc::passwd>::uninit();
        let mut found = ptr::null_mut();
        let (room, length) = (buffer.as_mut_ptr().cast(), buffer.len());
        // SAFETY: all pointers are to live memory of the length given.
        let code = unsafe { libc::getpwuid_r(uid, entry.as_mut_ptr(), room, length, &mut found) };
        if code == libc::ERANGE && length < 1 << 20 {
            buffer.resize(length * 2, 0);
            continue;
        }
        if code != 0 || found.is_null() {
            return None;
        }
        // SAFETY: it was found, so the entry is filled in.
        let name = unsafe { entry.assume_init() }.pw_name;
        // SAFETY: the name is NUL-terminated and lies in the buffer.
        return Some(unsafe { CStr::from_ptr(name) }.to_bytes().to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_put_in_order() {
        let mut parts = Parts::default();
        assert_eq!(parts.read(b"2024-02-30 x", c"%Y-%m-%d"), Some(&b" x"[..]));
        assert_eq!(parts.read(b"nonsense", c"%H"), None);
        let seconds = parts.normalise();
        assert_eq!((parts.year(), parts.date()), (2024, (2, 1)));
        let again = Parts::local(seconds).map(|p| (p.date(), p.weekday()));
        assert_eq!(again, Some(((2, 1), 5)));
        assert!(Parts::local(i64::MAX).is_none());
    }

    #[test]
    fn users_have_names() {
        assert_eq!(user_name(0).as_deref(), Some(&b"root"[..]));
        assert_eq!(user_name(3_999_999_999), None);
    }
}
