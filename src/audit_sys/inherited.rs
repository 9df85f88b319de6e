//! A descriptor that the process was started with.

#![allow(unsafe_code)]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

/// Takes over a descriptor that the process was started with. Programs that it starts don't get it.
/// It must be called before the process opens anything, and once for each number.
///
/// Fails with EBADF if the process was started without it.
pub fn take(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl takes no pointers here, and fails for a number that isn't open.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and the caller gives it away.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
