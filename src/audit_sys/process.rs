//! Which process this is (a fork's child must not use its parent's socket, nor wait for a lock that
//! a thread which it doesn't have held at that moment), and its signals.

#![allow(unsafe_code)]

use once_cell::race::OnceBox;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// A number that is another one in the child after each `fork`, and the same within a process.
/// Costs two atomic loads; the first call registers a fork handler.
pub(crate) fn generation() -> u32 {
    if !REGISTERED.load(Ordering::Acquire) {
        // Two threads may both come here, and the handler then counts twice for each fork, which
        // does no harm. A `Once` would: a child forked meanwhile would wait for it forever.
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

/// A value of which each process has its own: a fork's child starts with a fresh one, so that it
/// can't meet a lock that nobody will ever release.
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

/// Runs `start` with all signals blocked, so that a thread it starts never handles one.
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
