//! How an auditor behaves.

use crate::config::Config;
use crate::log::{LogCrate, LogSink};
use crate::message::Origin;
use std::sync::Arc;

/// Whether a caller waits for the kernel.
///
/// With the feature `serde`, it is `"direct"` or `{"queued": {"limit": 8192}}` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Delivery {
    /// The caller waits, as in libvirt: when a call returns, its record is in the kernel or has
    /// failed. That takes microseconds, but up to a minute for each record while auditd is frozen.
    #[default]
    Direct,
    /// A thread of the auditor delivers, and the caller doesn't wait for the kernel.
    ///
    /// When `limit` records wait already, the queue is full: at level 1 a record is dropped and
    /// counted, at level 2 and above the caller waits for room.
    Queued {
        /// How many records may wait; 0 counts as 1.
        limit: usize,
    },
}

/// How an [`Auditor`](super::Auditor) behaves; by default as libvirt does: level 1, no copies of
/// records in the log, direct delivery, log lines to the `log` crate.
///
/// ```
/// use viraudit::{Config, Delivery, Options};
///
/// let options = Options::new().level(2).logging(true).delivery(Delivery::Queued { limit: 8192 });
///
/// // Level and logging as in libvirtd.conf:
/// let config = Config::load("/etc/libvirt/libvirtd.conf")?;
/// let options = Options::from(config).delivery(Delivery::Queued { limit: 8192 });
/// # Ok::<(), viraudit::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    pub(crate) level: u32,
    pub(crate) logging: bool,
    pub(crate) log: Arc<dyn LogSink>,
    pub(crate) origin: Origin,
    pub(crate) delivery: Delivery,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            level: 1,
            logging: false,
            log: Arc::new(LogCrate),
            origin: Origin::current(),
            delivery: Delivery::Direct,
        }
    }
}

impl Options {
    /// libvirt's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// libvirtd.conf's `audit_level`: 0 sends nothing, 1 sends where the kernel takes records, 2
    /// and above fail to open where it doesn't.
    pub fn level(self, level: u32) -> Self {
        Self { level, ..self }
    }

    /// libvirtd.conf's `audit_logging`: whether each record is also logged.
    pub fn logging(self, logging: bool) -> Self {
        Self { logging, ..self }
    }

    /// Where log lines go.
    pub fn log(self, log: impl LogSink + 'static) -> Self {
        Self { log: Arc::new(log), ..self }
    }

    /// Sets the facts about this process in each record; by default [`Origin::current`].
    pub fn origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Whether callers wait for the kernel.
    pub fn delivery(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }
}

impl From<Config> for Options {
    fn from(config: Config) -> Self {
        Self::new().level(config.audit_level).logging(config.audit_logging)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_sets_level_and_logging() {
        let config = Config { audit_level: 2, audit_logging: true };
        let options = Options::from(config).delivery(Delivery::Queued { limit: 7 });
        assert_eq!((options.level, options.logging), (2, true));
        assert_eq!(options.delivery, Delivery::Queued { limit: 7 });
    }

    #[cfg(feature = "serde")]
    #[test]
    fn delivery_goes_both_ways_through_json() {
        let table = [
            (Delivery::Direct, r#""direct""#),
            (Delivery::Queued { limit: 8192 }, r#"{"queued":{"limit":8192}}"#),
        ];
        for (delivery, json) in table {
            assert_eq!(serde_json::to_string(&delivery).unwrap(), json);
            assert_eq!(serde_json::from_str::<Delivery>(json).unwrap(), delivery);
        }
    }
}
