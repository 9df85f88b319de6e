//! What auditd hasn't read yet.
//!
//! The kernel accepts records whether or not auditd reads them. Once auditd's receive buffer is
//! full, it tries to deliver each record for half a second, then drops it. If auditing wasn't on at
//! boot, it doesn't even count the loss (kernel/audit.c, kauditd, as of Linux 5.16). /proc/net/netlink
//! shows how full the buffer is, so a sender that can wait may hold its records back.

use super::bindings::NETLINK_AUDIT;
use super::descriptor::Descriptor;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

/// All netlink sockets in the network namespace of the reading thread.
const TABLE: &str = "/proc/thread-self/net/netlink";

/// How many of auditd's descriptors are looked at. It opens its audit socket among the first.
const DESCRIPTORS: u32 = 64;

/// auditd's audit socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AuditdSocket {
    inode: u64,
}

impl AuditdSocket {
    /// The audit socket of the process that the kernel reports as auditd. It is identified by that
    /// process's descriptors, not by its port id: any process may take a port id.
    pub(super) fn of(auditd_pid: u32) -> Option<Self> {
        // Reading the directory would take a descriptor, which the program may close meanwhile.
        let links = (0..DESCRIPTORS).map(|fd| format!("/proc/{auditd_pid}/fd/{fd}"));
        let inodes: Vec<u64> = links.filter_map(|link| inode(link.as_ref())).collect();
        find(|row| inodes.contains(&row.inode)).map(|row| Self { inode: row.inode })
    }

    /// How many bytes wait in its receive buffer; `None` after it is closed.
    pub(super) fn unread(self) -> Option<u64> {
        find(|row| row.inode == self.inode).map(|row| row.unread)
    }
}

/// The inode of the socket in a link of /proc/PID/fd: `socket:[4711]`.
fn inode(link: &std::path::Path) -> Option<u64> {
    let target = fs::read_link(link).ok()?;
    let number = target.as_os_str().as_bytes().strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    str::from_utf8(number).ok()?.parse().ok()
}

/// An audit socket that is in no multicast group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    unread: u64,
    inode: u64,
}

fn find(mut wanted: impl FnMut(&Row) -> bool) -> Option<Row> {
    let table = Descriptor::new(File::open(TABLE).ok()?).ok()?;
    // On the stack, because this runs between records. A line has less than 100 bytes.
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        if !table.is_ours() {
            return None;
        }
        filled += match table.as_file().read(&mut buffer[filled..]) {
            Ok(0) | Err(_) => return None,
            Ok(read) => read,
        };
        let mut lines = buffer[..filled].split_inclusive(|&byte| byte == b'\n');
        let mut done = 0;
        for line in lines.by_ref().take_while(|line| line.ends_with(b"\n")) {
            if let Some(found) = row(line).filter(|row| wanted(row)) {
                return Some(found);
            }
            done += line.len();
        }
        buffer.copy_within(done..filled, 0);
        filled -= done;
    }
}

/// `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`
fn row(line: &[u8]) -> Option<Row> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1);
    let mut number = |radix| u64::from_str_radix(str::from_utf8(words.next()?).ok()?, radix).ok();
    let (protocol, port, groups, unread) = (number(10)?, number(10)?, number(16)?, number(10)?);
    let inode = words.nth(4).and_then(|word| str::from_utf8(word).ok()?.parse().ok())?;
    // The kernel's own socket has port 0.
    let audit = protocol == u64::from(NETLINK_AUDIT) && port > 0 && groups == 0;
    audit.then_some(Row { unread, inode })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_audit_sockets_are_told_apart() {
        let full = Some(Row { unread: 212_992, inode: 77 });
        let table = [
            (
                "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks Drops Inode",
                None,
            ),
            (
                "00000000b3d1ad36 9   4711       00000000 212992   0        0     2     0     77   ",
                full,
            ),
            (
                "00000000b3d1ad36 9   3221225999 00000000 212992   0        0     2     0     77\n",
                full,
            ),
            (
                "00000000b3d1ad36 9   0          00000000 0        0        0     2     0     7",
                None,
            ),
            (
                "00000000b3d1ad36 9   812        00000001 99999    0        0     2     0     78",
                None,
            ),
            (
                "00000000b3d1ad36 15  4711       00000000 212992   0        0     2     0     77",
                None,
            ),
            ("00000000b3d1ad36 9   4711       00000000 212992   0        0     2     0", None),
            ("00000000b3d1ad36 9   4711", None),
            ("", None),
        ];
        for (line, expected) in table {
            assert_eq!(row(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_process_without_an_audit_socket_has_none() {
        assert_eq!(AuditdSocket::of(std::process::id()), None);
        assert_eq!(AuditdSocket::of(0), None);
    }
}
