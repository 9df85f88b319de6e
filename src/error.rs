//! Errors: what they mean, and how to fix them.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why the kernel, or another backend, did not accept a record.
///
/// It is `Copy` and never allocates, because sending a record may return it. Its text is what the
/// errno means for audit, and the remedy. The meanings are those of answers that kernels gave.
///
/// ```
/// use viraudit::Failure;
///
/// let refused = Failure::NotPermitted;
/// assert_eq!(refused.meaning(), "this process may not write audit records (no CAP_AUDIT_WRITE)");
/// assert_eq!(refused.remedy(), "run as root, or grant CAP_AUDIT_WRITE");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Failure {
    /// The kernel has no audit support, or a seccomp filter hides it (EPROTONOSUPPORT,
    /// EAFNOSUPPORT or EINVAL from `socket`).
    Unsupported(i32),
    /// EPERM: the process lacks CAP_AUDIT_WRITE.
    NotPermitted,
    /// ECONNREFUSED: the process is not in the initial user namespace, or no kernel socket listens
    /// in its network namespace.
    ForeignNamespace,
    /// EACCES: a security module (SELinux: `nlmsg_relay`) forbids it.
    Forbidden,
    /// EMFILE or ENFILE: no file descriptor is left for the socket.
    NoDescriptor(i32),
    /// ENOBUFS: the socket's buffer overran and the kernel's answer is lost.
    Overrun,
    /// The kernel didn't answer in time (ETIMEDOUT).
    NoAnswer,
    /// EINVAL as an answer: the kernel rejects the message.
    Rejected,
    /// Auditing is off on this host (ENOTCONN; only from opening at level 2).
    Disabled,
    /// The queue is full (EAGAIN).
    QueueFull,
    /// The record was still queued at the deadline of a close (ECANCELED).
    GivenUp,
    /// Any other errno.
    Os(i32),
}

impl Failure {
    /// The failure for an errno of `socket(AF_NETLINK, ..., NETLINK_AUDIT)`.
    pub(crate) fn from_socket(errno: i32) -> Self {
        match errno {
            libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT | libc::EINVAL => Self::Unsupported(errno),
            _ => Self::from_answer(errno),
        }
    }

    /// The failure for an errno of sending, or of an answer.
    pub fn from_answer(errno: i32) -> Self {
        match errno {
            libc::EPERM => Self::NotPermitted,
            libc::ECONNREFUSED => Self::ForeignNamespace,
            libc::EACCES => Self::Forbidden,
            libc::EMFILE | libc::ENFILE => Self::NoDescriptor(errno),
            libc::ENOBUFS => Self::Overrun,
            libc::ETIMEDOUT => Self::NoAnswer,
            libc::EINVAL => Self::Rejected,
            libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT => Self::Unsupported(errno),
            _ => Self::Os(errno),
        }
    }

    /// The errno.
    pub fn errno(self) -> i32 {
        match self {
            Self::Unsupported(errno) | Self::NoDescriptor(errno) | Self::Os(errno) => errno,
            Self::NotPermitted => libc::EPERM,
            Self::ForeignNamespace => libc::ECONNREFUSED,
            Self::Forbidden => libc::EACCES,
            Self::Overrun => libc::ENOBUFS,
            Self::NoAnswer => libc::ETIMEDOUT,
            Self::Rejected => libc::EINVAL,
            Self::Disabled => libc::ENOTCONN,
            Self::QueueFull => libc::EAGAIN,
            Self::GivenUp => libc::ECANCELED,
        }
    }

    /// The meaning, in words that fit after a colon.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Unsupported(_) => {
                "this kernel has no audit support, or a seccomp filter hides it"
            }
            Self::NotPermitted => "this process may not write audit records (no CAP_AUDIT_WRITE)",
            Self::ForeignNamespace => "the kernel refuses audit records from this user namespace",
            Self::Forbidden => "a security module forbids sending audit records",
            Self::NoDescriptor(_) => "no file descriptor is left for the audit socket",
            Self::Overrun => "the audit socket's buffer overran",
            Self::NoAnswer => "the kernel did not answer in time",
            Self::Rejected => "the kernel rejects the record",
            Self::Disabled => "auditing is off on this host",
            Self::QueueFull => "the queue of records is full",
            Self::GivenUp => "they were still queued when auditing was closed",
            Self::Os(_) => "the record could not be written",
        }
    }

    /// The remedy, for an administrator.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Unsupported(_) => {
                "boot a kernel with CONFIG_AUDIT, or allow AF_NETLINK sockets in the seccomp filter"
            }
            Self::NotPermitted => "run as root, or grant CAP_AUDIT_WRITE",
            Self::ForeignNamespace => {
                "run in the host's initial user namespace (no userns remapping, no unshare -U)"
            }
            Self::Forbidden => {
                "allow it in the policy: netlink_audit_socket { create read write nlmsg_relay } \
                 (SELinux), network netlink raw (AppArmor)"
            }
            Self::NoDescriptor(_) => "raise the limit of open files",
            Self::Overrun => "send smaller bursts, or retry",
            Self::NoAnswer => "see whether auditd is stuck (auditctl -s), and restart it",
            Self::Rejected => "this is a fault of viraudit: report it",
            Self::Disabled => "turn it on with auditctl -e 1, or start auditd",
            Self::QueueFull => "raise the queue's limit, or see why records drain slowly",
            Self::GivenUp => "see whether auditd is stuck (auditctl -s), and restart it",
            Self::Os(_) => "see the errno",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.meaning())?;
        match *self {
            // The standard library's text of an errno takes memory.
            Self::Os(libc::ENOMEM) => write!(f, ": Cannot allocate memory (os error 12)")?,
            Self::Os(errno) => write!(f, ": {}", io::Error::from_raw_os_error(errno))?,
            _ => {}
        }
        write!(f, "; {}", self.remedy())
    }
}

impl std::error::Error for Failure {}

/// Why a configuration file was rejected.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct ConfigError {
    /// The file, as the caller named it.
    pub path: PathBuf,
    /// The line, from 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong, and what was expected.
    pub message: String,
    /// EINVAL for a mistake in the file, else the errno of reading it.
    pub errno: i32,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if self.line > 0 {
            write!(f, "{}:", self.line)?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Why a domain XML was rejected.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub struct XmlError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong there.
    pub message: String,
}

impl XmlError {
    /// An error just behind `before`, which is valid UTF-8.
    #[cfg(feature = "xml")]
    pub(crate) fn behind(before: &[u8], message: String) -> Self {
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let row = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        let column = row.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() + 1;
        Self { line: line as u32, column: column as u32, message }
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for XmlError {}

/// Any error of this library.
///
/// Its text is complete, so a daemon prints it with `{}`. It has no [`source`], which would make
/// programs that print a chain of errors repeat a part of it.
///
/// [`source`]: std::error::Error::source
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A record can't be delivered, or the backend can't be opened.
    Delivery(Failure),
    /// A configuration file was rejected.
    Config(ConfigError),
    /// A domain XML was rejected.
    Xml(XmlError),
    /// A file can't be used.
    Io {
        /// The operation that failed, with the file's path, such as `can't open PATH`.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// An argument is invalid; the text is what was expected.
    Invalid(&'static str),
}

impl Error {
    /// The errno; EINVAL for an invalid argument or XML.
    pub fn errno(&self) -> i32 {
        match self {
            Self::Delivery(failure) => failure.errno(),
            Self::Config(error) => error.errno,
            Self::Xml(_) | Self::Invalid(_) => libc::EINVAL,
            Self::Io { source, .. } => source.raw_os_error().unwrap_or(libc::EIO),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delivery(failure) => failure.fmt(f),
            Self::Config(error) => error.fmt(f),
            Self::Xml(error) => error.fmt(f),
            Self::Io { what, source } => write!(f, "{what}: {source}"),
            Self::Invalid(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Delivery(failure)
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<XmlError> for Error {
    fn from(error: XmlError) -> Self {
        Self::Xml(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_errno_of_a_socket_has_its_failure() {
        let table = [
            (libc::EPROTONOSUPPORT, Failure::Unsupported(libc::EPROTONOSUPPORT)),
            (libc::EAFNOSUPPORT, Failure::Unsupported(libc::EAFNOSUPPORT)),
            (libc::EINVAL, Failure::Unsupported(libc::EINVAL)),
            (libc::EMFILE, Failure::NoDescriptor(libc::EMFILE)),
            (libc::ENFILE, Failure::NoDescriptor(libc::ENFILE)),
            (libc::EACCES, Failure::Forbidden),
            (libc::EPERM, Failure::NotPermitted),
            (libc::ENOMEM, Failure::Os(libc::ENOMEM)),
        ];
        for (errno, expected) in table {
            let failure = Failure::from_socket(errno);
            assert_eq!(failure, expected, "errno {errno}");
            assert_eq!(failure.errno(), errno);
            assert!(failure.to_string().contains("; "), "a meaning and a remedy: {failure}");
        }
    }

    #[test]
    fn each_cause_is_printed_once() {
        let path = PathBuf::from("/x.conf");
        let errors = [
            Error::from(Failure::Os(libc::ENOSPC)),
            Error::from(ConfigError { path, line: 1, message: "no".into(), errno: libc::EINVAL }),
            Error::from(XmlError { line: 1, column: 2, message: "no".into() }),
            Error::Io {
                what: "can't open /x".into(),
                source: io::Error::from_raw_os_error(libc::ENOENT),
            },
            Error::Invalid("no"),
        ];
        for error in errors {
            let mut texts = vec![error.to_string()];
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                texts.push(cause.to_string());
                source = cause.source();
            }
            for (i, cause) in texts.iter().enumerate().skip(1) {
                assert!(texts[..i].iter().all(|text| !text.contains(cause)), "{texts:?}");
            }
            if let Error::Io { source, .. } = &error {
                assert!(texts.concat().contains(&source.to_string()), "{texts:?}");
            }
        }
    }
}
