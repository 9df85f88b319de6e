//! Record types, as far as this package tells them apart.

use viraudit::RecordType;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// One of the VIRT_* types.
    Virt(RecordType),
    /// A denial by a security module, in the kernel or (USER_AVC) by a program on its behalf.
    Avc,
    /// An anomaly; its number, or 0 when only its name is known.
    Anomaly(u16),
    /// Tells more about an event of several records.
    Aux(Aux),
    /// The host starts.
    Boot,
    /// The host goes down.
    Shutdown,
    /// The host changes its run level; 0 and 6 mean it goes down.
    RunLevel,
    /// The kernel's audit starts, or is reconfigured.
    Kernel,
    /// auditd's own records, which it numbers by itself; `true` for its start.
    Daemon(bool),
    /// A type of the VIRT range that nobody has defined.
    UnknownVirt,
    /// Anything else.
    Other,
}

/// A record that only tells more about others of its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aux {
    /// The system call: who, and which program.
    Syscall,
    /// The directory in which it ran.
    Cwd,
    /// A path that it used.
    Path,
}

impl Kind {
    /// The type with this number.
    pub fn from_number(number: u32) -> Self {
        let small = u16::try_from(number).unwrap_or(0);
        match number {
            1107 | 1400 | 1500..=1507 => Self::Avc,
            1127 => Self::Boot,
            1128 => Self::Shutdown,
            1129 => Self::RunLevel,
            1200 => Self::Daemon(true),
            1201..=1299 => Self::Daemon(false),
            1300 => Self::Aux(Aux::Syscall),
            1302 => Self::Aux(Aux::Path),
            1307 => Self::Aux(Aux::Cwd),
            1700..=1799 | 2100..=2199 => Self::Anomaly(small),
            2000 => Self::Kernel,
            2500..=2599 => RecordType::from_number(small).map_or(Self::UnknownVirt, Self::Virt),
            _ => Self::Other,
        }
    }

    /// The type that `type=` names: a name, a number, or `UNKNOWN[number]`.
    pub fn from_name(name: &[u8]) -> Self {
        match name {
            b"VIRT_RESOURCE" => Self::Virt(RecordType::VirtResource),
            b"VIRT_CONTROL" => Self::Virt(RecordType::VirtControl),
            b"VIRT_MACHINE_ID" => Self::Virt(RecordType::VirtMachineId),
            b"SYSCALL" => Self::Aux(Aux::Syscall),
            b"PATH" => Self::Aux(Aux::Path),
            b"CWD" => Self::Aux(Aux::Cwd),
            b"AVC" | b"USER_AVC" => Self::Avc,
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

    /// Whether records of this type end up in a report.
    pub fn matters(self) -> bool {
        !matches!(self, Self::Other | Self::Daemon(_) | Self::UnknownVirt)
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The kernel's anomalies, and those of programs that auditors meet most.
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

/// The name of an anomaly's type.
pub fn anomaly_name(number: u16) -> String {
    match ANOMALIES.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => (*name).to_owned(),
        None if number == 0 => "ANOM".to_owned(),
        None => format!("ANOM_{number}"),
    }
}
