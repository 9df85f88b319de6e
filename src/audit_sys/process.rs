//! The process and its forks, and its signals.
//!
//! A fork's child must not use its parent's socket. Nor may it wait for a lock that another thread
//! of the parent held at the fork.

#![allow(unsafe_code)]

use once_cell::race::OnceBox;
#[cfg(feature = "capi")]
use std::ffi::OsString;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// A number that is constant within a process, and differs in a fork's child. It costs two atomic
/// loads. The first call registers a fork handler.
pub(crate) fn generation() -> u32 {
    if !REGISTERED.load(Ordering::Acquire) {
        // Two threads may both get here. Then the handler counts twice for each fork, which is
        // harmless. With a `Once`, a child that is forked meanwhile would wait forever.
        //
        // SAFETY: `forked` is async-signal-safe and lives as long as this library: libc drops
        // the handler when the library is unloaded. Without memory for it, it isn't called,
        // and a child shares its parent's socket, which the kernel tolerates.
        unsafe { libc::pthread_atfork(None, None, Some(forked)) };
        REGISTERED.store(true, Ordering::Release);
    }
    GENERATION.load(Ordering::Relaxed)
}

unsafe extern "C" fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A value that each process has for itself. A fork's child starts with a default one, so that it
/// never waits for a lock of its parent's threads.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    generation: u32,
    value: T,
    child: OnceBox<PerProcess<T>>,
}

impl<T: Default> Default for PerProcess<T> {
    fn default() -> Self {
        Self { generation: generation(), value: T::default(), child: OnceBox::new() }
    }
}

impl<T: Default> PerProcess<T> {
    /// This process's value.
    pub(crate) fn get(&self) -> &T {
        let now = generation();
        let mut own = self;
        while own.generation != now {
            own = own.child.get_or_init(Box::default);
        }
        &own.value
    }
}

/// A variable of the environment; `None` in a process with privileges by set-user-ID, set-group-ID or
/// file capabilities, whose environment is its caller's.
#[cfg(feature = "capi")]
pub(crate) fn trusted_variable(name: &str) -> Option<OsString> {
    // SAFETY: getauxval takes no pointers; AT_SECURE is always there.
    let privileged = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    if privileged { None } else { std::env::var_os(name) }
}

/// Runs `start` with all signals blocked, so that a thread that it starts never handles one.
pub(crate) fn without_signals<T>(start: impl FnOnce() -> T) -> T {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigfillset only writes the set it is given.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: `all` was filled above; `before` is written when it gives 0.
    let blocked =
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) };
    let result = start();
    if blocked == 0 {
        // SAFETY: `before` was written above; no other set is asked for.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    }
    result
}
