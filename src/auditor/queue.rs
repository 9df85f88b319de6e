//! The bounded queue between callers and the thread that delivers for them.
//!
//! Framed messages are appended to one buffer. The thread swaps it for its own empty one, and
//! delivers it part by part. So order is kept, and nothing is allocated once both buffers have
//! grown to the load.

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use crate::audit_sys::frame::Frames;
use std::time::Instant;

/// Consecutive messages, and how many.
#[derive(Debug, Default)]
pub(super) struct Burst {
    pub(super) bytes: Vec<u8>,
    pub(super) count: usize,
}

/// Why messages were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The queue is full.
    Full,
    /// The queue is closed.
    Closed,
    /// There is no memory for them.
    NoMemory,
}

#[derive(Debug, Default)]
struct State {
    waiting: Burst,
    /// How many messages the thread has taken but not begun to deliver.
    taken: usize,
    /// How many messages it is delivering.
    sending: usize,
    /// How many messages were ever queued.
    queued: u64,
    closed: bool,
}

impl State {
    /// How many messages are not delivered yet.
    fn len(&self) -> usize {
        self.waiting.count + self.taken + self.sending
    }

    /// Whether the first `count` messages ever queued are delivered. Only a closed queue is ever
    /// abandoned, which leaves gaps: all of it must be delivered.
    fn is_delivered(&self, count: u64) -> bool {
        let len = self.len();
        len == 0 || !self.closed && self.queued - len as u64 >= count
    }
}

/// A queue of messages from many callers to one delivering thread.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Signalled when messages arrive and when the queue is closed.
    filled: Condvar,
    /// Signalled when messages are delivered or dropped.
    drained: Condvar,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            state: Mutex::new(State::default()),
            filled: Condvar::new(),
            drained: Condvar::new(),
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues all of the messages or none. If they would make more than `limit`, refuses them, or
    /// with `wait` waits for room. An empty queue takes more than `limit` at once, because waiting
    /// would never help.
    pub(super) fn push(
        &self,
        frames: &Frames<'_>,
        limit: usize,
        wait: bool,
    ) -> Result<(), Refused> {
        self.push_bytes(frames.bytes(), frames.count(), limit, wait)
    }

    fn push_bytes(
        &self,
        bytes: &[u8],
        count: usize,
        limit: usize,
        wait: bool,
    ) -> Result<(), Refused> {
        let mut state = self.state();
        loop {
            if state.closed {
                return Err(Refused::Closed);
            }
            let waiting = state.len();
            if waiting == 0 || waiting.saturating_add(count) <= limit {
                break;
            }
            if !wait {
                return Err(Refused::Full);
            }
            state = self.drained.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.waiting.bytes.try_reserve(bytes.len()).is_err() {
            return Err(Refused::NoMemory);
        }
        state.waiting.bytes.extend_from_slice(bytes);
        state.waiting.count += count;
        state.queued += count as u64;
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for messages and swaps them for what `burst` holds, which is thrown away: it was
    /// delivered. `false` is the end: the queue is closed and empty.
    pub(super) fn take(&self, burst: &mut Burst) -> bool {
        burst.bytes.clear();
        burst.count = 0;
        let mut state = self.state();
        (state.taken, state.sending) = (0, 0);
        self.drained.notify_all();
        while state.waiting.count == 0 {
            if state.closed {
                return false;
            }
            state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut state.waiting, burst);
        state.taken = burst.count;
        true
    }

    /// Marks the next `count` taken messages as being delivered, and those before as delivered.
    /// Returns `false` if they were abandoned meanwhile, and must not be delivered.
    pub(super) fn begin(&self, count: usize) -> bool {
        let mut state = self.state();
        let wanted = state.taken >= count;
        state.sending = if wanted { count } else { 0 };
        state.taken -= state.sending;
        self.drained.notify_all();
        wanted
    }

    /// Waits until what is queued now is delivered, until the deadline at most. Returns whether it
    /// is. With callers that always queue more, the queue may never be empty.
    pub(super) fn flush(&self, deadline: Instant) -> bool {
        let queued = self.state().queued;
        self.wait_for(queued, deadline)
    }

    /// Waits until the first `count` messages ever queued are delivered.
    fn wait_for(&self, count: u64, deadline: Instant) -> bool {
        let mut state = self.state();
        while !state.is_delivered(count) {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return false;
            };
            let waited = self.drained.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Refuses further messages. Those in the queue are still delivered.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.filled.notify_all();
        self.drained.notify_all();
    }

    /// Whether further messages are refused.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Drops all messages that are not being delivered. Returns how many.
    pub(super) fn abandon(&self) -> usize {
        let mut state = self.state();
        let count = std::mem::take(&mut state.waiting.count) + std::mem::take(&mut state.taken);
        state.waiting.bytes.clear();
        drop(state);
        self.drained.notify_all();
        count
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::time::Duration;

    fn push(queue: &Queue, count: usize) -> Result<(), Refused> {
        queue.push_bytes(&vec![b'x'; count], count, 4, false)
    }

    #[test]
    fn messages_are_taken_whole_and_in_order_up_to_the_limit() {
        let queue = Queue::default();
        assert_eq!(queue.push_bytes(b"ab", 2, 4, false), Ok(()));
        assert_eq!(queue.push_bytes(b"cd", 2, 4, false), Ok(()));
        assert_eq!(push(&queue, 1), Err(Refused::Full));
        let mut burst = Burst::default();
        assert!(queue.take(&mut burst));
        assert_eq!((&burst.bytes[..], burst.count), (&b"abcd"[..], 4));
        assert_eq!(push(&queue, 1), Err(Refused::Full), "what was taken still counts");
        assert!(queue.begin(3));
        assert_eq!(push(&queue, 1), Err(Refused::Full), "and what is being delivered");
        assert!(queue.begin(1));
        assert_eq!(push(&queue, 3), Ok(()), "but not what is delivered");
        assert!(!queue.flush(Instant::now()));
        assert!(queue.take(&mut burst));
        queue.close();
        assert!(!queue.take(&mut burst));
    }

    #[test]
    fn a_burst_above_the_limit_passes_when_nothing_else_waits() {
        let queue = Queue::default();
        assert_eq!(push(&queue, 9), Ok(()));
        assert_eq!(push(&queue, 1), Err(Refused::Full));
    }

    #[test]
    fn flush_does_not_wait_for_what_is_queued_later() {
        let queue = Queue::default();
        let mut burst = Burst::default();
        push(&queue, 2).unwrap();
        let before = queue.state().queued;
        assert!(queue.take(&mut burst));
        push(&queue, 1).unwrap();
        assert!(queue.begin(1) && !queue.wait_for(before, Instant::now()));
        assert!(queue.begin(1) && !queue.wait_for(before, Instant::now()));
        assert!(queue.take(&mut burst));
        assert!(queue.wait_for(before, Instant::now()) && !queue.flush(Instant::now()));
        queue.close();
        assert!(!queue.wait_for(before, Instant::now()));
    }

    #[test]
    fn flush_ends_with_its_deadline_and_abandon_counts() {
        let queue = Queue::default();
        assert!(queue.flush(Instant::now()));
        push(&queue, 3).unwrap();
        assert!(!queue.flush(Instant::now() + Duration::from_millis(1)));
        assert_eq!(queue.abandon(), 3);
        assert!(queue.flush(Instant::now()));
        push(&queue, 4).unwrap();
        let mut burst = Burst::default();
        assert!(queue.take(&mut burst) && queue.begin(1));
        assert_eq!(queue.abandon(), 3, "what is being delivered isn't given up");
        assert!(!queue.flush(Instant::now()) && !queue.begin(1) && queue.flush(Instant::now()));
        queue.close();
        assert_eq!(push(&queue, 1), Err(Refused::Closed));
    }
}

#[cfg(all(test, loom))]
mod model {
    //! Every interleaving of two callers, the delivering thread and a close.

    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn nothing_is_lost_or_reordered_and_everybody_wakes_up() {
        loom::model(|| {
            let queue = Arc::new(Queue::default());
            let deliverer = thread::spawn({
                let queue = Arc::clone(&queue);
                move || {
                    let mut delivered = Vec::new();
                    let mut burst = Burst::default();
                    while queue.take(&mut burst) {
                        assert_eq!(burst.bytes.len(), burst.count);
                        delivered.extend_from_slice(&burst.bytes);
                    }
                    delivered
                }
            });
            let caller = thread::spawn({
                let queue = Arc::clone(&queue);
                move || {
                    queue.push_bytes(b"a", 1, 1, true).unwrap();
                    queue.push_bytes(b"b", 1, 1, true).unwrap();
                }
            });
            let dropped = usize::from(queue.push_bytes(b"x", 1, 1, false).is_err());
            caller.join().unwrap();
            queue.close();
            let delivered = deliverer.join().unwrap();
            assert_eq!(delivered.len() + dropped, 3);
            let order: Vec<u8> = delivered.into_iter().filter(|&byte| byte != b'x').collect();
            assert_eq!(order, b"ab");
        });
    }

    #[test]
    fn an_abandoned_message_is_counted_once() {
        loom::model(|| {
            let queue = Arc::new(Queue::default());
            queue.push_bytes(b"ab", 2, 4, true).unwrap();
            let deliverer = thread::spawn({
                let queue = Arc::clone(&queue);
                move || {
                    let mut delivered = 0;
                    let mut burst = Burst::default();
                    while queue.take(&mut burst) {
                        for _ in 0..burst.count {
                            delivered += usize::from(queue.begin(1));
                        }
                    }
                    delivered
                }
            });
            let dropped = queue.abandon();
            queue.close();
            assert_eq!(deliverer.join().unwrap() + dropped, 2);
        });
    }
}
