//! Prefetching.

/// Loads data into the cache before it is used.
///
/// Each of `values` must be read from the data that is needed soon. The reads don't depend on each
/// other, so the processor waits for all of them at once, and not for each at its use.
pub(crate) fn prefetch(values: impl Iterator<Item = u64>) {
    std::hint::black_box(values.fold(0, |sum, value| sum ^ value));
}
