//! What this process may do: capabilities, namespaces, its label.

use serde::Serialize;
use std::fs;
use viraudit::audit_sys::host::Sender;

const CAP_AUDIT_WRITE: u32 = 29;
const CAP_AUDIT_CONTROL: u32 = 30;

/// The inode numbers that the kernel gives the initial namespaces.
const INITIAL_USER: &str = "user:[4026531837]";
const INITIAL_PID: &str = "pid:[4026531836]";

/// This process; `None` where it can't be told (no /proc).
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Process {
    /// CAP_AUDIT_WRITE is effective: it may write records.
    pub(crate) cap_audit_write: Option<bool>,
    /// CAP_AUDIT_CONTROL is effective: it may ask the kernel for its audit status.
    pub(crate) cap_audit_control: Option<bool>,
    /// It is in the initial user namespace; the kernel takes records from nowhere else.
    pub(crate) initial_user_namespace: Option<bool>,
    /// It is in the initial pid namespace; from elsewhere auditd can't be seen.
    pub(crate) initial_pid_namespace: Option<bool>,
    /// A seccomp filter looks at its system calls.
    pub(crate) seccomp_filter: Option<bool>,
    /// The security module's label.
    pub(crate) label: Option<String>,
}

impl Process {
    /// This process, now.
    pub(crate) fn current() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let effective = effective(&status);
        let has = |capability: u32| effective.map(|set| set >> capability & 1 == 1);
        let namespace = |name: &str, initial: &str| {
            let link = fs::read_link(format!("/proc/self/ns/{name}")).ok()?;
            Some(link.to_str() == Some(initial))
        };
        let uid_map = || fs::read_to_string("/proc/self/uid_map").ok().map(|map| is_identity(&map));
        let label = Sender::current().subj;
        Self {
            cap_audit_write: has(CAP_AUDIT_WRITE),
            cap_audit_control: has(CAP_AUDIT_CONTROL),
            initial_user_namespace: namespace("user", INITIAL_USER).or_else(uid_map),
            initial_pid_namespace: namespace("pid", INITIAL_PID),
            seccomp_filter: field(&status, "Seccomp:").map(|mode| mode == "2"),
            label: label.map(|label| String::from_utf8_lossy(&label).into_owned()),
        }
    }
}

/// The effective capabilities in the text of /proc/PID/status.
fn effective(status: &str) -> Option<u64> {
    u64::from_str_radix(field(status, "CapEff:")?, 16).ok()
}

/// A field in the text of /proc/PID/status.
pub(super) fn field<'s>(status: &'s str, name: &str) -> Option<&'s str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// Whether a uid map is the initial namespace's.
fn is_identity(map: &str) -> bool {
    map.split_ascii_whitespace().eq(["0", "0", "4294967295"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_as_hex() {
        let status = "Name:\tcat\nCapPrm:\t0000000000000000\nCapEff:\t0000000020000000\n";
        assert_eq!(effective(status), Some(1 << CAP_AUDIT_WRITE));
        assert_eq!(effective("Name:\tcat\n"), None);
    }

    #[test]
    fn only_the_identity_is_the_initial_map() {
        assert!(is_identity("         0          0 4294967295\n"));
        assert!(!is_identity("         0       1000          1\n"));
        assert!(!is_identity(""));
    }
}
