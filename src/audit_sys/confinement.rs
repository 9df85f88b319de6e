//! The namespaces and the seccomp filter of this process. Each answer is `None` if it is unknown (no
//! /proc).

use std::fs;

/// The inode numbers of the initial namespaces.
const INITIAL_USER: &str = "user:[4026531837]";
const INITIAL_PID: &str = "pid:[4026531836]";

/// The same for the network namespace; fixed since Linux 6.18, variable before.
const INITIAL_NET: &str = "net:[4026531833]";

fn namespace(name: &str, initial: &str) -> Option<bool> {
    let link = fs::read_link(format!("/proc/self/ns/{name}")).ok()?;
    Some(link.to_str() == Some(initial))
}

/// Whether this process is in the initial user namespace, the only one that the kernel accepts
/// records from.
pub fn initial_user_namespace() -> Option<bool> {
    let uid_map = || fs::read_to_string("/proc/self/uid_map").ok().map(|map| is_identity(&map));
    namespace("user", INITIAL_USER).or_else(uid_map)
}

/// Whether this process is in the initial PID namespace, the only one where auditd is visible.
pub fn initial_pid_namespace() -> Option<bool> {
    namespace("pid", INITIAL_PID)
}

/// Whether this process is in the initial network namespace, the only one where the kernel
/// multicasts records.
pub fn initial_net_namespace() -> Option<bool> {
    let link = |path: &str| fs::read_link(path).ok();
    let ours = link("/proc/self/ns/net")?;
    if ours.to_str() == Some(INITIAL_NET) {
        return Some(true);
    }
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if is_since(&release, (6, 18)) {
        return Some(false);
    }
    // PID 1 of the host is in the initial network namespace, if it is visible from here.
    let host_seen = link("/proc/self/ns/pid")?.to_str() == Some(INITIAL_PID);
    host_seen.then(|| link("/proc/1/ns/net")).flatten().map(|first| first == ours)
}

/// Whether a seccomp filter is active.
pub fn seccomp_filter() -> Option<bool> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:"))?;
    Some(mode.trim() == "2")
}

/// Whether a uid map is the initial namespace's.
fn is_identity(map: &str) -> bool {
    map.split_ascii_whitespace().eq(["0", "0", "4294967295"])
}

/// Whether a kernel release is at least `version`.
pub fn is_since(release: &str, version: (u32, u32)) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= version,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_numbers() {
        for (release, expected) in [
            ("6.18.44-x\n", true),
            ("7.0-rc1", true),
            ("6.18", true),
            ("6.9.1", false),
            ("5.20", false),
            ("", false),
            ("next", false),
        ] {
            assert_eq!(is_since(release, (6, 18)), expected, "{release}");
        }
    }

    #[test]
    fn only_the_identity_is_the_initial_map() {
        assert!(is_identity("         0          0 4294967295\n"));
        assert!(!is_identity("         0       1000          1\n"));
        assert!(!is_identity(""));
    }
}
