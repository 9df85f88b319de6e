//! What auditd hasn't read yet.
//!
//! The kernel takes records from senders without asking whether auditd reads them. Once auditd's
//! receive buffer is full, it tries each record a few times for half a second and then drops it,
//! and doesn't even count it where auditing wasn't turned on at boot (kernel/audit.c, kauditd).
//! /proc/net/netlink shows how full the buffer is; so who can wait may keep records until then.

use super::bindings::NETLINK_AUDIT;
use std::fs::File;
use std::io::Read;

/// The bytes that wait in the receive buffers of audit sockets, by their port ids, where more than
/// `above` bytes do. Sockets that listen to a group of the kernel's are left out.
pub(super) fn fuller_than(above: u64, mut found: impl FnMut(u32, u64)) {
    let Ok(mut file) = File::open("/proc/net/netlink") else { return };
    // On the stack: this is asked between records.
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        let read = match file.read(&mut buffer[filled..]) {
            Ok(0) | Err(_) => return,
            Ok(read) => read,
        };
        filled += read;
        let mut done = 0;
        while let Some(end) = buffer[done..filled].iter().position(|&byte| byte == b'\n') {
            if let Some((port, unread)) = row(&buffer[done..done + end])
                && unread > above
            {
                found(port, unread);
            }
            done += end + 1;
        }
        buffer.copy_within(done..filled, 0);
        filled -= done;
    }
}

/// The port id and the unread bytes of an audit socket of a process, that is in no group.
fn row(line: &[u8]) -> Option<(u32, u64)> {
    let mut words = line.split(|&byte| byte == b' ').filter(|word| !word.is_empty()).skip(1);
    let mut number = |radix| u64::from_str_radix(str::from_utf8(words.next()?).ok()?, radix).ok();
    let (protocol, port, groups, unread) = (number(10)?, number(10)?, number(16)?, number(10)?);
    let ours = protocol == u64::from(NETLINK_AUDIT) && port > 0 && groups == 0;
    ours.then_some((u32::try_from(port).ok()?, unread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_audit_sockets_are_told_apart() {
        let table = [
            ("sk               Eth Pid        Groups   Rmem     Wmem     Dump", None),
            (
                "00000000b3d1ad36 9   4711       00000000 212992   0        0     2   0   77",
                Some((4711, 212_992)),
            ),
            (
                "00000000b3d1ad36 9   4711       00000000 0        0        0     2   0   77",
                Some((4711, 0)),
            ),
            (
                "00000000b3d1ad36 9   3221225999 00000000 16       0        0     2   0   77",
                Some((3_221_225_999, 16)),
            ),
            ("00000000b3d1ad36 9   0          00000000 0        0        0     2   0   7", None),
            ("00000000b3d1ad36 9   812        00000001 99999    0        0     2   0   78", None),
            ("00000000b3d1ad36 15  4711       00000000 212992   0        0     2   0   77", None),
            ("00000000b3d1ad36 9   4711", None),
            ("", None),
        ];
        for (line, expected) in table {
            assert_eq!(row(line.as_bytes()), expected, "{line}");
        }
    }
}
