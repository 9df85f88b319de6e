//! The kernel's audit socket, and the trait that tests implement in its place.

#![allow(unsafe_code)]

use super::bindings::{NETLINK_AUDIT, NETLINK_CAP_ACK, sockaddr_nl};
use super::descriptor::Descriptor;
use crate::error::Failure;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// The longest single wait for the kernel's answer. The kernel answers inside `sendto`, so in
/// practice nothing waits.
pub const ACK_WAIT: Duration = Duration::from_secs(1);

/// A socket that sends datagrams to the kernel and receives its answers.
pub trait Wire: Send {
    /// Sends one datagram, again after EINTR. May sleep while the kernel's backlog is full.
    fn send(&mut self, datagram: &[u8]) -> io::Result<()>;

    /// Receives one datagram. Returns its length in `buffer` and the port id of its sender, which
    /// is 0 only for the kernel. Waits for at most [`ACK_WAIT`], or not at all without `wait`; then
    /// the error's kind is `WouldBlock`. The caller handles EINTR, because it has the deadline.
    fn receive(&mut self, buffer: &mut [u8], wait: bool) -> io::Result<(usize, u32)>;
}

/// A netlink socket of the audit family.
#[derive(Debug)]
pub struct Socket {
    fd: Descriptor,
}

impl Socket {
    /// Opens a socket, close-on-exec. Opening needs no privilege; sending does.
    pub fn open() -> Result<Self, Failure> {
        // SAFETY: socket() takes no pointers.
        let fd = retry(|| unsafe {
            libc::socket(
                libc::AF_NETLINK,
                libc::SOCK_RAW | libc::SOCK_CLOEXEC,
                NETLINK_AUDIT as i32,
            ) as isize
        })
        .map_err(|error| Failure::from_socket(error.raw_os_error().unwrap_or(libc::EIO)))?;
        // SAFETY: socket() just returned this descriptor, and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        let failure =
            |error: io::Error| Failure::from_answer(error.raw_os_error().unwrap_or(libc::EIO));
        let socket = Self { fd: Descriptor::new(fd).map_err(failure)? };
        let wait = libc::timeval { tv_sec: ACK_WAIT.as_secs() as _, tv_usec: 0 };
        socket.set(libc::SOL_SOCKET, libc::SO_RCVTIMEO, &wait).map_err(failure)?;
        // Without it acks quote the whole request. They are read either way.
        let _ = socket.set(libc::SOL_NETLINK, NETLINK_CAP_ACK as i32, &1i32);
        Ok(socket)
    }

    #[cfg(test)]
    pub(crate) fn descriptor(&self) -> &Descriptor {
        &self.fd
    }

    /// Whether the program has left the descriptor alone. Costs one fcntl.
    pub(crate) fn is_ours(&self) -> bool {
        self.fd.is_ours()
    }

    fn set<T>(&self, level: i32, option: i32, value: &T) -> io::Result<()> {
        let len = size_of::<T>() as libc::socklen_t;
        let value: *const T = value;
        // SAFETY: `value` points to a live T, and `len` is its size.
        retry(|| unsafe {
            libc::setsockopt(self.fd.as_raw_fd(), level, option, value.cast(), len) as isize
        })
        .map(drop)
    }
}

impl Wire for Socket {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        let kernel = sockaddr_nl { nl_family: libc::AF_NETLINK as u16, ..Default::default() };
        let address: *const sockaddr_nl = &kernel;
        // SAFETY: both pointers are to live values of the lengths given.
        retry(|| unsafe {
            libc::sendto(
                self.fd.as_raw_fd(),
                datagram.as_ptr().cast(),
                datagram.len(),
                0,
                address.cast(),
                size_of::<sockaddr_nl>() as libc::socklen_t,
            )
        })
        .map(drop)
    }

    fn receive(&mut self, buffer: &mut [u8], wait: bool) -> io::Result<(usize, u32)> {
        if wait && !self.is_ours() {
            // The answer would be another socket's data.
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        let mut sender = sockaddr_nl::default();
        let address: *mut sockaddr_nl = &mut sender;
        let mut len = size_of::<sockaddr_nl>() as libc::socklen_t;
        let flags = if wait { 0 } else { libc::MSG_DONTWAIT };
        // SAFETY: buffer, address and length are live, and their sizes are those given.
        let received = unsafe {
            libc::recvfrom(
                self.fd.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                flags,
                address.cast(),
                &mut len,
            )
        };
        if received < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((received as usize, sender.nl_pid))
    }
}

/// Calls again after EINTR.
fn retry(mut call: impl FnMut() -> isize) -> io::Result<isize> {
    loop {
        match call() {
            -1 => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
            value => return Ok(value),
        }
    }
}
