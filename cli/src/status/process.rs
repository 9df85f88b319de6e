//! The capabilities, namespaces and label of this process.

use serde::Serialize;
use std::fs;
use viraudit::internal::audit_sys::confinement;
use viraudit::internal::audit_sys::host::Sender;

const CAP_AUDIT_WRITE: u32 = 29;
const CAP_AUDIT_CONTROL: u32 = 30;

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
        let label = Sender::current().subj;
        Self {
            cap_audit_write: has(CAP_AUDIT_WRITE),
            cap_audit_control: has(CAP_AUDIT_CONTROL),
            initial_user_namespace: confinement::initial_user_namespace(),
            initial_pid_namespace: confinement::initial_pid_namespace(),
            seccomp_filter: confinement::seccomp_filter(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_as_hex() {
        let status = "Name:\tcat\nCapPrm:\t0000000000000000\nCapEff:\t0000000020000000\n";
        assert_eq!(effective(status), Some(1 << CAP_AUDIT_WRITE));
        assert_eq!(effective("Name:\tcat\n"), None);
    }
}
