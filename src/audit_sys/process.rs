//! The process and its forks, and its signals.
//!
//! A child must not use its parent's socket. Nor may it wait for a lock that another thread of the
//! parent held when the child was made.

#![allow(unsafe_code)]

use once_cell::race::OnceBox;
#[cfg(feature = "capi")]
use std::ffi::OsString;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// The latest number that this process or one of its ancestors took.
static LAST: AtomicU32 = AtomicU32::new(0);

/// Where this process's number is; null before the first use.
static PLACE: AtomicPtr<AtomicU32> = AtomicPtr::new(ptr::null_mut());

/// The place without memory for a page.
static NO_PAGE: AtomicU32 = AtomicU32::new(0);

/// The smallest piece of memory that a mapping has; the kernel rounds up to a page.
const PAGE: usize = 4096;

/// A number that is constant within a process, and differs in a child. It costs two loads.
///
/// It is on a page that the kernel fills with zeros in every child, however the child was made:
/// clone(2) and `_Fork` run no fork handlers. Before Linux 4.14 only a fork handler does that.
#[inline]
pub(crate) fn generation() -> u32 {
    let place = PLACE.load(Ordering::Acquire);
    // SAFETY: it is null, or a place that was published below and is never unmapped.
    match unsafe { place.as_ref() }.map(|number| number.load(Ordering::Relaxed)) {
        Some(number) if number != 0 => number,
        _ => first_use(),
    }
}

/// The first use in this process. Threads may get here at once; a lock would make a child that is
/// forked meanwhile wait forever.
#[cold]
fn first_use() -> u32 {
    let mut place = PLACE.load(Ordering::Acquire);
    if place.is_null() {
        let new = wiped_page().unwrap_or(ptr::from_ref(&NO_PAGE).cast_mut());
        let order = (Ordering::AcqRel, Ordering::Acquire);
        place = match PLACE.compare_exchange(ptr::null_mut(), new, order.0, order.1) {
            // The first of several threads. A page of another one stays, unused.
            Ok(_) => {
                // SAFETY: `forked` is async-signal-safe and lives as long as this library: libc
                // drops the handler when the library is unloaded.
                unsafe { libc::pthread_atfork(None, None, Some(forked)) };
                new
            }
            Err(published) => published,
        };
    }
    let next = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    // SAFETY: as in `generation`; it isn't null here.
    let number = unsafe { &*place };
    match number.compare_exchange(0, next, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => next,
        Err(taken) => taken,
    }
}

/// A page of zeros that is zeros again in each child, unless the kernel is too old.
fn wiped_page() -> Option<*mut AtomicU32> {
    let (access, kind) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping at an address that the kernel chooses.
    let page = unsafe { libc::mmap(ptr::null_mut(), PAGE, access, kind, -1, 0) };
    if page == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the page was mapped above, and has only zeros.
    unsafe { libc::madvise(page, PAGE, libc::MADV_WIPEONFORK) };
    Some(page.cast())
}

/// The fork handler: what the kernel does with the page, for a kernel that can't.
unsafe extern "C" fn forked() {
    // SAFETY: as in `generation`.
    if let Some(number) = unsafe { PLACE.load(Ordering::Relaxed).as_ref() } {
        number.store(0, Ordering::Relaxed);
    }
}

/// A value that each process has for itself. A child starts with a default one, so that it
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
