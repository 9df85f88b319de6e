//! The client of this thread's records.

use super::args::MaybeText;
use super::boundary::{Problem, status};
use crate::client::{self, ClientIdentity};
use crate::error::Error;
use crate::memory;
use std::ffi::c_int;
use std::mem::offset_of;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// The header's virAuditClient. Grows only at its end.
#[derive(Clone, Copy)]
#[repr(C)]
struct CClient<'a> {
    size: usize,
    uid: i64,
    gid: i64,
    pid: i64,
    login_uid: i64,
    session: i64,
    account: MaybeText<'a>,
    sasl: MaybeText<'a>,
    x509: MaybeText<'a>,
    address: MaybeText<'a>,
    terminal: MaybeText<'a>,
}

/// Memory for a client without its texts, and for what the allocator adds to each.
const ROOM: usize = 1024;

const _: () = assert!(offset_of!(CClient<'_>, account) == 48);

/// The number, or `None` for -1. For any other one, the error has the member's `range`.
fn number(value: i64, range: &'static str) -> Result<Option<u32>, Problem> {
    match value {
        -1 => Ok(None),
        value => u32::try_from(value).map(Some).map_err(|_| Problem::Argument(range)),
    }
}

impl CClient<'_> {
    fn identity(&self) -> Result<ClientIdentity<'_>, Problem> {
        let mut client = ClientIdentity::new();
        client.uid = number(self.uid, "client->uid is not from -1 to 4294967295")?;
        client.gid = number(self.gid, "client->gid is not from -1 to 4294967295")?;
        client.pid = number(self.pid, "client->pid is not from -1 to 4294967295")?;
        client.login_uid =
            number(self.login_uid, "client->login_uid is not from -1 to 4294967295")?;
        client.session = number(self.session, "client->session is not from -1 to 4294967295")?;
        client.account = self.account.value();
        client.sasl = self.sasl.value();
        client.x509 = self.x509.value();
        client.address = self.address.value();
        client.terminal = self.terminal.value();
        Ok(client)
    }
}

/// Checks that a client's `size` covers all members of this version. The check reads nothing else.
///
/// # Safety
///
/// `client` is NULL or points to a `size` and as many bytes as it says.
unsafe fn check(client: *const CClient<'_>) -> Result<(), Problem> {
    if client.is_null() {
        return Err(Problem::Null("client"));
    }
    // SAFETY: it isn't NULL, and the first member is always there.
    let size = unsafe { client.cast::<usize>().read() };
    if size < size_of::<CClient<'_>>() {
        return Err(Problem::Argument(
            "client->size is too small: start with VIR_AUDIT_CLIENT_INIT",
        ));
    }
    Ok(())
}

/// # Safety
///
/// `client` is NULL, or has the number of bytes that its `size` says. Its strings are NULL or valid.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn virAuditSetClient(client: *const CClient<'_>) -> c_int {
    status(|| {
        if client.is_null() {
            client::replace(None);
            return Ok(());
        }
        // SAFETY: as the caller promises.
        unsafe { check(client) }?;
        // SAFETY: all members are there.
        let given = unsafe { client.read() };
        let client = given.identity()?;
        let texts =
            [&client.account, &client.sasl, &client.x509, &client.address, &client.terminal];
        let len: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        memory::ensure(len + ROOM)?;
        client::replace(Some(Arc::new(client.into_owned())));
        Ok(())
    })
}

/// # Safety
///
/// `client` is NULL, or has the number of bytes that its `size` says.
#[unsafe(no_mangle)]
unsafe extern "C-unwind" fn virAuditClientFromSocket(fd: c_int, client: *mut CClient<'_>) -> c_int {
    status(|| {
        // SAFETY: as the caller promises.
        unsafe { check(client) }?;
        if fd < 0 {
            return Err(Problem::Library(Error::Io {
                what: "fd is no descriptor".into(),
                source: std::io::Error::from_raw_os_error(libc::EBADF),
            }));
        }
        // SAFETY: it isn't -1, and only its number is used while this call lasts.
        let socket = unsafe { BorrowedFd::borrow_raw(fd) };
        let peer = ClientIdentity::from_socket(socket).map_err(|source| {
            Problem::Library(Error::Io { what: "the socket's peer is unknown".into(), source })
        })?;
        let number = |value: Option<u32>| value.map_or(-1, i64::from);
        // SAFETY: all members are there, and nobody else uses the caller's client meanwhile.
        let client = unsafe { &mut *client };
        client.uid = number(peer.uid);
        client.gid = number(peer.gid);
        client.pid = number(peer.pid);
        client.login_uid = number(peer.login_uid);
        client.session = number(peer.session);
        Ok(())
    })
}
