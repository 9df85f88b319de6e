//! The locks of the queue: the standard library's, or the model checker's.

#[cfg(loom)]
pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
pub(super) use std::sync::PoisonError;
#[cfg(not(loom))]
pub(super) use std::sync::{Condvar, Mutex, MutexGuard};
