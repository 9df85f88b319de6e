//! Which process this is: a fork's child must not use its parent's socket.

#![allow(unsafe_code)]

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static HANDLER: Once = Once::new();

/// A number that is another one in the child after each `fork`, and the same within a process.
/// Costs one atomic load; the first call registers a fork handler.
pub fn generation() -> u32 {
    if !HANDLER.is_completed() {
        HANDLER.call_once(|| {
            // SAFETY: `forked` is async-signal-safe and lives as long as this library: libc drops
            // the handler when the library is unloaded. Without memory for it, it isn't called,
            // and a child shares its parent's socket, which the kernel tolerates.
            unsafe { libc::pthread_atfork(None, None, Some(forked)) };
        });
    }
    GENERATION.load(Ordering::Relaxed)
}

unsafe extern "C" fn forked() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}
