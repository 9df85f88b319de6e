//! The reasons why no record is heard from the kernel.

use std::io::{self, ErrorKind};
use viraudit::Failure;
use viraudit::internal::audit_sys::confinement;
use viraudit::internal::audit_sys::link::Link;

/// The reason why no record can come from the kernel although it is listened to, if it is known.
pub fn silence() -> Option<String> {
    if confinement::initial_net_namespace() == Some(false) {
        return Some(
            "no records will arrive: the kernel reports them only in the host's network \
             namespace (nsenter --net=/proc/1/ns/net)"
                .into(),
        );
    }
    // Without CAP_AUDIT_CONTROL the state is unknown.
    let off = Link::open().and_then(|mut link| link.status()).is_ok_and(|it| it.enabled == 0);
    off.then(|| "auditing is off: no records arrive until it is turned on (auditctl -e 1)".into())
}

/// The reason for an error of [`Source::kernel`](super::Source::kernel) and its remedy, if they are
/// known.
pub fn refusal(error: &io::Error) -> Option<String> {
    match error.kind() {
        ErrorKind::PermissionDenied if confinement::initial_user_namespace() == Some(false) => {
            let failure = Failure::ForeignNamespace;
            Some(format!("{}; {}", failure.meaning(), failure.remedy()))
        }
        ErrorKind::PermissionDenied => {
            Some("not permitted; run as root, or grant CAP_AUDIT_READ".into())
        }
        // podman's filter returns EINVAL for netlink families that it doesn't allow.
        ErrorKind::InvalidInput if confinement::seccomp_filter() == Some(true) => Some(
            "a seccomp filter blocks auditing; grant CAP_AUDIT_WRITE (podman run \
             --cap-add=AUDIT_WRITE), or allow AF_NETLINK sockets in the filter"
                .into(),
        ),
        _ => None,
    }
}
