//! The kernel's multicast group of all audit records. It needs no daemon, and other listeners are
//! unaffected.

#![allow(unsafe_code)]

use super::bindings::{NETLINK_AUDIT, audit_nlgrps_AUDIT_NLGRP_READLOG, sockaddr_nl};
use super::descriptor::Descriptor;
use super::frame::{ReplyBody, replies};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// The size of the receive buffer: some ten thousand records. Guests start in bursts.
const BUFFER: i32 = 16 * 1024 * 1024;

/// Room for the longest record.
const RECORD_MAX: usize = 16 * 1024;

/// The result of one read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A record: its type and its text, `audit(SECONDS.MILLIS:SERIAL): ...`.
    Record(u16, Vec<u8>),
    /// The buffer overran: records after those in it are lost. See [`Listener::lost`].
    Lost,
    /// No record is there.
    Nothing,
}

/// A member of the multicast group.
#[derive(Debug)]
pub struct Listener {
    fd: Descriptor,
    buffer: Vec<u8>,
}

impl Listener {
    /// Joins the group. Needs CAP_AUDIT_READ.
    pub fn open() -> io::Result<Self> {
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        // SAFETY: socket() takes no pointers.
        let fd = unsafe { libc::socket(libc::AF_NETLINK, kind, NETLINK_AUDIT as i32) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: socket() just returned this descriptor, and nothing else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let listener = Self { fd: Descriptor::new(fd)?, buffer: vec![0; RECORD_MAX] };
        // Only CAP_NET_ADMIN may exceed the system's limit.
        if listener.set(libc::SO_RCVBUFFORCE, &BUFFER).is_err() {
            let _ = listener.set(libc::SO_RCVBUF, &BUFFER);
        }
        let address = sockaddr_nl {
            nl_family: libc::AF_NETLINK as u16,
            nl_groups: 1 << (audit_nlgrps_AUDIT_NLGRP_READLOG - 1),
            ..Default::default()
        };
        let pointer: *const sockaddr_nl = &address;
        let len = size_of::<sockaddr_nl>() as libc::socklen_t;
        // SAFETY: the address is live, and `len` is its size.
        if unsafe { libc::bind(listener.fd.as_raw_fd(), pointer.cast(), len) } != 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(listener)
    }

    fn set<T>(&self, option: i32, value: &T) -> io::Result<()> {
        let len = size_of::<T>() as libc::socklen_t;
        let value: *const T = value;
        let fd = self.fd.as_raw_fd();
        // SAFETY: `value` points to a live T, and `len` is its size.
        match unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, option, value.cast(), len) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// How many records were lost since the listener was opened, because the buffer was full. The
    /// number wraps. `None` before Linux 4.12.
    pub fn lost(&self) -> Option<u32> {
        if !self.fd.is_ours() {
            return None;
        }
        // SK_MEMINFO_VARS numbers, of which the last known is SK_MEMINFO_DROPS.
        let mut numbers = [0u32; 9];
        let mut len = size_of_val(&numbers) as libc::socklen_t;
        let fd = self.fd.as_raw_fd();
        let room = numbers.as_mut_ptr().cast();
        // SAFETY: `numbers` is live and writable, and `len` is its size.
        let done =
            unsafe { libc::getsockopt(fd, libc::SOL_SOCKET, libc::SO_MEMINFO, room, &mut len) };
        (done == 0 && len as usize == size_of_val(&numbers)).then_some(numbers[8])
    }

    /// The descriptor, to wait for the next record with poll(2). Fails with EBADF if the program has
    /// closed it.
    pub fn as_fd(&self) -> io::Result<BorrowedFd<'_>> {
        self.check()?;
        // SAFETY: the descriptor is open, and `self` closes it at the earliest when the borrow ends.
        Ok(unsafe { BorrowedFd::borrow_raw(self.fd.as_raw_fd()) })
    }

    fn check(&self) -> io::Result<()> {
        if self.fd.is_ours() { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EBADF)) }
    }

    /// Returns the next record if it is there already. Fails with EBADF if the program has closed the
    /// listener's descriptor.
    pub fn try_next(&mut self) -> io::Result<Heard> {
        self.check()?;
        let mut sender = sockaddr_nl::default();
        let pointer: *mut sockaddr_nl = &mut sender;
        let mut len = size_of::<sockaddr_nl>() as libc::socklen_t;
        // SAFETY: buffer, address and length are live, and their sizes are those given.
        let received = unsafe {
            libc::recvfrom(
                self.fd.as_raw_fd(),
                self.buffer.as_mut_ptr().cast(),
                self.buffer.len(),
                libc::MSG_DONTWAIT,
                pointer.cast(),
                &mut len,
            )
        };
        if received < 0 {
            let error = io::Error::last_os_error();
            return match error.raw_os_error() {
                Some(libc::ENOBUFS) => Ok(Heard::Lost),
                Some(libc::EAGAIN | libc::EINTR) => Ok(Heard::Nothing),
                _ => Err(error),
            };
        }
        // Other processes may write to this port; only the kernel's own port is 0.
        if sender.nl_pid != 0 {
            return Ok(Heard::Nothing);
        }
        Ok(record(&self.buffer[..received as usize]).unwrap_or(Heard::Nothing))
    }
}

/// The record in a datagram. In the kernel's multicast copies the length field omits the header, so
/// the datagram's own length is used.
fn record(datagram: &[u8]) -> Option<Heard> {
    use super::frame::HEADER_LEN;
    if let Some(ReplyBody::Ack(_)) = replies(datagram).next().map(|reply| reply.body) {
        return None;
    }
    let kind = u16::from_ne_bytes([*datagram.get(4)?, *datagram.get(5)?]);
    let mut text = datagram.get(HEADER_LEN..)?;
    while let [rest @ .., 0 | b'\n'] = text {
        text = rest;
    }
    Some(Heard::Record(kind, text.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn a_number_that_belongs_to_another_socket_is_not_read() {
        let (own, _peer) = UnixStream::pair().unwrap();
        let own = Descriptor::new(OwnedFd::from(own)).unwrap();
        let mut listener = Listener { fd: own, buffer: vec![0; RECORD_MAX] };
        let number = listener.fd.as_raw_fd();
        let (other, mut peer) = UnixStream::pair().unwrap();
        // SAFETY: dup2 takes no pointers; what it closes is the listener's own, as intended here.
        assert_eq!(unsafe { libc::dup2(other.as_fd().as_raw_fd(), number) }, number);
        // SAFETY: from now on the number is this test's.
        let mut other = UnixStream::from(unsafe { OwnedFd::from_raw_fd(number) });
        peer.write_all(b"x").unwrap();
        let error = listener.try_next().unwrap_err();
        assert_eq!((error.raw_os_error(), listener.lost()), (Some(libc::EBADF), None));
        assert_eq!(listener.as_fd().unwrap_err().raw_os_error(), Some(libc::EBADF));
        drop(listener);
        other.read_exact(&mut [0]).unwrap();
    }

    #[test]
    fn a_datagram_is_one_record() {
        let text = b"audit(1.234:5): pid=1 msg='x'";
        let mut datagram = (text.len() as u32).to_ne_bytes().to_vec();
        datagram.extend(2501u16.to_ne_bytes());
        datagram.extend([0; 10]);
        datagram.extend(text);
        assert_eq!(record(&datagram), Some(Heard::Record(2501, text.to_vec())));
        datagram.extend([0; 3]);
        assert_eq!(record(&datagram), Some(Heard::Record(2501, text.to_vec())));
        assert_eq!(record(&datagram[..10]), None);
    }
}
