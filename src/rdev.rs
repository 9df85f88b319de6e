//! Looking up a device's number: the record types themselves look nothing up.

use crate::audit_sys::device_number;
use crate::record::Rdev;
use std::path::Path;

impl Rdev {
    /// The device number of the character or block device that is at `path` now; `None` for
    /// anything else. One `stat`.
    ///
    /// ```
    /// use std::path::Path;
    /// use viraudit::record::Rdev;
    ///
    /// assert_eq!(Rdev::of_path(Path::new("/dev/null")), Some(Rdev { major: 1, minor: 3 }));
    /// assert_eq!(Rdev::of_path(Path::new("/")), None);
    /// ```
    pub fn of_path(path: &Path) -> Option<Self> {
        device_number(path).map(|(major, minor)| Self { major, minor })
    }
}
