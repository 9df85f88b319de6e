//! Advisory file locks. (The standard library's `File::lock` is newer than this crate's MSRV.)

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// A lock (`flock`) on a file. Dropping it unlocks the file.
#[derive(Debug)]
pub(crate) struct FileLock<'f> {
    file: &'f File,
}

impl<'f> FileLock<'f> {
    /// Waits for the lock.
    ///
    /// # Errors
    ///
    /// If the file can't be locked, as on some devices and network filesystems.
    pub(crate) fn acquire(file: &'f File) -> io::Result<Self> {
        loop {
            // SAFETY: flock takes no pointers, and the descriptor is open.
            if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX) } == 0 {
                return Ok(Self { file });
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }
}

impl Drop for FileLock<'_> {
    fn drop(&mut self) {
        // SAFETY: as above. It can't fail on a locked file.
        unsafe { libc::flock(self.file.as_raw_fd(), libc::LOCK_UN) };
    }
}
