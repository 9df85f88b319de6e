//! The capabilities, namespaces and label of this process.

use super::host::is_since;
use serde::Serialize;
use std::fs;
use viraudit::internal::audit_sys::host::Sender;

const CAP_AUDIT_WRITE: u32 = 29;
const CAP_AUDIT_CONTROL: u32 = 30;

/// The inode numbers of the initial namespaces.
const INITIAL_USER: &str = "user:[4026531837]";
const INITIAL_PID: &str = "pid:[4026531836]";

/// The same for the network namespace; fixed since Linux 6.18, variable before.
const INITIAL_NET: &str = "net:[4026531833]";

/// This process; a field is `None` if it is unknown (no /proc).
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Process {
    /// CAP_AUDIT_WRITE is effective: this process may write records.
    pub(crate) cap_audit_write: Option<bool>,
    /// CAP_AUDIT_CONTROL is effective: this process may read the audit status.
    pub(crate) cap_audit_control: Option<bool>,
    /// In the initial user namespace, the only one that the kernel accepts records from.
    pub(crate) initial_user_namespace: Option<bool>,
    /// In the initial PID namespace, the only one where auditd is visible.
    pub(crate) initial_pid_namespace: Option<bool>,
    /// A seccomp filter is active.
    pub(crate) seccomp_filter: Option<bool>,
    /// The security label.
    pub(crate) label: Option<String>,
}

impl Process {
    /// The state of this process now.
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

/// Whether this process is in the initial network namespace, the only one where the kernel
/// multicasts records; `None` if unknown.
pub(crate) fn initial_net_namespace() -> Option<bool> {
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
