//! A file's advisory lock. (`File::lock` of the standard library is newer than this crate's MSRV.)

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// A lock (`flock`) on a file, let go when it is dropped.
#[derive(Debug)]
pub(crate) struct FileLock<'f> {
    file: &'f File,
}

impl<'f> FileLock<'f> {
    /// Waits for the lock.
    ///
    /// # Errors
    ///
    /// When the file can't be locked, as some devices and network filesystems can't.
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
        // SAFETY: as above. It can't fail on a file that is locked.
        unsafe { libc::flock(self.file.as_raw_fd(), libc::LOCK_UN) };
    }
}
