//! Hands scanned blocks on in their order.

use super::{Block, BlockOutput, lock};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Hands blocks on in their order. The thread that scanned the next one does it, because the output
/// is still in the cache of its core.
pub(super) struct InOrder<T, C> {
    arrived: Mutex<Arrived<T>>,
    consumer: Mutex<Consumer<T, C>>,
}

/// Scanned blocks that wait for their turn.
struct Arrived<T> {
    waiting: BTreeMap<u64, Block<T>>,
    /// The index of the next block in the order.
    next: u64,
}

impl<T> Arrived<T> {
    fn has_next(&self) -> bool {
        self.waiting.contains_key(&self.next)
    }

    fn take(&mut self) -> Option<Block<T>> {
        let block = self.waiting.remove(&self.next)?;
        self.next += 1;
        Some(block)
    }
}

/// The receiver of the blocks.
struct Consumer<T, C> {
    before: Option<Block<T>>,
    /// The last block, while it waits for the one after it.
    open: Option<Block<T>>,
    consume: C,
}

impl<T: BlockOutput, C> InOrder<T, C>
where
    C: FnMut(Option<&Block<T>>, &Block<T>, Option<&Block<T>>),
{
    pub(super) fn new(consume: C) -> Self {
        let arrived = Arrived { waiting: BTreeMap::new(), next: 0 };
        let consumer = Consumer { before: None, open: None, consume };
        Self { arrived: Mutex::new(arrived), consumer: Mutex::new(consumer) }
    }

    /// Adds a block. Hands on the blocks that are next, unless another thread does so already. `done`
    /// gets the blocks that are no longer needed.
    pub(super) fn arrives(&self, block: Block<T>, mut done: impl FnMut(Block<T>)) {
        lock(&self.arrived).waiting.insert(block.index, block);
        // A block may arrive while the other thread is about to leave: it checks once more.
        while lock(&self.arrived).has_next() {
            let Ok(mut consumer) = self.consumer.try_lock() else { return };
            while let Some(block) = { lock(&self.arrived).take() } {
                consumer.take(block, &mut done);
            }
        }
    }

    /// Hands on the last block, if it still waits.
    pub(super) fn finish(self) {
        let consumer = self.consumer.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Consumer { before, open, mut consume } = consumer;
        if let Some(open) = open {
            consume(before.as_ref(), &open, None);
        }
    }
}

impl<T: BlockOutput, C> Consumer<T, C>
where
    C: FnMut(Option<&Block<T>>, &Block<T>, Option<&Block<T>>),
{
    fn take(&mut self, block: Block<T>, mut done: impl FnMut(Block<T>)) {
        if let Some(open) = self.open.take() {
            (self.consume)(self.before.as_ref(), &open, Some(&block));
            self.before.replace(open).map(&mut done);
        }
        if block.output.needs_next() {
            self.open = Some(block);
        } else {
            (self.consume)(self.before.as_ref(), &block, None);
            self.before.replace(block).map(&mut done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    #[derive(Debug, Default)]
    struct MayWait(bool);

    impl BlockOutput for MayWait {
        fn skip_line(&mut self) {}

        fn clear(&mut self) {}

        fn needs_next(&self) -> bool {
            self.0
        }
    }

    fn block(index: u64, open: bool) -> Block<MayWait> {
        Block { index, output: MayWait(open), ..Block::default() }
    }

    #[test]
    fn no_block_is_left_behind() {
        const BLOCKS: u64 = 20_000;
        let mut seen = Vec::new();
        let claimed = AtomicU64::new(0);
        let order = InOrder::new(|_: Option<&Block<MayWait>>, block: &Block<MayWait>, _: _| {
            seen.push(block.index);
        });
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    loop {
                        let index = claimed.fetch_add(1, Ordering::Relaxed);
                        if index >= BLOCKS {
                            break;
                        }
                        order.arrives(block(index, index.is_multiple_of(3)), drop);
                    }
                });
            }
        });
        order.finish();
        assert_eq!(seen, (0..BLOCKS).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn each_block_once_between_its_neighbours(
            (blocks, arrivals) in prop::collection::vec(any::<bool>(), 0..12).prop_flat_map(|open| {
                let arrivals = Just((0..open.len()).collect::<Vec<_>>()).prop_shuffle();
                (Just(open), arrivals)
            })
        ) {
            let mut seen = Vec::new();
            let mut returned = Vec::new();
            let index = |block: Option<&Block<MayWait>>| block.map(|block| block.index);
            let order = InOrder::new(|before: Option<&Block<MayWait>>, block: &Block<MayWait>, behind: Option<&Block<MayWait>>| {
                seen.push((index(before), block.index, index(behind)));
            });
            for &at in &arrivals {
                order.arrives(block(at as u64, blocks[at]), |done| returned.push(done.index));
            }
            order.finish();
            let count = blocks.len() as u64;
            let expected: Vec<_> = (0..count)
                .map(|at| {
                    let behind = Some(at + 1).filter(|&next| next < count && blocks[at as usize]);
                    (at.checked_sub(1), at, behind)
                })
                .collect();
            prop_assert_eq!(seen, expected);
            // All are returned but the last, and the one before it while the last waits.
            let kept = if blocks.last() == Some(&true) { 2 } else { 1 };
            prop_assert_eq!(returned, (0..count.saturating_sub(kept)).collect::<Vec<_>>());
        }
    }
}
