//! The client that a record names: the person who asked.

use super::{Value, text};
use crate::events::User;
use crate::line::fields::{Fields, decoded, number};

/// Who caused an event.
#[derive(Clone, Copy, Default)]
pub(super) struct Author<'r> {
    /// The client as a person, else the daemon's user.
    pub(super) user: Option<&'r str>,
    /// The login user's id, if known.
    pub(super) auid: Option<u32>,
    /// The client that the record names.
    pub(super) client: Option<&'r ClientView>,
    /// Whether the daemon acted for itself: the log names clients, but this record names none, and the daemon has
    /// no login.
    pub(super) by_daemon: bool,
}

/// The client of a record. What isn't known is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientView {
    /// The account's name.
    pub account: Option<String>,
    /// The user id of the client's process.
    pub uid: Option<u32>,
    /// Its group id.
    pub gid: Option<u32>,
    /// Its process id.
    pub pid: Option<u32>,
    /// The user id of its login; `None` also if it has none.
    pub auid: Option<u32>,
    /// The session of its login; `None` also if it has none.
    pub session: Option<u32>,
    /// The name that SASL authenticated.
    pub sasl: Option<String>,
    /// The distinguished name of its certificate.
    pub x509: Option<String>,
}

impl ClientView {
    /// The keys of [`ClientView::values`] in a report, in their order.
    pub const KEYS: [&str; 8] = [
        "client",
        "client_uid",
        "client_gid",
        "client_pid",
        "client_auid",
        "client_ses",
        "client_sasl",
        "client_x509",
    ];

    /// The client of a user's records.
    pub(super) fn of(user: &User) -> Option<Self> {
        if user.client.is_empty() {
            return None;
        }
        let mut client = Self::default();
        for field in Fields::new(&user.client) {
            let shown = || Some(text(&decoded(field.value)).into_owned());
            let known = |number: Option<u32>| number.filter(|&number| number != u32::MAX);
            match field.key {
                b"acct" => client.account = shown(),
                b"client-uid" => client.uid = number(field.value),
                b"client-gid" => client.gid = number(field.value),
                b"client-pid" => client.pid = number(field.value),
                b"sauid" => client.auid = known(number(field.value)),
                b"client-ses" => client.session = known(number(field.value)),
                b"client-sasl" => client.sasl = shown(),
                b"client-x509" => client.x509 = shown(),
                _ => {}
            }
        }
        Some(client)
    }

    /// What is known, each with its key in a report.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, Value<'_>)> {
        fn text(text: &Option<String>) -> Value<'_> {
            text.as_deref().map_or(Value::Null, |text| Value::Text(text.into()))
        }
        fn number(number: Option<u32>) -> Value<'static> {
            number.map_or(Value::Null, |number| Value::Number(number.into()))
        }
        let values = [
            text(&self.account),
            number(self.uid),
            number(self.gid),
            number(self.pid),
            number(self.auid),
            number(self.session),
            text(&self.sasl),
            text(&self.x509),
        ];
        Self::KEYS.into_iter().zip(values).filter(|(_, value)| *value != Value::Null)
    }

    /// Whether the client has this name: one of its names, or one of its user ids.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let ids = [self.uid, self.auid].into_iter().flatten();
        [&self.account, &self.sasl, &self.x509].into_iter().flatten().any(|known| known == name)
            || ids.into_iter().any(|id| id.to_string() == name)
    }
}
