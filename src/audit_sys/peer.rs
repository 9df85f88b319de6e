//! Another process on this host: the peer of a socket, and the login that a process belongs to.

#![allow(unsafe_code)]

use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// From <asm-generic/socket.h> of Linux 6.5, for all processors that are supported.
const SO_PEERPIDFD: i32 = 77;

/// The process at the other end of a Unix socket, when it connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Process id; 0 if this process can't see it.
    pub(crate) pid: i32,
    /// Effective user id.
    pub(crate) uid: u32,
    /// Effective group id.
    pub(crate) gid: u32,
}

/// The login that a process belongs to. 4294967295 is the kernel's number for a process without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Login {
    /// The user id that was used to log in.
    pub(crate) uid: Option<u32>,
    /// The login session.
    pub(crate) session: Option<u32>,
}

/// The value of a socket option that has a fixed size.
fn socket_option<T: Copy>(socket: RawFd, name: i32) -> io::Result<T> {
    let mut value = MaybeUninit::<T>::zeroed();
    let mut len = size_of::<T>() as libc::socklen_t;
    // SAFETY: at most the given length is written.
    let result = unsafe {
        libc::getsockopt(socket, libc::SOL_SOCKET, name, value.as_mut_ptr().cast(), &mut len)
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: callers ask for numbers, which all bytes are valid for.
    Ok(unsafe { value.assume_init() })
}

impl Peer {
    /// The peer of a connected Unix socket.
    pub(crate) fn of_socket(socket: RawFd) -> io::Result<Self> {
        let peer: libc::ucred = socket_option(socket, libc::SO_PEERCRED)?;
        // A socket of another family, and one that isn't connected, has no peer.
        if peer.uid == u32::MAX {
            return Err(io::Error::from_raw_os_error(libc::ENOTCONN));
        }
        Ok(Self { pid: peer.pid, uid: peer.uid, gid: peer.gid })
    }
}

impl Login {
    /// The login of a connected Unix socket's peer. Unknown if the peer has ended, or before Linux
    /// 6.5, where its process id may already be another process's.
    pub(crate) fn of_peer(socket: RawFd, peer: &Peer) -> Self {
        let Some(pid) = positive(peer.pid) else { return Self::default() };
        let Ok(pidfd) = socket_option::<RawFd>(socket, SO_PEERPIDFD) else {
            return Self::default();
        };
        // SAFETY: the kernel made a new descriptor for this call.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        let Some(process) = Process::open(pid) else { return Self::default() };
        // SAFETY: signal 0 is only the check that the process is there; the pointer may be null.
        let alive =
            unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), 0, 0usize, 0) };
        // EPERM is also an answer about a process that is there.
        if alive == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM) {
            process.login()
        } else {
            Self::default()
        }
    }

    /// The login of the process that has this id and started at `start`, in clock ticks since the
    /// host's boot. Unknown if the id is another process's by now.
    #[cfg(feature = "capi")]
    pub(crate) fn of_process(pid: i32, start: u64) -> Self {
        positive(pid)
            .and_then(Process::open)
            .filter(|process| process.start() == Some(start))
            .map_or_else(Self::default, |process| process.login())
    }
}

fn positive(pid: i32) -> Option<u32> {
    u32::try_from(pid).ok().filter(|&pid| pid > 0)
}

/// A process's directory in /proc. It never becomes that of another process with the same id.
struct Process(File);

impl Process {
    fn open(pid: u32) -> Option<Self> {
        let mut path = [0u8; 20];
        write!(&mut path[..], "/proc/{pid}").ok()?;
        let path = CStr::from_bytes_until_nul(&path).ok()?.to_str().ok()?;
        File::open(path).ok().map(Self)
    }

    /// The beginning of one of its files, in `buffer`.
    fn read<'b>(&self, name: &CStr, buffer: &'b mut [u8]) -> Option<&'b str> {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        // SAFETY: the descriptor is open, and the name is a string.
        let fd = unsafe { libc::openat(self.0.as_raw_fd(), name.as_ptr(), flags) };
        if fd < 0 {
            return None;
        }
        // SAFETY: openat has just made it.
        let mut file = unsafe { File::from_raw_fd(fd) };
        let len = file.read(buffer).ok()?;
        let text = &buffer[..len];
        // Only the program's name may have other bytes, and that comes before the last bracket.
        let from = text.iter().rposition(|&byte| byte == b')').map_or(0, |at| at + 1);
        std::str::from_utf8(&text[from..]).ok()
    }

    fn number(&self, name: &CStr) -> Option<u32> {
        self.read(name, &mut [0; 16])?.trim().parse().ok()
    }

    /// When it started, in clock ticks since the host's boot: field 22 of stat, the 20th after the
    /// program's name.
    #[cfg(feature = "capi")]
    fn start(&self) -> Option<u64> {
        self.read(c"stat", &mut [0; 1024])?.split_whitespace().nth(19)?.parse().ok()
    }

    fn login(&self) -> Login {
        Login { uid: self.number(c"loginuid"), session: self.number(c"sessionid") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    fn own(name: &str) -> Option<u32> {
        std::fs::read_to_string(format!("/proc/self/{name}")).ok()?.trim().parse().ok()
    }

    fn own_login() -> Login {
        Login { uid: own("loginuid"), session: own("sessionid") }
    }

    #[test]
    fn a_sockets_peer_is_the_process_that_connected() {
        let (here, _there) = UnixStream::pair().unwrap();
        let peer = Peer::of_socket(here.as_raw_fd()).unwrap();
        // SAFETY: it has no preconditions and can't fail.
        let uid = unsafe { libc::geteuid() };
        // SAFETY: as above.
        let gid = unsafe { libc::getegid() };
        assert_eq!(peer, Peer { pid: std::process::id() as i32, uid, gid });
        let login = Login::of_peer(here.as_raw_fd(), &peer);
        assert!(login == own_login() || login == Login::default(), "{login:?}");
    }

    #[test]
    fn a_descriptor_without_a_peer_is_refused() {
        let file = File::open("/dev/null").unwrap();
        let error = Peer::of_socket(file.as_raw_fd()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTSOCK));
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let error = Peer::of_socket(socket.as_raw_fd()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTCONN));
    }

    #[cfg(feature = "capi")]
    #[test]
    fn a_login_belongs_to_the_process_that_started_then() {
        let pid = std::process::id();
        let start = Process::open(pid).unwrap().start().unwrap();
        assert_eq!(Login::of_process(pid as i32, start), own_login());
        assert_eq!(Login::of_process(pid as i32, start + 1), Login::default());
        assert_eq!(Login::of_process(0, start), Login::default());
        assert_eq!(Login::of_process(-1, start), Login::default());
    }

    #[cfg(feature = "capi")]
    #[test]
    fn a_programs_name_may_look_like_the_fields_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let name = dir.path().join("a) S 1 2");
        std::fs::copy("/bin/sleep", &name).unwrap();
        let mut child = Command::new(name).arg("60").stdin(Stdio::null()).spawn().unwrap();
        let start = Process::open(child.id()).unwrap().start();
        let own_start = Process::open(std::process::id()).unwrap().start();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(start >= own_start && start.is_some(), "{start:?}, {own_start:?}");
        assert_eq!(Login::of_process(child.id() as i32, start.unwrap()), Login::default());
    }
}
