//! The client of a daemon: whose request an operation is.
//!
//! A daemon's records are sent by the daemon, so their `uid=` is the daemon's. If the daemon sets
//! the client, each record also names the client, between its own fields and `exe=`:
//!
//! | field | value |
//! |---|---|
//! | `acct` | the account's name |
//! | `client-uid`, `client-gid` | the ids of the client's process |
//! | `client-pid` | the client's process |
//! | `sauid`, `client-ses` | the login that the process belongs to, also behind `sudo`; 4294967295 without one |
//! | `client-sasl` | the name that SASL authenticated |
//! | `client-x509` | the distinguished name of the client's certificate |
//!
//! `acct` and `sauid` are in the audit project's dictionary of fields, so ausearch interprets them.
//! The other names are viraudit's own: a second `uid=` or `pid=` would confuse readers. Unknown
//! values have no field.

use crate::audit_sys::peer::{Login, Peer};
use crate::encode::decode;
use crate::record::{FieldSink, Fields, ParseError};
use crate::value::Value;
use std::cell::Cell;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::Arc;

/// Whose request an operation is. `None` is unknown.
///
/// ```
/// use viraudit::client::ClientIdentity;
/// use viraudit::{Auditor, Guest, MockBackend, Options};
///
/// let mock = MockBackend::new();
/// let auditor = Auditor::open(mock.clone(), Options::new())?;
/// let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
///
/// let mut alice = ClientIdentity::new();
/// alice.account = Some("alice".into());
/// alice.uid = Some(1000);
/// auditor.guest(&guest).for_client(&alice).stop("shutdown", 0)?;
///
/// let text = mock.records()[0].text.clone();
/// assert!(String::from_utf8_lossy(&text).contains(r#" acct="alice" client-uid=1000 exe="#));
/// # Ok::<(), viraudit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClientIdentity<'a> {
    /// The account's name on this host.
    pub account: Option<Value<'a>>,
    /// The effective user id of the client's process.
    pub uid: Option<u32>,
    /// The effective group id of the client's process.
    pub gid: Option<u32>,
    /// The client's process on this host.
    pub pid: Option<u32>,
    /// The user id of the login that the process belongs to (audit's login id); 4294967295 if it
    /// belongs to none.
    pub login_uid: Option<u32>,
    /// The session of that login; 4294967295 if there is none.
    pub session: Option<u32>,
    /// The name that SASL authenticated.
    pub sasl: Option<Value<'a>>,
    /// The distinguished name of the client's X.509 certificate.
    pub x509: Option<Value<'a>>,
    /// The client's address, for `addr=`; `None` or empty if it is local.
    pub address: Option<Value<'a>>,
    /// The client's terminal, for `terminal=`: `None` for the daemon's own, empty for no terminal.
    pub terminal: Option<Value<'a>>,
}

impl<'a> ClientIdentity<'a> {
    /// A client of whom nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The process at the other end of a connected Unix socket: its user, group and process id, and
    /// the login that it belongs to. The login is unknown if the process has ended, and before Linux
    /// 6.5. The account's name is left to the caller, because looking it up may take long.
    ///
    /// # Errors
    ///
    /// That of getsockopt(2), or ENOTCONN if the socket has no peer.
    pub fn from_socket(socket: impl AsFd) -> io::Result<ClientIdentity<'static>> {
        Self::of_descriptor(socket.as_fd())
    }

    fn of_descriptor(socket: BorrowedFd<'_>) -> io::Result<ClientIdentity<'static>> {
        let peer = Peer::of_socket(socket.as_raw_fd())?;
        let login = Login::of_peer(socket.as_raw_fd(), &peer);
        Ok(ClientIdentity {
            uid: Some(peer.uid),
            gid: Some(peer.gid),
            pid: u32::try_from(peer.pid).ok().filter(|&pid| pid > 0),
            login_uid: login.uid,
            session: login.session,
            ..ClientIdentity::default()
        })
    }

    /// The same client, borrowed: no allocation.
    pub fn borrowed(&self) -> ClientIdentity<'_> {
        fn text<'v>(value: &'v Option<Value<'_>>) -> Option<Value<'v>> {
            value.as_ref().map(Value::borrowed)
        }
        ClientIdentity {
            account: text(&self.account),
            sasl: text(&self.sasl),
            x509: text(&self.x509),
            address: text(&self.address),
            terminal: text(&self.terminal),
            ..*self
        }
    }

    /// The same client, owning its texts.
    pub fn into_owned(self) -> ClientIdentity<'static> {
        ClientIdentity {
            account: self.account.map(Value::into_owned),
            uid: self.uid,
            gid: self.gid,
            pid: self.pid,
            login_uid: self.login_uid,
            session: self.session,
            sasl: self.sasl.map(Value::into_owned),
            x509: self.x509.map(Value::into_owned),
            address: self.address.map(Value::into_owned),
            terminal: self.terminal.map(Value::into_owned),
        }
    }

    /// Makes this the client of all records that this thread composes, until the scope is dropped:
    /// single records, those of batches, and those that are queued. A client that is set for a
    /// [`GuestAuditor`](crate::auditor::GuestAuditor) comes first.
    ///
    /// ```
    /// use viraudit::client::ClientIdentity;
    /// # use viraudit::{Auditor, Guest, MockBackend, Options, Record};
    /// # let mock = MockBackend::new();
    /// # let auditor = Auditor::open(mock.clone(), Options::new())?;
    /// # let guest = Guest::new("kvm", "web1", "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab".parse()?);
    ///
    /// let mut alice = ClientIdentity::new();
    /// alice.account = Some("alice".into());
    /// {
    ///     let _request = alice.scope();
    ///     auditor.emit(Record::start(&guest, "booted", 4711, true))?;
    /// }
    /// auditor.emit(Record::stop(&guest, "crashed", 0))?; // no client requested it
    ///
    /// let named: Vec<bool> = mock.records().iter().map(|r| r.field("acct").is_some()).collect();
    /// assert_eq!(named, [true, false]);
    /// # Ok::<(), viraudit::Error>(())
    /// ```
    pub fn scope(self) -> ClientScope {
        ClientScope { before: replace(Some(Arc::new(self.into_owned()))), thread: PhantomData }
    }

    /// Reads the fields at the end of `body`, and returns the text before them.
    pub(crate) fn strip_from(body: &'a [u8]) -> Result<(&'a [u8], Self), ParseError> {
        let mut client = Self::default();
        let mut rest = body;
        // Those that may come before what has been read.
        let mut keys = &KEYS[..];
        while let Some(at) = rest.iter().rposition(|&byte| byte == b' ') {
            let mut parts = rest[at + 1..].splitn(2, |&byte| byte == b'=');
            let key = parts.next().unwrap_or_default();
            let Some(which) = keys.iter().position(|known| known.as_bytes() == key) else { break };
            client.set(keys[which], parts.next().unwrap_or_default())?;
            keys = &keys[..which];
            rest = &rest[..at];
        }
        Ok((rest, client))
    }

    /// Sets the field with this key, one of [`KEYS`].
    fn set(&mut self, key: &'static str, value: &'a [u8]) -> Result<(), ParseError> {
        let number = || std::str::from_utf8(value).ok()?.parse().ok();
        let text = || Some(Value::from(decode(value)?));
        let known = match key {
            "acct" => set(&mut self.account, text()),
            "client-uid" => set(&mut self.uid, number()),
            "client-gid" => set(&mut self.gid, number()),
            "client-pid" => set(&mut self.pid, number()),
            "sauid" => set(&mut self.login_uid, number()),
            "client-ses" => set(&mut self.session, number()),
            "client-sasl" => set(&mut self.sasl, text()),
            _ => set(&mut self.x509, text()),
        };
        if known { Ok(()) } else { Err(ParseError::Unexpected(key)) }
    }
}

/// Sets a member to what was read. Returns whether anything was.
fn set<T>(to: &mut Option<T>, value: Option<T>) -> bool {
    *to = value;
    to.is_some()
}

/// The fields before `exe=`. The address and the terminal are after it.
impl Fields for ClientIdentity<'_> {
    fn visit<S: FieldSink>(&self, sink: &mut S) {
        fn text<S: FieldSink>(sink: &mut S, key: &str, value: &Option<Value<'_>>) {
            if let Some(value) = value {
                sink.encoded(key, Some(value));
            }
        }
        text(sink, "acct", &self.account);
        let numbers = [
            ("client-uid", self.uid),
            ("client-gid", self.gid),
            ("client-pid", self.pid),
            ("sauid", self.login_uid),
            ("client-ses", self.session),
        ];
        for (key, value) in numbers {
            if let Some(value) = value {
                sink.number(key, value);
            }
        }
        text(sink, "client-sasl", &self.sasl);
        text(sink, "client-x509", &self.x509);
    }
}

/// The keys of the fields before `exe=`, in their order.
pub const KEYS: [&str; 8] = [
    "acct",
    "client-uid",
    "client-gid",
    "client-pid",
    "sauid",
    "client-ses",
    "client-sasl",
    "client-x509",
];

thread_local! {
    /// Whether this thread has ever had a client. It has no destructor, so reading it registers none:
    /// that would allocate.
    static USED: Cell<bool> = const { Cell::new(false) };

    /// The client of this thread's records.
    static CURRENT: Cell<Option<Arc<ClientIdentity<'static>>>> = const { Cell::new(None) };
}

/// Replaces this thread's client, and returns the previous one. A thread that is ending has none.
pub(crate) fn replace(
    client: Option<Arc<ClientIdentity<'static>>>,
) -> Option<Arc<ClientIdentity<'static>>> {
    if !USED.get() && client.is_none() {
        return None;
    }
    USED.set(true);
    CURRENT.try_with(|current| current.replace(client)).ok().flatten()
}

/// This thread's client.
pub(crate) fn current() -> Option<Arc<ClientIdentity<'static>>> {
    if !USED.get() {
        return None;
    }
    CURRENT
        .try_with(|current| {
            let client = current.take()?;
            current.set(Some(Arc::clone(&client)));
            Some(client)
        })
        .ok()
        .flatten()
}

/// The time in which this thread's records name a client: [`ClientIdentity::scope`]. Dropping it
/// brings back the thread's previous client.
#[derive(Debug)]
#[must_use = "the client is set until this is dropped"]
pub struct ClientScope {
    before: Option<Arc<ClientIdentity<'static>>>,
    /// The client is this thread's.
    thread: PhantomData<*const ()>,
}

impl Drop for ClientScope {
    fn drop(&mut self) {
        replace(self.before.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::to_vec;

    fn everything() -> ClientIdentity<'static> {
        ClientIdentity {
            account: Some("alice b".into()),
            uid: Some(1000),
            gid: Some(0),
            pid: Some(u32::MAX - 1),
            login_uid: Some(u32::MAX),
            session: Some(3),
            sasl: Some("alice@EXAMPLE".into()),
            x509: Some("C=GB,O=Example,CN=\"alice\"".into()),
            ..ClientIdentity::default()
        }
    }

    #[test]
    fn fields_are_in_the_order_of_the_keys_and_read_back() {
        let text = [b"op=stop ".to_vec(), to_vec(&everything())].concat();
        let keys: Vec<&[u8]> = text
            .split(|&byte| byte == b' ')
            .skip(1)
            .map(|word| word.split(|&byte| byte == b'=').next().unwrap())
            .collect();
        assert_eq!(keys, KEYS.map(str::as_bytes));
        assert_eq!(ClientIdentity::strip_from(&text), Ok((&b"op=stop"[..], everything())));
        assert_eq!(to_vec(&ClientIdentity::new()), b"");
    }

    #[test]
    fn only_fields_at_the_end_and_in_order_are_the_clients() {
        let table: [(&[u8], &[u8]); 6] = [
            (b"a=1 acct=\"x\"", b"a=1"),
            (b"a=1", b"a=1"),
            (b"acct=\"x\"", b"acct=\"x\""),
            (b"a=1 acct=\"x\" b=2 client-uid=1", b"a=1 acct=\"x\" b=2"),
            (b"a=1 acct=\"x\" acct=\"y\"", b"a=1 acct=\"x\""),
            (b"a=1 client-pid=2 client-uid=1", b"a=1 client-pid=2"),
        ];
        for (text, rest) in table {
            assert_eq!(ClientIdentity::strip_from(text).unwrap().0, rest);
        }
        for (wrong, key) in [
            (&b"a=1 acct=x"[..], "acct"),
            (b"a=1 client-uid=-1", "client-uid"),
            (b"a=1 client-x509", "client-x509"),
            (b"a=1 sauid=4294967296", "sauid"),
        ] {
            assert_eq!(ClientIdentity::strip_from(wrong), Err(ParseError::Unexpected(key)));
        }
    }

    #[test]
    fn scopes_nest_and_belong_to_their_thread() {
        let account = || current().map(|client| client.account.as_ref().unwrap().to_vec());
        let named = |name: &'static str| ClientIdentity {
            account: Some(name.into()),
            ..ClientIdentity::default()
        };
        assert_eq!(account(), None);
        let outer = named("alice").scope();
        {
            let _inner = named("bob").scope();
            assert_eq!(account().as_deref(), Some(&b"bob"[..]));
            assert_eq!(std::thread::spawn(|| current().is_none()).join().ok(), Some(true));
        }
        assert_eq!(account().as_deref(), Some(&b"alice"[..]));
        drop(outer);
        assert_eq!(account(), None);
    }
}
