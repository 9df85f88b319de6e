//! Record types, as far as a report distinguishes them.

use super::fields::number;
use viraudit::RecordType;

/// The kind of a line, by its record type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LineKind {
    /// One of the VIRT_* types.
    Virt(RecordType),
    /// A denial by a security module, in the kernel or (USER_AVC) by a program on its behalf.
    Avc,
    /// An anomaly, or what Landlock and seccomp report about a process, by its number; 0 if only its
    /// name is known.
    Anomaly(u16),
    /// An auxiliary record.
    Aux(AuxKind),
    /// The host starts.
    Boot,
    /// The host goes down.
    Shutdown,
    /// The host changes its run level. It goes down at 0 and 6.
    RunLevel,
    /// The kernel's audit starts, or is reconfigured.
    Kernel,
    /// A record of auditd itself, with auditd's own serial number; `true` for its start.
    Daemon(bool),
    /// An undefined type in the range of VIRT_* types.
    UnknownVirt,
    /// Any other type.
    Other,
}

/// The type of an auxiliary record, which adds details to another record of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AuxKind {
    /// The system call, with its user and program.
    Syscall,
    /// The current directory.
    Cwd,
    /// A path that the system call used.
    Path,
    /// The security labels of the process, if the kernel has several security modules. The other
    /// records have `subj=?` then.
    Contexts,
    /// A Landlock domain, which reports one of its first denials.
    Domain,
}

/// The type of what seccomp reports.
pub(crate) const SECCOMP: u16 = 1326;
/// The type of a denial by Landlock.
pub(crate) const LANDLOCK_ACCESS: u16 = 1423;
/// The type of the start or the end of a Landlock domain.
pub(crate) const LANDLOCK_DOMAIN: u16 = 1424;

impl LineKind {
    /// Whether a record has nothing to do with guests or their host's life, so that a log that was
    /// filtered for them doesn't have it.
    #[inline]
    pub(crate) fn is_unrelated(self) -> bool {
        // The labels of an event's process come with records of every type.
        matches!(self, Self::Other | Self::Aux(_) | Self::Kernel)
            && self != Self::Aux(AuxKind::Contexts)
    }

    /// The type with this number.
    pub(crate) fn from_number(number: u32) -> Self {
        let small = u16::try_from(number).unwrap_or(0);
        match number {
            1107 | 1400 | 1500..=1507 => Self::Avc,
            1127 => Self::Boot,
            1128 => Self::Shutdown,
            1129 => Self::RunLevel,
            1200 => Self::Daemon(true),
            1201..=1299 => Self::Daemon(false),
            1300 => Self::Aux(AuxKind::Syscall),
            1302 => Self::Aux(AuxKind::Path),
            1307 => Self::Aux(AuxKind::Cwd),
            // Ubuntu's kernels use 1420, which is another type in Linux since 6.12.
            1420 | 1425 => Self::Aux(AuxKind::Contexts),
            1326 | 1423 | 1424 | 1700..=1799 | 2100..=2199 => Self::Anomaly(small),
            2000 => Self::Kernel,
            2500..=2599 => RecordType::from_number(small).map_or(Self::UnknownVirt, Self::Virt),
            _ => Self::Other,
        }
    }

    /// The type that `type=` specifies: a name, a number, or `UNKNOWN[number]`.
    pub(crate) fn from_name(name: &[u8]) -> Self {
        match name {
            b"VIRT_RESOURCE" => Self::Virt(RecordType::VirtResource),
            b"VIRT_CONTROL" => Self::Virt(RecordType::VirtControl),
            b"VIRT_MACHINE_ID" => Self::Virt(RecordType::VirtMachineId),
            b"SYSCALL" => Self::Aux(AuxKind::Syscall),
            b"PATH" => Self::Aux(AuxKind::Path),
            b"CWD" => Self::Aux(AuxKind::Cwd),
            b"AVC" | b"USER_AVC" => Self::Avc,
            b"MAC_TASK_CONTEXTS" | b"IPE_ACCESS" => Self::Aux(AuxKind::Contexts),
            b"SECCOMP" => Self::Anomaly(SECCOMP),
            b"LANDLOCK_ACCESS" => Self::Anomaly(LANDLOCK_ACCESS),
            b"LANDLOCK_DOMAIN" => Self::Anomaly(LANDLOCK_DOMAIN),
            b"SYSTEM_BOOT" => Self::Boot,
            b"SYSTEM_SHUTDOWN" => Self::Shutdown,
            b"SYSTEM_RUNLEVEL" => Self::RunLevel,
            b"KERNEL" => Self::Kernel,
            b"DAEMON_START" => Self::Daemon(true),
            [b'0'..=b'9', ..] => number(name).map_or(Self::Other, Self::from_number),
            [b'V', b'I', b'R', b'T', b'_', ..] => std::str::from_utf8(name)
                .ok()
                .and_then(|name| name.parse().ok())
                .map_or(Self::UnknownVirt, Self::Virt),
            [b'A', b'N', b'O', b'M', b'_', ..] => Self::Anomaly(anomaly_number(name)),
            [b'A', b'P', b'P', b'A', b'R', b'M', b'O', b'R', b'_', ..] => Self::Avc,
            [b'D', b'A', b'E', b'M', b'O', b'N', b'_', ..] => Self::Daemon(false),
            _ => match name.strip_prefix(b"UNKNOWN[").and_then(|rest| rest.strip_suffix(b"]")) {
                Some(digits) => number(digits).map_or(Self::Other, Self::from_number),
                None => Self::Other,
            },
        }
    }

    /// Whether a report may use records of this type.
    pub(crate) fn matters(self) -> bool {
        !matches!(self, Self::Other | Self::Daemon(_) | Self::UnknownVirt)
    }
}

/// The anomalies of the kernel and the common ones of programs.
const ANOMALIES: [(u16, &str); 16] = [
    (1700, "ANOM_PROMISCUOUS"),
    (1701, "ANOM_ABEND"),
    (1702, "ANOM_LINK"),
    (1703, "ANOM_CREAT"),
    (2100, "ANOM_LOGIN_FAILURES"),
    (2101, "ANOM_LOGIN_TIME"),
    (2102, "ANOM_LOGIN_SESSIONS"),
    (2103, "ANOM_LOGIN_ACCT"),
    (2104, "ANOM_LOGIN_LOCATION"),
    (2105, "ANOM_MAX_DAC"),
    (2106, "ANOM_MAX_MAC"),
    (2107, "ANOM_AMTU_FAIL"),
    (2108, "ANOM_RBAC_FAIL"),
    (2109, "ANOM_RBAC_INTEGRITY_FAIL"),
    (2110, "ANOM_CRYPTO_FAIL"),
    (2111, "ANOM_ACCESS_FS"),
];

fn anomaly_number(name: &[u8]) -> u16 {
    ANOMALIES.iter().find(|(_, known)| known.as_bytes() == name).map_or(0, |(number, _)| *number)
}

/// The name of an anomaly type.
pub(crate) fn anomaly_name(number: u16) -> String {
    match ANOMALIES.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => (*name).to_owned(),
        None if number == 0 => "ANOM".to_owned(),
        None => format!("ANOM_{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_only_digits() {
        let control = LineKind::Virt(RecordType::VirtControl);
        for (name, expected) in [
            ("2500", control),
            ("UNKNOWN[2500]", control),
            ("UNKNOWN[+2500]", LineKind::Other),
            ("UNKNOWN[-2500]", LineKind::Other),
            ("UNKNOWN[2500", LineKind::Other),
            ("UNKNOWN[]", LineKind::Other),
            ("+2500", LineKind::Other),
            ("2500x", LineKind::Other),
        ] {
            assert_eq!(LineKind::from_name(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn names_and_numbers_are_the_same_type() {
        for (name, number) in [
            ("SECCOMP", 1326),
            ("LANDLOCK_ACCESS", 1423),
            ("LANDLOCK_DOMAIN", 1424),
            ("MAC_TASK_CONTEXTS", 1425),
            ("IPE_ACCESS", 1420),
            ("AVC", 1400),
            ("ANOM_ABEND", 1701),
        ] {
            let kind = LineKind::from_number(number);
            assert_eq!(LineKind::from_name(name.as_bytes()), kind, "{name}");
            assert_eq!(LineKind::from_name(format!("UNKNOWN[{number}]").as_bytes()), kind);
            assert!(kind.matters(), "{name}");
        }
    }
}
