//! A slot for one shared value that any thread may replace at any time, and that a forked child can
//! always use.
//!
//! A mutex would not do: a child forked while another thread holds it would wait forever. This lock
//! names the process that took it, and a child takes over its parent's lock. That is safe because
//! the lock protects a single pointer, which is valid at any moment.

use crate::audit_sys::process::generation;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::time::Duration;

const FREE: u64 = 0;

/// Holds an `Arc<T>`, or nothing.
pub(super) struct ForkSlot<T> {
    /// [`FREE`], or the process that holds the lock.
    owner: AtomicU64,
    /// The result of `Box::into_raw`, or null. (`Arc::into_raw` points behind the counts; a leak
    /// checker would report the value as lost.)
    value: AtomicPtr<Arc<T>>,
}

struct Held<'s, T> {
    slot: &'s ForkSlot<T>,
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.slot.owner.store(FREE, Ordering::Release);
    }
}

impl<T> ForkSlot<T> {
    pub(super) const fn new() -> Self {
        Self { owner: AtomicU64::new(FREE), value: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Held only for a few instructions, which call nothing.
    fn lock(&self) -> Held<'_, T> {
        let me = u64::from(generation()) + 1;
        let mut tries = 0u32;
        loop {
            let owner = self.owner.load(Ordering::Relaxed);
            let take = |from| {
                let order = (Ordering::Acquire, Ordering::Relaxed);
                self.owner.compare_exchange_weak(from, me, order.0, order.1).is_ok()
            };
            // A lock of another process is the parent's: its threads don't exist here.
            if owner != me && take(owner) {
                return Held { slot: self };
            }
            tries += 1;
            match tries {
                0..100 => std::hint::spin_loop(),
                100..200 => std::thread::yield_now(),
                // The holder may have a lower real-time priority, and need this processor.
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
        }
    }

    /// The current value.
    pub(super) fn get(&self) -> Option<Arc<T>> {
        if self.value.load(Ordering::Relaxed).is_null() {
            return None;
        }
        let _held = self.lock();
        let value = self.value.load(Ordering::Relaxed);
        // SAFETY: it is null or came from `Box::into_raw`, and nobody takes it away meanwhile
        // without the lock.
        unsafe { value.as_ref() }.cloned()
    }

    /// Replaces the value, and returns the previous one.
    pub(super) fn replace(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
        let new = value.map_or(ptr::null_mut(), |value| Box::into_raw(Box::new(value)));
        let held = self.lock();
        let old = self.value.swap(new, Ordering::Relaxed);
        drop(held);
        // SAFETY: it came from `Box::into_raw`, and the slot has just given it up.
        (!old.is_null()).then(|| *unsafe { Box::from_raw(old) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shared_and_freed() {
        let slot = ForkSlot::new();
        assert!(slot.get().is_none());
        let first = Arc::new(1);
        assert!(slot.replace(Some(Arc::clone(&first))).is_none());
        assert_eq!(slot.get().as_deref(), Some(&1));
        assert_eq!(Arc::strong_count(&first), 2);
        assert_eq!(slot.replace(Some(Arc::new(2))).as_deref(), Some(&1));
        assert_eq!(Arc::strong_count(&first), 1);
        assert_eq!(slot.replace(None).as_deref(), Some(&2));
        assert!(slot.get().is_none());
    }

    #[test]
    fn a_lock_of_another_process_is_taken_over() {
        let slot = ForkSlot::new();
        slot.replace(Some(Arc::new(1)));
        slot.owner.store(u64::from(generation()) + 7, Ordering::Relaxed);
        assert_eq!(slot.get().as_deref(), Some(&1));
        assert_eq!(slot.owner.load(Ordering::Relaxed), FREE);
        slot.replace(None);
    }

    #[test]
    fn threads_replace_and_read_at_once() {
        let slot = ForkSlot::new();
        slot.replace(Some(Arc::new(vec![0; 8])));
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let slot = &slot;
                scope.spawn(move || {
                    for i in 0..2000 {
                        if thread == 0 {
                            slot.replace(Some(Arc::new(vec![i; 8])));
                        }
                        let value = slot.get().unwrap();
                        assert!(value.iter().all(|&each| each == value[0]));
                    }
                });
            }
        });
        slot.replace(None);
    }
}
