//! A file's advisory lock. (`File::try_lock` of the standard library is newer than this crate's MSRV.)

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_millis(5);

/// A lock (`flock`) on a file. Dropping it unlocks the file.
#[derive(Debug)]
pub(crate) struct FileLock<'f> {
    file: &'f File,
}

impl<'f> FileLock<'f> {
    /// Waits for the lock, but no longer than `wait`: any process that may read the file can hold
    /// its lock for ever.
    ///
    /// # Errors
    ///
    /// `WouldBlock` at the deadline. Another kind if the file can't be locked, as some devices and
    /// network filesystems can't.
    pub(crate) fn acquire(file: &'f File, wait: Duration) -> io::Result<Self> {
        let began = Instant::now();
        let mut pause = Duration::from_micros(20);
        loop {
            // SAFETY: flock takes no pointers, and the descriptor is open.
            if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
                return Ok(Self { file });
            }
            let error = io::Error::last_os_error();
            match error.kind() {
                io::ErrorKind::Interrupted => {}
                io::ErrorKind::WouldBlock if began.elapsed() < wait => {
                    thread::sleep(pause);
                    pause = (2 * pause).min(PAUSE_MAX);
                }
                _ => return Err(error),
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
