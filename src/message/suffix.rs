//! The origin suffix of every text: the sending process, its client's address and terminal, and the
//! result.

use crate::audit_sys::host;
use crate::client::ClientIdentity;
use crate::record::{FieldSink, Fields, Writer, to_vec};
use crate::value::Value;

/// The sending process, as it appears in its records.
///
/// It is looked up once, before an auditor opens; libaudit looks up the terminal three times for
/// each record. A daemon that gives up its terminal opens its auditor afterwards.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The target of /proc/self/exe; `None` if it can't be read.
    pub exe: Option<Vec<u8>>,
    /// The local host's name.
    pub host: Option<Vec<u8>>,
    /// The first of the file descriptors 0 to 2 that is a terminal, without `/dev/`.
    pub terminal: Option<Vec<u8>>,
}

impl Origin {
    /// This process.
    pub fn current() -> Self {
        Self { exe: host::executable(), host: host::host_name(), terminal: host::terminal() }
    }
}

/// Where the client that asked a daemon for the recorded operation is. [`ClientIdentity`] is who.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Client<'a> {
    /// The client's terminal: `None` for the process's own terminal, empty for no terminal.
    pub tty: Option<&'a [u8]>,
    /// The client's address; `None` or empty if it is local or unknown.
    pub addr: Option<&'a [u8]>,
}

impl Client<'_> {
    /// Calls `send` with a client that is `identity`, at this place.
    pub(crate) fn identified<R>(
        self,
        identity: Option<&ClientIdentity<'_>>,
        send: impl FnOnce(Option<&ClientIdentity<'_>>) -> R,
    ) -> R {
        if self == Self::default() {
            return send(identity);
        }
        let mut client = identity.map(ClientIdentity::borrowed).unwrap_or_default();
        client.terminal = self.tty.map(Value::new).or(client.terminal);
        client.address = self.addr.map(Value::new).or(client.address);
        send(Some(&client))
    }
}

/// The last fields of every record of a process.
///
/// Most records have no client's address and terminal. For these, all fields but the last are formatted once.
#[derive(Clone, Debug)]
pub struct Suffix {
    origin: Origin,
    own: Vec<u8>,
}

impl Suffix {
    /// The fields of `origin`.
    pub fn new(origin: Origin) -> Self {
        let own = to_vec(&OfClient { origin: &origin, client: None });
        Self { origin, own }
    }

    /// The fields of one record.
    pub(super) fn of<'a>(
        &'a self,
        client: Option<&'a ClientIdentity<'a>>,
        success: bool,
    ) -> Ending<'a> {
        let client = client.filter(|client| client.terminal.is_some() || client.address.is_some());
        Ending { suffix: self, client, success }
    }
}

impl From<Origin> for Suffix {
    fn from(origin: Origin) -> Self {
        Self::new(origin)
    }
}

/// The last fields of one record.
pub(super) struct Ending<'a> {
    suffix: &'a Suffix,
    /// A client with an address or a terminal.
    client: Option<&'a ClientIdentity<'a>>,
    success: bool,
}

impl Ending<'_> {
    /// Does what [`Fields::visit`] does, but faster. For values that need no shortening.
    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        if self.client.is_none() {
            if writer.len() > 0 {
                writer.put(b" ");
            }
            writer.put(&self.suffix.own);
            writer.put(if self.success { b" res=success" } else { b" res=failed" });
        } else {
            self.visit(writer);
        }
    }
}

impl Fields for Ending<'_> {
    fn visit<S: FieldSink>(&self, sink: &mut S) {
        OfClient { origin: &self.suffix.origin, client: self.client }.visit(sink);
        sink.plain("res", if self.success { b"success" } else { b"failed" });
    }
}

/// All fields but the last.
struct OfClient<'a> {
    origin: &'a Origin,
    client: Option<&'a ClientIdentity<'a>>,
}

impl Fields for OfClient<'_> {
    fn visit<S: FieldSink>(&self, sink: &mut S) {
        let tty = self.client.and_then(|client| client.terminal.as_deref());
        let addr = self.client.and_then(|client| client.address.as_deref());
        let terminal = tty.or(self.origin.terminal.as_deref());
        let terminal = terminal.filter(|tty| !tty.is_empty());
        // As in libaudit: the host name appears only with a real terminal.
        let local = |tty: &&[u8]| {
            let tty = tty.strip_prefix(b"/dev/").unwrap_or(tty);
            tty.starts_with(b"pts") || tty.starts_with(b"tty")
        };
        let host = terminal.filter(local).and(self.origin.host.as_deref());
        sink.encoded("exe", self.origin.exe.as_deref());
        sink.raw_or_missing("hostname", host);
        sink.raw_or_missing("addr", addr.filter(|addr| !addr.is_empty()));
        sink.raw_or_missing("terminal", terminal);
    }
}
