//! The client whose call libvirt handles in this thread, from libvirt's own functions.
//!
//! While a daemon of libvirt's handles a client's call, its thread has that client's identity. The
//! functions that read it are private to libvirt. Their signatures are those of all versions from
//! [`OLDEST`] to [`NEWEST`]; in another version they aren't called. (virIdentityGetParameters, which
//! returns all values at once, has changed its signature in between.)
//!
//! Each of them resets the thread's last error, which is libvirt's answer to the client when the
//! operation has failed. So the error is put aside meanwhile.

use super::libvirt::{self, Loaded};
use crate::audit_sys::peer::Login;
use crate::client::ClientIdentity;
use crate::value::Value;
use once_cell::race::OnceBox;
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_ulong, c_void};
use std::fmt;
use std::marker::PhantomData;
use std::mem::{MaybeUninit, transmute};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// libvirt's number of version 9.0.0, the oldest in which this was tried.
const OLDEST: c_ulong = 9_000_000;

/// libvirt's number of the last release of version 12.8, the newest in which this was tried.
const NEWEST: c_ulong = 12_008_999;

/// How long a process's login is remembered. A guest's start sends tens of records.
const LOGIN_KEPT: Duration = Duration::from_secs(1);

/// A reference to a client's identity in libvirt, which is a GObject.
type Identity = *mut c_void;

/// A getter: 1 and the value, 0 if the client has none, or -1.
type Get<T> = unsafe extern "C" fn(Identity, *mut T) -> c_int;

/// libvirt's public virError, which is part of its ABI.
#[repr(C)]
struct VirError {
    code: c_int,
    domain: c_int,
    message: *mut c_char,
    level: c_int,
    connection: *mut c_void,
    guest: *mut c_void,
    texts: [*mut c_char; 3],
    numbers: [c_int; 2],
    network: *mut c_void,
}

type GetIdentity = unsafe extern "C" fn() -> Identity;
type Unref = unsafe extern "C" fn(Identity);
type LastError = unsafe extern "C" fn() -> *mut VirError;
type ResetError = unsafe extern "C" fn();

/// libvirt's functions.
struct Functions {
    current: GetIdentity,
    unref: Unref,
    last_error: LastError,
    reset_error: ResetError,
    user: Get<*const c_char>,
    uid: Get<libc::uid_t>,
    gid: Get<libc::gid_t>,
    pid: Get<libc::pid_t>,
    started: Get<u64>,
    sasl: Get<*const c_char>,
    x509: Get<*const c_char>,
}

/// Why libvirt's functions can't be called.
#[derive(Clone, Copy)]
pub(super) enum Unusable {
    /// The version, as libvirt's number.
    Version(c_ulong),
    /// A function that is missing.
    Missing(&'static CStr),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("record_client is 1, but records name no client: ")?;
        match *self {
            Self::Version(number) => {
                let parts = |number| (number / 1_000_000, number / 1000 % 1000, number % 1000);
                let (major, minor, release) = parts(number);
                let (oldest, newest) = (parts(OLDEST), parts(NEWEST));
                write!(
                    f,
                    "libvirt {major}.{minor}.{release} is not one of the known versions, {}.{} to {}.{}",
                    oldest.0, oldest.1, newest.0, newest.1
                )
            }
            Self::Missing(name) => write!(f, "libvirt has no {}", name.to_string_lossy()),
        }
    }
}

impl Functions {
    fn find() -> Result<Self, Unusable> {
        let libvirt = libvirt::loaded().ok_or(Unusable::Missing(c"virGetVersion"))?;
        let number = version(&libvirt).ok_or(Unusable::Missing(c"virGetVersion"))?;
        if !(OLDEST..=NEWEST).contains(&number) {
            return Err(Unusable::Version(number));
        }
        macro_rules! find {
            ($name:literal as $type:ty) => {{
                let symbol = libvirt.symbol($name);
                if symbol.is_null() {
                    return Err(Unusable::Missing($name));
                }
                // SAFETY: it is libvirt's function of that name, or GObject's, and has this type in all
                // versions that are known.
                unsafe { transmute::<*mut c_void, $type>(symbol) }
            }};
        }
        Ok(Self {
            current: find!(c"virIdentityGetCurrent" as GetIdentity),
            unref: find!(c"g_object_unref" as Unref),
            last_error: find!(c"virGetLastError" as LastError),
            reset_error: find!(c"virResetLastError" as ResetError),
            user: find!(c"virIdentityGetUserName" as Get<*const c_char>),
            uid: find!(c"virIdentityGetUNIXUserID" as Get<libc::uid_t>),
            gid: find!(c"virIdentityGetUNIXGroupID" as Get<libc::gid_t>),
            pid: find!(c"virIdentityGetProcessID" as Get<libc::pid_t>),
            started: find!(c"virIdentityGetProcessTime" as Get<u64>),
            sasl: find!(c"virIdentityGetSASLUserName" as Get<*const c_char>),
            x509: find!(c"virIdentityGetX509DName" as Get<*const c_char>),
        })
    }
}

fn version(libvirt: &Loaded) -> Option<c_ulong> {
    type GetVersion = unsafe extern "C" fn(*mut c_ulong, *const c_char, *mut c_ulong) -> c_int;
    let symbol = libvirt.symbol(c"virGetVersion");
    // SAFETY: libvirt's public function has this type, and a null one becomes None.
    let get = unsafe { transmute::<*mut c_void, Option<GetVersion>>(symbol) }?;
    let mut number = 0;
    // SAFETY: the first number is written; the other arguments may be NULL.
    let result = unsafe { get(&mut number, ptr::null(), ptr::null_mut()) };
    (result == 0).then_some(number)
}

/// libvirt's functions, looked up once.
static FUNCTIONS: OnceBox<Result<Functions, Unusable>> = OnceBox::new();

/// The setting `record_client`.
static ENABLED: AtomicBool = AtomicBool::new(false);

/// Turns the recording of clients on or off.
pub(super) fn set_recording(enabled: bool) -> Result<(), Unusable> {
    ENABLED.store(enabled, Ordering::SeqCst);
    if !enabled {
        return Ok(());
    }
    match FUNCTIONS.get_or_init(|| Box::new(Functions::find())) {
        Ok(_) => Ok(()),
        Err(unusable) => Err(*unusable),
    }
}

/// Calls `send` with the client whose call libvirt handles in this thread: `None` if there is none,
/// or if clients aren't recorded.
pub(super) fn with_client<R>(send: impl FnOnce(Option<&ClientIdentity<'_>>) -> R) -> R {
    if !ENABLED.load(Ordering::Relaxed) {
        return send(None);
    }
    let Some(Ok(functions)) = FUNCTIONS.get() else { return send(None) };
    // SAFETY: it takes nothing, and returns null or a reference that is ours.
    let identity = unsafe { (functions.current)() };
    if identity.is_null() {
        return send(None);
    }
    let reference = Reference { functions, identity };
    let client = reference.client();
    send(client.as_ref())
}

/// A reference to an identity, and what its values borrow from.
struct Reference<'f> {
    functions: &'f Functions,
    identity: Identity,
}

impl Drop for Reference<'_> {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and is given up once.
        unsafe { (self.functions.unref)(self.identity) };
    }
}

impl Reference<'_> {
    /// The client. `None` for the daemon's own identity: nobody's call is being handled.
    fn client(&self) -> Option<ClientIdentity<'_>> {
        let error = ErrorAside::new(self.functions);
        let pid = self.get(self.functions.pid);
        // SAFETY: getpid has no preconditions and can't fail.
        if pid == Some(unsafe { libc::getpid() }) {
            return None;
        }
        let mut client = ClientIdentity::new();
        client.account = self.text(self.functions.user);
        client.uid = self.get(self.functions.uid);
        client.gid = self.get(self.functions.gid);
        client.pid = pid.and_then(|pid| u32::try_from(pid).ok());
        client.sasl = self.text(self.functions.sasl);
        client.x509 = self.text(self.functions.x509);
        let started = self.get(self.functions.started);
        drop(error);
        if let (Some(pid), Some(started)) = (pid, started) {
            let login = login(pid, started);
            (client.login_uid, client.session) = (login.uid, login.session);
        }
        Some(client)
    }

    fn get<T>(&self, get: Get<T>) -> Option<T> {
        let mut value = MaybeUninit::uninit();
        // SAFETY: the identity is alive, and the getter writes the value when it returns 1.
        let found = unsafe { get(self.identity, value.as_mut_ptr()) };
        // SAFETY: it returned 1.
        (found == 1).then(|| unsafe { value.assume_init() })
    }

    fn text(&self, get: Get<*const c_char>) -> Option<Value<'_>> {
        let text = self.get(get).filter(|text| !text.is_null())?;
        // SAFETY: it is a string of the identity's, which lives as long as our reference, and an
        // identity that is in use isn't changed.
        Some(Value::from(unsafe { CStr::from_ptr(text) }))
    }
}

/// The thread's last error, put aside while functions that reset it are called.
struct ErrorAside<'f> {
    functions: &'f Functions,
    /// The place of the error, and what it was.
    error: Option<(*mut VirError, VirError)>,
    /// The error is this thread's.
    thread: PhantomData<*const ()>,
}

impl<'f> ErrorAside<'f> {
    fn new(functions: &'f Functions) -> Self {
        // SAFETY: it takes nothing, and returns null or this thread's error.
        let place = unsafe { (functions.last_error)() };
        let error = (!place.is_null()).then(|| {
            let none = MaybeUninit::zeroed();
            // SAFETY: null pointers and numbers of 0 are valid.
            let none = unsafe { none.assume_init() };
            // SAFETY: it is this thread's; libvirt finds no error in its place, and frees nothing.
            (place, unsafe { ptr::replace(place, none) })
        });
        Self { functions, error, thread: PhantomData }
    }
}

impl Drop for ErrorAside<'_> {
    fn drop(&mut self) {
        if let Some((place, error)) = self.error.take() {
            // SAFETY: it takes nothing, and frees what a getter may have left in the place.
            unsafe { (self.functions.reset_error)() };
            // SAFETY: the place is this thread's as long as the thread lives.
            unsafe { place.write(error) };
        }
    }
}

/// A login, of which process, and when it was read.
type Read = (c_int, u64, Instant, Login);

thread_local! {
    static LAST: Cell<Option<Read>> = const { Cell::new(None) };
}

/// The login of a client's process.
fn login(pid: c_int, started: u64) -> Login {
    let last = LAST.try_with(Cell::get).ok().flatten();
    if let Some((of, then, read, login)) = last
        && (of, then) == (pid, started)
        && read.elapsed() < LOGIN_KEPT
    {
        return login;
    }
    let login = Login::of_process(pid, started);
    let _ = LAST.try_with(|last| last.set(Some((pid, started, Instant::now(), login))));
    login
}
