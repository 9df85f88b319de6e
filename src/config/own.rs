//! viraudit.conf: the settings of a preloaded library.

use super::document::Document;
use super::parser::Setting;
use crate::error::ConfigError;

/// The file, unless VIRAUDIT_CONF names another one.
pub const PATH: &str = "/etc/viraudit/viraudit.conf";

/// The key of the delivery: "direct" or "queued".
pub const DELIVERY: &str = "delivery";

/// The key of the queue's limit, in records.
pub const QUEUE_LIMIT: &str = "queue_limit";

/// The key of the switch that makes records name the client: 0 or 1.
pub const RECORD_CLIENT: &str = "record_client";

/// The key of the destination, for tests: "kernel", "mock" or "file:PATH". A daemon that links the
/// library reads it, too.
pub const DELIVERY_TARGET: &str = "delivery_target";

/// The values of [`DELIVERY_TARGET`], in messages.
pub(crate) const TARGETS: &str = "\"kernel\", \"mock\" or \"file:PATH\"";

/// Every mistake, in the order of the file: a value that isn't taken, a key that isn't known.
pub fn mistakes(document: &Document<'_>) -> Vec<ConfigError> {
    let mistake = |entry: &super::parser::Entry<'_>| match (entry.key, &entry.setting) {
        (DELIVERY, Setting::Text(b"direct" | b"queued")) => None,
        (DELIVERY, _) => Some(document.unfit(entry, "\"direct\" or \"queued\"")),
        (QUEUE_LIMIT, Setting::Number(number)) if !number.negative && !number.wrapped => None,
        (QUEUE_LIMIT, _) => Some(document.unfit(entry, "a number from 0 to 18446744073709551615")),
        (RECORD_CLIENT, Setting::Number(number)) if !number.negative && number.magnitude <= 1 => {
            None
        }
        (RECORD_CLIENT, _) => Some(document.unfit(entry, "0 or 1")),
        (DELIVERY_TARGET, Setting::Text(b"kernel" | b"mock")) => None,
        (DELIVERY_TARGET, Setting::Text([b'f', b'i', b'l', b'e', b':', _, ..])) => None,
        (DELIVERY_TARGET, _) => Some(document.unfit(entry, TARGETS)),
        (key, _) => {
            let message = format!(
                "'{key}' is not a setting of viraudit.conf; those are {DELIVERY}, {QUEUE_LIMIT}, \
                 {RECORD_CLIENT} and {DELIVERY_TARGET}"
            );
            Some(document.mistake(entry, message))
        }
    };
    document.entries().iter().filter_map(mistake).collect()
}
