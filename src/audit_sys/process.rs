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

/// Keeps the signals of a failing write (SIGPIPE, SIGXFSZ) from this thread until it is dropped.
/// They end a program that doesn't expect them.
pub(crate) struct WriteSignals {
    set: libc::sigset_t,
    before: libc::sigset_t,
}

const WRITE_SIGNALS: [libc::c_int; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

impl WriteSignals {
    /// Blocks the signals.
    pub(crate) fn block() -> Self {
        let mut set = MaybeUninit::<libc::sigset_t>::uninit();
        let mut before = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: sigemptyset fills the set, and can't fail.
        unsafe { libc::sigemptyset(set.as_mut_ptr()) };
        for signal in WRITE_SIGNALS {
            // SAFETY: the set was filled above, and the signal exists.
            unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
        }
        // SAFETY: the set was filled above. With a valid `how` it can't fail, and fills `before`.
        unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr()) };
        // SAFETY: it was filled above.
        let set = unsafe { set.assume_init() };
        // SAFETY: as above.
        let before = unsafe { before.assume_init() };
        Self { set, before }
    }

    /// Discards the signal of a write that failed, unless the program itself blocks it.
    pub(crate) fn discard(&self) {
        let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let mut ours = self.set;
        for signal in WRITE_SIGNALS {
            // SAFETY: the set is initialised.
            if unsafe { libc::sigismember(&self.before, signal) } == 1 {
                // SAFETY: as above.
                unsafe { libc::sigdelset(&mut ours, signal) };
            }
        }
        // SAFETY: set and time are live. Without a pending signal it returns at once.
        unsafe { libc::sigtimedwait(&ours, ptr::null_mut(), &now) };
    }
}

impl Drop for WriteSignals {
    fn drop(&mut self) {
        // SAFETY: `before` is what `block` was given.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_pipe_without_a_reader_does_not_end_the_program() {
        // SAFETY: both are valid dispositions of a signal that no other test is about.
        let set = |disposition| unsafe { libc::signal(libc::SIGPIPE, disposition) };
        let before = set(libc::SIG_DFL);
        let (reader, mut writer) = std::io::pipe().unwrap();
        drop(reader);
        let signals = WriteSignals::block();
        assert_eq!(writer.write(b"x").unwrap_err().raw_os_error(), Some(libc::EPIPE));
        signals.discard();
        drop(signals);
        set(before);
    }
}
