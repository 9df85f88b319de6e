//! Tells a daemon's settings from a driver's and from viraudit's own.

use crate::settings::Target;
use viraudit::internal::config::{Document, keys, own};

/// The program that reads a file's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A daemon's, with the audit settings.
    Daemon,
    /// A driver's or client's of libvirt, without.
    Driver,
    /// A preloaded library's: viraudit.conf.
    Own,
}

/// The files of libvirt that no daemon reads its settings from.
const DRIVERS: [&str; 12] = [
    "qemu.conf",
    "lxc.conf",
    "libxl.conf",
    "network.conf",
    "bhyve.conf",
    "libvirt.conf",
    "libvirt-admin.conf",
    "qemu-lockd.conf",
    "qemu-sanlock.conf",
    "libxl-lockd.conf",
    "libxl-sanlock.conf",
    "ch.conf",
];

/// Keys of qemu.conf by which one with another name is recognised.
const QEMU_KEYS: [&str; 12] = [
    "security_driver",
    "security_default_confined",
    "security_require_confined",
    "dynamic_ownership",
    "remember_owner",
    "namespaces",
    "seccomp_sandbox",
    "cgroup_controllers",
    "cgroup_device_acl",
    "vnc_listen",
    "spice_listen",
    "hugetlbfs_mount",
];

impl Kind {
    /// By the file's name, or else by its keys.
    pub(super) fn of(target: &Target, document: &Document<'_>) -> Self {
        let name = target.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let has = |key: &&str| document.get(key).is_some();
        let own = [own::DELIVERY, own::QUEUE_LIMIT, own::RECORD_CLIENT, own::DELIVERY_TARGET];
        let known = |key: &str| keys::find(key, None).is_some();
        if target.daemon_name().is_some() {
            Self::Daemon
        } else if DRIVERS.contains(&name) || QEMU_KEYS.iter().any(&has) {
            Self::Driver
        } else if name == "viraudit.conf"
            || own.iter().any(has) && !document.entries().iter().any(|entry| known(entry.key))
        {
            Self::Own
        } else {
            Self::Daemon
        }
    }

    /// The name in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Driver => "driver",
            Self::Own => "viraudit",
        }
    }
}
