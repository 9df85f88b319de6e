//! The boundary between C and Rust: errno, the thread's last message, a stop for panics, and no
//! cancellation of the thread in a call.
//!
//! The C library cancels a thread by unwinding its stack, which must not reach Rust's frames in the
//! middle of a call. In a thread of asynchronous type it also comes just before the call disables
//! cancellation, or just after. So the exported functions are `extern "C-unwind"`, which let it
//! pass, and nothing on the way to [`caught`] has anything to drop.

use crate::{Error, Failure};
use std::cell::UnsafeCell;
use std::ffi::{c_char, c_int};
use std::fmt::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// Room for a message and its NUL. Fixed, so that reporting a failure needs no memory.
const MESSAGE_ROOM: usize = 1024;

thread_local! {
    static LAST: UnsafeCell<[u8; MESSAGE_ROOM]> = const { UnsafeCell::new([0; MESSAGE_ROOM]) };
}

/// Why a call fails.
pub(super) enum Problem {
    /// The argument with this name is NULL.
    Null(&'static str),
    /// An argument is invalid; the text names it.
    Argument(&'static str),
    /// Something isn't there; the text names it.
    NotFound(&'static str),
    /// No record of the mock matches; the text describes the nearest one.
    NoMatch(String),
    /// The library was built without a feature; the text names it.
    #[cfg(not(feature = "xml"))]
    LeftOut(&'static str),
    /// An error of the library.
    Library(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Library(failure.into())
    }
}

impl Problem {
    fn errno(&self) -> c_int {
        match self {
            Self::Null(_) | Self::Argument(_) => libc::EINVAL,
            Self::NotFound(_) | Self::NoMatch(_) => libc::ENOENT,
            #[cfg(not(feature = "xml"))]
            Self::LeftOut(_) => libc::ENOTSUP,
            Self::Library(error) => error.errno(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null(argument) => write!(f, "{argument} must not be NULL"),
            Self::Argument(what) | Self::NotFound(what) => f.write_str(what),
            Self::NoMatch(nearest) => f.write_str(nearest),
            #[cfg(not(feature = "xml"))]
            Self::LeftOut(what) => f.write_str(what),
            Self::Library(error) => error.fmt(f),
        }
    }
}

unsafe extern "C-unwind" {
    /// Not in the libc crate for glibc.
    fn pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int;
}

/// The same number in glibc and musl.
const CANCEL_DISABLE: c_int = 1;

/// Runs `call` with this thread's cancellation disabled. A thread that is cancelled meanwhile ends
/// at its next cancellation point afterwards, or right afterwards if its type is asynchronous.
fn uncancelled<R: Copy>(call: impl FnOnce() -> R) -> R {
    let mut before = CANCEL_DISABLE;
    // SAFETY: it writes one number.
    unsafe { pthread_setcancelstate(CANCEL_DISABLE, &mut before) };
    let result = call();
    // SAFETY: the state is this thread's own. No frame up to C's has anything to drop.
    unsafe { pthread_setcancelstate(before, ptr::null_mut()) };
    result
}

/// Runs a call that may fail. On success, errno is unchanged. On failure, the result is `failed`,
/// and errno and this thread's message are set.
pub(super) fn guard<R: Copy>(failed: R, call: impl FnOnce() -> Result<R, Problem>) -> R {
    uncancelled(|| caught(failed, call))
}

/// Not inlined: its frame has landing pads, which a cancellation must not meet.
#[inline(never)]
fn caught<R>(failed: R, call: impl FnOnce() -> Result<R, Problem>) -> R {
    let before = errno();
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(result)) => {
            set_errno(before);
            result
        }
        Ok(Err(problem)) => {
            fails(&problem);
            failed
        }
        Err(panic) => {
            // Dropping the payload could panic again.
            std::mem::forget(panic);
            panicked();
            failed
        }
    }
}

#[cold]
fn fails(problem: &Problem) {
    remember(format_args!("{problem}"));
    set_errno(problem.errno());
}

#[cold]
fn panicked() {
    remember(format_args!("an internal error of viraudit"));
    set_errno(libc::EIO);
}

/// Runs a call whose result is 0, or -1 on failure.
pub(super) fn status(call: impl FnOnce() -> Result<(), Problem>) -> c_int {
    guard(-1, || call().map(|()| 0))
}

/// Runs a call that can't fail, or can't report a failure. errno is unchanged.
pub(super) fn quietly<R: Copy>(otherwise: R, call: impl FnOnce() -> R) -> R {
    uncancelled(|| caught_quietly(otherwise, call))
}

/// [`quietly`], where cancellation is disabled already. Not inlined, as [`caught`].
#[inline(never)]
pub(super) fn caught_quietly<R>(otherwise: R, call: impl FnOnce() -> R) -> R {
    let before = errno();
    let result = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        std::mem::forget(panic);
        otherwise
    });
    set_errno(before);
    result
}

fn errno_place() -> *mut c_int {
    // SAFETY: it has no preconditions.
    unsafe { libc::__errno_location() }
}

fn errno() -> c_int {
    // SAFETY: this thread's errno is always there.
    unsafe { errno_place().read() }
}

fn set_errno(errno: c_int) {
    // SAFETY: as above.
    unsafe { errno_place().write(errno) };
}

/// Writes as much as fits, and always leaves room for a NUL.
struct Bounded<'b> {
    room: &'b mut [u8],
    len: usize,
}

impl Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let most = self.room.len() - 1 - self.len;
        let mut len = text.len().min(most);
        while !text.is_char_boundary(len) {
            len -= 1;
        }
        // C would stop reading at a NUL.
        for (to, &from) in self.room[self.len..].iter_mut().zip(&text.as_bytes()[..len]) {
            *to = if from == 0 { b'?' } else { from };
        }
        self.len += len;
        if len < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

fn remember(message: fmt::Arguments<'_>) {
    LAST.with(|last| {
        // SAFETY: only this thread gets at it, and nothing in here calls back. What C still holds
        // of it is a plain pointer, whose text the header says changes with the next failure.
        let room = unsafe { &mut *last.get() };
        let mut bounded = Bounded { room, len: 0 };
        // A message that doesn't fit is cut.
        let _ = bounded.write_fmt(message);
        let len = bounded.len;
        bounded.room[len] = 0;
    });
}

#[unsafe(no_mangle)]
extern "C-unwind" fn virAuditLastError() -> *const c_char {
    LAST.with(|last| last.get().cast_const().cast())
}
