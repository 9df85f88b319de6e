//! The keys that libvirt's daemons read, and the values that they take.
//!
//! A daemon exits if one of its keys has a value that it doesn't take; it ignores keys that it
//! doesn't know. The keys are those of the files that libvirt 9.0.0, 11.3.0 and 12.8.0 ship. The values
//! are those that the daemons of 9.0.0 and 12.8.0 take: both were run with them.

use super::document::Document;
use super::parser::{Item, Number, Setting};
use crate::error::ConfigError;
use crate::guest::Uuid;

/// The values that a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    /// 0 or 1.
    Bool,
    /// A number in this range.
    Uint(u32, u32),
    /// A number of 32 bits with a sign.
    Int,
    /// Any string.
    Text,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// A string that is an octal number.
    Octal,
    /// A string that is a UUID with at least two different digits.
    Uuid,
    /// A list of strings.
    Texts,
    /// Not read by any daemon.
    Any,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    values: Values,
    /// Only the daemons that listen on the network read it.
    network: bool,
    /// The first of the known releases that has it, unless all have.
    pub since: Option<&'static str>,
}

const fn key(name: &'static str, values: Values) -> Key {
    Key { name, values, network: false, since: None }
}

const fn network(name: &'static str, values: Values) -> Key {
    Key { name, values, network: true, since: None }
}

const fn since_12(name: &'static str, values: Values) -> Key {
    Key { name, values, network: true, since: Some("12.8.0") }
}

/// Numbers without a limit of their own.
const UINT: Values = Values::Uint(0, u32::MAX);
const AUTH: Values = Values::OneOf(&["none", "sasl", "polkit"]);

/// All keys.
pub const KEYS: [Key; 53] = [
    network("listen_tls", Values::Bool),
    network("listen_tcp", Values::Bool),
    network("tls_port", Values::Text),
    network("tcp_port", Values::Text),
    network("listen_addr", Values::Text),
    key("unix_sock_group", Values::Text),
    key("unix_sock_ro_perms", Values::Octal),
    key("unix_sock_rw_perms", Values::Octal),
    key("unix_sock_admin_perms", Values::Octal),
    key("unix_sock_dir", Values::Text),
    key("auth_unix_ro", AUTH),
    key("auth_unix_rw", AUTH),
    network("auth_tcp", AUTH),
    network("auth_tls", AUTH),
    key("access_drivers", Values::Texts),
    network("key_file", Values::Text),
    network("cert_file", Values::Text),
    since_12("key_files", Values::Texts),
    since_12("cert_files", Values::Texts),
    network("ca_file", Values::Text),
    network("crl_file", Values::Text),
    network("tls_no_sanity_certificate", Values::Bool),
    network("tls_no_verify_certificate", Values::Bool),
    network("tls_allowed_dn_list", Values::Texts),
    network("tls_priority", Values::Text),
    network("tcp_min_ssf", Values::Uint(112, u32::MAX)),
    key("sasl_allowed_username_list", Values::Texts),
    key("max_clients", UINT),
    key("max_queued_clients", UINT),
    key("max_anonymous_clients", UINT),
    key("min_workers", UINT),
    key("max_workers", Values::Uint(1, u32::MAX)),
    key("prio_workers", UINT),
    key("max_client_requests", UINT),
    key("admin_min_workers", UINT),
    key("admin_max_workers", UINT),
    key("admin_max_clients", UINT),
    key("admin_max_queued_clients", UINT),
    key("admin_max_client_requests", UINT),
    key("log_level", Values::Uint(0, 4)),
    key("log_filters", Values::Text),
    key("log_outputs", Values::Text),
    key("audit_level", UINT),
    key("audit_logging", Values::Bool),
    key("host_uuid", Values::Uuid),
    key("host_uuid_source", Values::OneOf(&["smbios", "machine-id"])),
    key("keepalive_interval", Values::Int),
    key("keepalive_count", UINT),
    key("keepalive_required", Values::Any),
    key("admin_keepalive_required", Values::Any),
    key("admin_keepalive_interval", Values::Int),
    key("admin_keepalive_count", UINT),
    key("ovs_timeout", UINT),
];

/// The key of this name that a daemon reads; `daemon` is its name, or `None` for any.
pub fn find(name: &str, daemon: Option<&str>) -> Option<&'static Key> {
    let listens = daemon.is_none_or(|daemon| matches!(daemon, "libvirtd" | "virtproxyd"));
    KEYS.iter().find(|key| key.name == name && (listens || !key.network))
}

/// The mistakes for which this daemon, or any, would not start, in the order of the file.
///
/// Also values beyond 2^63 - 1, for which later releases than 9.0.0 refuse the file.
pub fn mistakes(document: &Document<'_>, daemon: Option<&str>) -> Vec<ConfigError> {
    let mut mistakes = Vec::new();
    for entry in document.entries() {
        if is_beyond_63_bits(&entry.setting) {
            mistakes.push(document.mistake(
                entry,
                format!(
                    "{}: libvirt 11 and 12 refuse a number beyond 2^63-1; libvirt 9 reads it modulo \
                     2^64",
                    entry.key
                ),
            ));
            continue;
        }
        // Of a key that is set twice, only the first counts.
        let counts = document.get(entry.key).is_some_and(|first| first.line == entry.line);
        if let Some(key) = find(entry.key, daemon).filter(|_| counts)
            && let Some(expected) = key.values.refuse(&entry.setting)
        {
            mistakes.push(document.unfit(entry, &expected));
        }
    }
    mistakes.extend(too_few_clients(document));
    mistakes
}

/// The one rule between two keys: a daemon doesn't start with fewer clients than anonymous ones.
fn too_few_clients(document: &Document<'_>) -> Option<ConfigError> {
    let number = |key, default| document.uint(key).ok().map(|value| value.unwrap_or(default));
    let (all, anonymous) = (number("max_clients", 5000)?, number("max_anonymous_clients", 20)?);
    let entry = document.get("max_clients").or_else(|| document.get("max_anonymous_clients"))?;
    (all < anonymous).then(|| {
        let message = format!("max_clients is {all}, less than max_anonymous_clients, {anonymous}");
        document.mistake(entry, message)
    })
}

fn is_beyond_63_bits(setting: &Setting<'_>) -> bool {
    let beyond = |number: &Number| number.wrapped || number.magnitude > i64::MAX as u64;
    match setting {
        Setting::Number(number) => beyond(number),
        Setting::Text(_) => false,
        Setting::List(items) => {
            items.iter().any(|item| matches!(item, Item::Number(number) if beyond(number)))
        }
    }
}

impl Values {
    /// What was expected instead of this value; `None` if it is taken.
    fn refuse(self, setting: &Setting<'_>) -> Option<String> {
        let (fits, expected) = match (self, setting) {
            (Self::Any, _) => (true, String::new()),
            (Self::Bool, setting) => (
                matches!(setting, Setting::Number(n) if !n.negative && n.magnitude <= 1),
                "0 or 1".into(),
            ),
            (Self::Uint(min, max), setting) => {
                let range = u64::from(min)..=u64::from(max);
                let fits = matches!(setting, Setting::Number(n) if !n.negative && range.contains(&n.magnitude));
                (fits, format!("a number from {min} to {max}"))
            }
            (Self::Int, setting) => {
                let fits = matches!(setting, Setting::Number(n)
                    if n.magnitude <= i32::MAX as u64 + u64::from(n.negative));
                (fits, "a number from -2147483648 to 2147483647".into())
            }
            (Self::Text, setting) => {
                (matches!(setting, Setting::Text(_)), "a string in quotes".into())
            }
            (Self::OneOf(words), setting) => {
                let fits = matches!(setting, Setting::Text(text)
                    if words.iter().any(|word| word.as_bytes() == *text));
                (fits, words.map_quoted())
            }
            (Self::Octal, setting) => (
                matches!(setting, Setting::Text(text) if is_octal(text)),
                "\"...\" with octal digits, such as \"0770\"".into(),
            ),
            (Self::Uuid, setting) => (
                matches!(setting, Setting::Text(text) if is_host_uuid(text)),
                "\"...\" with a UUID whose digits are not all the same".into(),
            ),
            (Self::Texts, Setting::List(items)) => {
                let fits = items.iter().all(|item| matches!(item, Item::Text(_)));
                (fits, "a list of strings".into())
            }
            (Self::Texts, _) => (false, "a list of strings in brackets".into()),
        };
        (!fits).then_some(expected)
    }
}

/// Words for a message.
trait Quoted {
    fn map_quoted(&self) -> String;
}

impl Quoted for [&str] {
    fn map_quoted(&self) -> String {
        self.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or ")
    }
}

fn is_octal(text: &[u8]) -> bool {
    !text.is_empty() && text.len() <= 10 && text.iter().all(|digit| (b'0'..=b'7').contains(digit))
}

fn is_host_uuid(text: &[u8]) -> bool {
    Uuid::parse(text).is_some_and(|Uuid(bytes)| {
        let mut digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
        let first = digits.next();
        digits.any(|digit| Some(digit) != first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn said(text: &str, daemon: Option<&str>) -> Vec<String> {
        let document = Document::parse(Path::new("f"), text.as_bytes()).unwrap();
        mistakes(&document, daemon).iter().map(ToString::to_string).collect()
    }

    /// Each line was given to libvirtd 9.0.0, which exits with the files of the first list and runs
    /// with those of the second; tests/system/90-config.sh repeats some of them.
    #[test]
    fn values_are_those_that_libvirtd_takes() {
        for text in [
            "tcp_port = 16509",
            "tls_port = 16514",
            "max_clients = -1",
            "max_clients = 4294967296",
            "max_clients = 0",
            "max_clients = 19",
            "max_anonymous_clients = 5001",
            "max_workers = 0",
            "prio_workers = -1",
            "admin_max_clients = \"x\"",
            "log_level = \"1\"",
            "log_level = 9",
            "host_uuid = \"00000000-0000-0000-0000-000000000000\"",
            "host_uuid = \"11111111-1111-1111-1111-111111111111\"",
            "host_uuid = \"x\"",
            "host_uuid_source = \"foo\"",
            "auth_unix_rw = \"foo\"",
            "auth_tcp = 1",
            "unix_sock_rw_perms = \"0999\"",
            "unix_sock_rw_perms = 0770",
            "unix_sock_dir = 1",
            "listen_tcp = \"1\"",
            "listen_tcp = 2",
            "access_drivers = \"polkit\"",
            "access_drivers = [1]",
            "sasl_allowed_username_list = \"x\"",
            "keepalive_count = -1",
            "keepalive_interval = 2147483648",
            "tls_no_verify_certificate = 3",
            "tcp_min_ssf = 1",
            "ovs_timeout = \"1\"",
            "ca_file = 5",
        ] {
            assert_eq!(said(text, None).len(), 1, "{text}");
        }
        for text in [
            "audit_level = 1",
            "keepalive_interval = -1",
            "keepalive_interval = -2147483648",
            "keepalive_required = \"x\"",
            "min_workers = 100\nmax_workers = 2",
            "max_anonymous_clients = 0\nmax_clients = 0",
            "unknown_key = \"x\"",
            "log_level = 0",
            "access_drivers = [ \"polkit\" ]",
            "host_uuid = \"8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab\"",
            "tcp_port = \"16509\"\ntcp_port = 16509",
        ] {
            assert_eq!(said(text, None), [""; 0], "{text}");
        }
    }

    #[test]
    fn every_mistake_is_reported_with_its_line() {
        let text = "tls_port = 16514\n\ntcp_port = 16509\nunix_sock_rw_perms = \"rwx\"\n";
        assert_eq!(
            said(text, Some("libvirtd")),
            [
                "f:1: tls_port must be a string in quotes, not 16514",
                "f:3: tcp_port must be a string in quotes, not 16509",
                "f:4: unix_sock_rw_perms must be \"...\" with octal digits, such as \"0770\", not \"rwx\"",
            ]
        );
        // virtqemud doesn't listen, and ignores these keys.
        assert_eq!(said(text, Some("virtqemud")).len(), 1);
        assert_eq!(said(text, Some("virtproxyd")).len(), 3);
    }

    #[test]
    fn numbers_beyond_63_bits_are_refused_in_any_key() {
        for text in [
            "audit_level = 18446744073709551617",
            "unknown = 9223372036854775808",
            "unknown = -9223372036854775808",
            "unknown = [ 'a', 9223372036854775808 ]",
        ] {
            let found = said(text, None);
            assert!(found.len() == 1 && found[0].contains("libvirt 11 and 12 refuse"), "{found:?}");
        }
        assert_eq!(said("unknown = 9223372036854775807", None), [""; 0]);
    }
}
