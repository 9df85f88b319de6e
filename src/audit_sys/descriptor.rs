//! File descriptors in a process that may close them without the library's knowledge.
//!
//! A daemon may close all descriptors, or close one of them twice, and then open others. The number
//! then belongs to another file or socket. So a [`Descriptor`] remembers what it was opened for. It
//! is neither used nor closed once its number belongs to something else.

#![allow(unsafe_code)]

use std::fs::{File, Metadata};
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, Ordering};

/// 0, 1 and 2 are the standard streams, even in a daemon that has closed them.
const LOWEST: i32 = 3;

/// From <asm-generic/fcntl.h>, for all processors that are supported; the crate libc lacks them.
const F_SETSIG: i32 = 10;
const F_GETSIG: i32 = 11;

/// For each low number, which [`Descriptor`] got it last: the library may itself reuse the number of
/// a descriptor that the program has closed.
static OWNERS: [AtomicU32; 1024] = [const { AtomicU32::new(0) }; 1024];

/// The number of the next descriptor; 0 is none.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Identifies an open file or socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// An open descriptor above 2.
#[derive(Debug)]
pub(crate) struct Descriptor {
    fd: RawFd,
    identity: Identity,
    /// The entry of [`OWNERS`] while the number is ours; `None` if the open file has no mark.
    owner: Option<u32>,
}

impl Descriptor {
    /// Takes over a new descriptor. If its number is that of a standard stream, it gets another.
    pub(crate) fn new(opened: impl Into<OwnedFd>) -> io::Result<Self> {
        let mut opened = opened.into();
        if opened.as_raw_fd() < LOWEST {
            // SAFETY: fcntl takes no pointers here.
            let fd = unsafe { libc::fcntl(opened.as_raw_fd(), libc::F_DUPFD_CLOEXEC, LOWEST) };
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            // SAFETY: fcntl just returned this descriptor, and nothing else owns it.
            opened = unsafe { OwnedFd::from_raw_fd(fd) };
        }
        let fd = opened.as_raw_fd();
        let identity = identity(fd)?;
        let owner = OWNERS.get(fd as usize).filter(|_| mark(fd)).map(|owner| {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            owner.store(number, Ordering::Release);
            number
        });
        Ok(Self { fd: opened.into_raw_fd(), identity, owner })
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether the number still belongs to what was opened. Costs one fcntl, half of an fstat; an
    /// fstat without a mark.
    pub(crate) fn is_ours(&self) -> bool {
        match (self.owner, OWNERS.get(self.fd as usize)) {
            (Some(number), Some(owner)) => {
                owner.load(Ordering::Acquire) == number && is_marked(self.fd)
            }
            _ => identity(self.fd).is_ok_and(|now| now == self.identity),
        }
    }

    /// The descriptor as a file, which isn't closed when it is dropped.
    pub(crate) fn as_file(&self) -> ManuallyDrop<File> {
        // SAFETY: only `self` closes the descriptor, and the `File` is never dropped.
        ManuallyDrop::new(unsafe { File::from_raw_fd(self.fd) })
    }
}

impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.fd
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        if self.is_ours() {
            // SAFETY: the number belongs to what was opened, and nothing uses it afterwards.
            unsafe { libc::close(self.fd) };
        }
    }
}

/// Marks an open file as the library's: by the signal that asynchronous I/O sends, which is never
/// turned on. The mark goes with the open file, not with its number.
fn mark(fd: RawFd) -> bool {
    // SAFETY: fcntl takes no pointers here.
    unsafe { libc::fcntl(fd, F_SETSIG, libc::SIGRTMAX()) == 0 }
}

fn is_marked(fd: RawFd) -> bool {
    // SAFETY: fcntl takes no pointers here.
    unsafe { libc::fcntl(fd, F_GETSIG) == libc::SIGRTMAX() }
}

#[allow(clippy::unnecessary_cast, reason = "the types differ between architectures")]
fn identity(fd: RawFd) -> io::Result<Identity> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: fstat fills the struct when it returns 0.
    if unsafe { libc::fstat(fd, stat.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: fstat returned 0.
    let stat = unsafe { stat.assume_init_ref() };
    Ok(Identity { device: stat.st_dev as u64, inode: stat.st_ino as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit_sys::link::Link;
    use crate::backend::{Frames, Sink};
    use std::io::{Read, Seek, Write};
    use std::os::fd::AsFd;

    /// Gives `number` to another open file, as a daemon may that has closed it.
    fn replace(number: RawFd, by: impl AsFd) -> OwnedFd {
        // SAFETY: dup2 takes no pointers; what it closes is the library's own, as intended here.
        assert_eq!(unsafe { libc::dup2(by.as_fd().as_raw_fd(), number) }, number);
        // SAFETY: from now on the number is this test's.
        unsafe { OwnedFd::from_raw_fd(number) }
    }

    #[test]
    fn a_number_that_belongs_to_another_file_is_not_closed() {
        let ours = Descriptor::new(tempfile::tempfile().unwrap()).unwrap();
        assert!(ours.is_ours() && ours.as_raw_fd() > 2);
        let mut other = File::from(replace(ours.as_raw_fd(), tempfile::tempfile().unwrap()));
        assert!(!ours.is_ours());
        drop(ours);
        other.write_all(b"x").unwrap();
        other.rewind().unwrap();
        assert_eq!(io::read_to_string(&other).unwrap(), "x");
    }

    #[test]
    fn a_number_that_the_library_uses_again_belongs_to_the_later_descriptor() {
        let file = || tempfile::tempfile().unwrap();
        let first = Descriptor::new(file()).unwrap();
        let second = replace(first.as_raw_fd(), file());
        let mut second = Descriptor::new(second).unwrap();
        assert_eq!(first.as_raw_fd(), second.as_raw_fd());
        assert!(!first.is_ours() && second.is_ours());
        drop(first);
        assert!(second.is_ours(), "it was not closed");
        // Without a mark, the file itself tells.
        second.owner = None;
        assert!(second.is_ours());
        let _other = replace(second.as_raw_fd(), file());
        assert!(!second.is_ours());
    }

    #[test]
    fn the_audit_socket_is_opened_again() {
        let Ok(mut link) = Link::open() else { return };
        let (mut peer, other) = std::os::unix::net::UnixStream::pair().unwrap();
        let number = link.descriptor().as_raw_fd();
        let other = {
            let replaced = replace(number, &other);
            drop(other);
            replaced
        };
        let mut bytes = [0; crate::audit_sys::frame::framed_len(0)];
        crate::audit_sys::frame::seal(&mut bytes, 2500, 0);
        let mut outcomes = 0;
        // Whether the kernel accepts it depends on this process's privileges.
        Sink::send(&mut link, Frames::new(&mut bytes, 1), &mut |_, _| outcomes += 1);
        assert_eq!(outcomes, 1);
        assert!(link.descriptor().is_ours() && link.descriptor().as_raw_fd() != number);
        drop(link);
        peer.set_nonblocking(true).unwrap();
        let error = peer.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "nothing was sent, nor closed");
        File::from(other).write_all(b"x").unwrap();
    }
}
