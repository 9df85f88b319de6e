//! Records in the log of libvirt's own daemons: `audit_logging = 1` copies each record there, as
//! `2026-11-25 16:26:27.582+0000: 11757: info : virDomainAuditLifecycle:737 : success=yes virt=qemu ...`.
//!
//! The same text goes to the journal and to syslog, under the daemon's tag. It has no serial number,
//! and neither the user nor the program. Only messages of an audit function count in a log file: any
//! other message may contain a guest's text.

use super::super::program::is_libvirt;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

/// A line of a daemon's log file.
pub(super) struct DaemonLine<'a> {
    /// Milliseconds since 1970.
    pub(super) ms: i64,
    /// The record that the line has.
    pub(super) record: Option<Copied<'a>>,
}

/// A record as the daemon logs it.
#[derive(Clone, Copy)]
pub(super) struct Copied<'a> {
    /// The type's name.
    pub(super) kind: &'static [u8],
    pub(super) body: &'a [u8],
    pub(super) success: bool,
}

/// Whether a syslog tag, or the path of a program, is that of a daemon of libvirt.
pub(super) fn is_daemon(name: &[u8]) -> bool {
    name != b"viraudit" && is_libvirt(name)
}

/// Parses a line of a daemon's log file; `None` if it isn't one.
pub(super) fn line(text: &[u8]) -> Option<DaemonLine<'_>> {
    // `2026-11-25 16:26:27.582+0000: `, always in UTC
    let (time, rest) = text.split_at_checked(b"2026-11-25 16:26:27.582".len())?;
    let rest = rest.strip_prefix(b"+0000: ")?;
    let (date, len) = BrokenDownTime::parse_prefix("%Y-%m-%d %H:%M:%S%.f", time).ok()?;
    let date = date.to_datetime().ok().filter(|_| len == time.len())?;
    let ms = TimeZone::UTC.to_timestamp(date).ok()?.as_millisecond();
    let (level, function, message) = with_level(rest)?;
    let record = function.filter(|name| is_audit(level, name)).and_then(|_| copied(message));
    (ms >= 0).then_some(DaemonLine { ms, record })
}

/// The record of a message in the journal or in syslog. There, the process, the level and the
/// function may be missing.
pub(super) fn message(text: &[u8]) -> Option<Copied<'_>> {
    match with_level(text) {
        Some((level, function, message)) => {
            function.filter(|name| is_audit(level, name)).and_then(|_| copied(message))
        }
        None => copied(text),
    }
}

/// The level, the function and the text of a message.
type Logged<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8]);

/// `11757: info : FUNCTION:737 : MESSAGE`
fn with_level(text: &[u8]) -> Option<Logged<'_>> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text[digits..].strip_prefix(b": ").filter(|_| digits > 0)?;
    let end = memchr::memmem::find(rest.get(..16).unwrap_or(rest), b" : ")?;
    let (level, rest) = (&rest[..end], &rest[end + 3..]);
    if !matches!(level, b"debug" | b"info" | b"warning" | b"error") {
        return None;
    }
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let len = rest.iter().take_while(|byte| name(byte)).count();
    let function = || {
        let line = rest[len..].strip_prefix(b":").filter(|_| len > 0)?;
        let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
        Some((Some(&rest[..len]), line[digits..].strip_prefix(b" : ").filter(|_| digits > 0)?))
    };
    let (function, message) = function().unwrap_or((None, rest));
    Some((level, function, message))
}

/// Whether a function logs records: success at one level, failure at the other.
fn is_audit(level: &[u8], function: &[u8]) -> bool {
    matches!(level, b"info" | b"warning") && memchr::memmem::find(function, b"Audit").is_some()
}

/// `success=yes virt=...`
fn copied(message: &[u8]) -> Option<Copied<'_>> {
    let (success, body) = match message.strip_prefix(b"success=yes ") {
        Some(body) => (true, body),
        None => (false, message.strip_prefix(b"success=no ")?),
    };
    let mut words = body.split(|&byte| byte == b' ').take(6);
    let kind: &[u8] = words.find_map(|word| match word.split(|&byte| byte == b'=').next()? {
        b"op" => Some(&b"VIRT_CONTROL"[..]),
        b"resrc" => Some(b"VIRT_RESOURCE"),
        b"vm-ctx" => Some(b"VIRT_MACHINE_ID"),
        _ => None,
    })?;
    Some(Copied { kind, body, success })
}

impl Copied<'_> {
    /// The fields of the record, as the kernel would have it.
    pub(super) fn fields(&self) -> Vec<u8> {
        let result: &[u8] = if self.success { b"success" } else { b"failed" };
        let suffix = b" exe=? hostname=? addr=? terminal=? res=";
        [b"pid=? msg='", self.body, suffix, result, b"'"].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "virt=qemu op=start reason=booted vm=\"a\" uuid=U vm-pid=0";

    fn shown(copied: Option<Copied<'_>>) -> Option<String> {
        copied.map(|it| String::from_utf8([it.kind, b" ", &it.fields()].concat()).unwrap())
    }

    fn read(text: &str) -> Option<(i64, Option<String>)> {
        line(text.as_bytes()).map(|line| (line.ms, shown(line.record)))
    }

    #[test]
    fn lines_of_a_log_file() {
        let ms = 1_764_087_987_582;
        let front = "2025-11-25 16:26:27.582+0000: 11757: ";
        for (level, result, ending) in [("info", "yes", "success"), ("warning", "no", "failed")] {
            for function in
                ["virDomainAuditLifecycle:737", "virAuditSend:126", "qemuDomainStartAudit:9"]
            {
                let text = format!("{front}{level} : {function} : success={result} {BODY}");
                let expected = format!(
                    "VIRT_CONTROL pid=? msg='{BODY} exe=? hostname=? addr=? terminal=? res={ending}'"
                );
                assert_eq!(read(&text), Some((ms, Some(expected))), "{text}");
            }
        }
        for other in [
            "info : libvirt version: 9.0.0, package: 9.0.0-4 (Debian)".to_owned(),
            "info : hostname: h1".into(),
            "error : virNetSocketReadWire:1791 : End of file while reading data".into(),
            // Other messages may contain any text.
            format!("error : qemuProcessReport:9 : success=yes {BODY}"),
            format!("debug : virDomainAuditLifecycle:737 : success=yes {BODY}"),
            format!("info : success=yes {BODY}"),
            format!("info : virDomainAuditLifecycle:737 : x success=yes {BODY}"),
            "info : virDomainAuditLifecycle:737 : success=maybe op=start".into(),
            "warning : virDomainAuditLifecycle:737 : OOM while encoding audit message".into(),
        ] {
            assert_eq!(read(&format!("{front}{other}")), Some((ms, None)), "{other}");
        }
        for text in [
            "".to_owned(),
            format!("2025-11-25 16:26:27.582+0100: 1: info : virAuditSend:1 : success=yes {BODY}"),
            format!("2025-13-25 16:26:27.582+0000: 1: info : virAuditSend:1 : success=yes {BODY}"),
            format!("2025-11-25 16:26:27.582+0000: info : virAuditSend:1 : success=yes {BODY}"),
            format!(
                "2025-11-25 16:26:27.582+0000: 1: notice : virAuditSend:1 : success=yes {BODY}"
            ),
        ] {
            assert_eq!(read(&text), None, "{text}");
        }
    }

    #[test]
    fn messages_in_the_journal() {
        for (text, found) in [
            (format!("success=yes {BODY}"), true),
            (format!("11757: info : virDomainAuditLifecycle:737 : success=yes {BODY}"), true),
            (format!("11757: error : qemuProcessReport:9 : success=yes {BODY}"), false),
            (format!("internal error: success=yes {BODY}"), false),
        ] {
            assert_eq!(message(text.as_bytes()).is_some(), found, "{text}");
        }
        for (name, daemon) in [
            ("libvirtd", true),
            ("virtqemud", true),
            ("/usr/sbin/virtlxcd", true),
            ("logger", false),
        ] {
            assert_eq!(is_daemon(name.as_bytes()), daemon, "{name}");
        }
    }
}
