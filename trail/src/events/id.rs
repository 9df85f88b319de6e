//! Indices into lists, each of a type of its own, so that the compiler tells them apart.

/// Defines the index of an entry in a list. It takes four bytes, and an `Option` of it as many.
macro_rules! define_id {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub(crate) struct $name(std::num::NonZeroU32);

        impl $name {
            /// The id of the entry at `index`. Panics if there are four billion before it.
            #[inline]
            pub(crate) const fn new(index: usize) -> Self {
                assert!(index < u32::MAX as usize, "a list has four billion entries");
                Self(std::num::NonZeroU32::MIN.saturating_add(index as u32))
            }

            /// The index of the entry in its list.
            #[inline]
            pub(crate) const fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    };
}

pub(crate) use define_id;

define_id!(
    /// An [`Event`](super::Event), in order of time.
    EventId
);
define_id!(
    /// A guest on a host.
    GuestId
);
define_id!(
    /// A [`User`](super::User). Not to be confused with a `uid=`, which is a field of it.
    UserId
);
define_id!(
    /// An interned text. The empty one is [`WordId::EMPTY`].
    WordId
);

impl WordId {
    /// The empty text.
    pub(crate) const EMPTY: Self = Self::new(0);
}

impl Default for WordId {
    fn default() -> Self {
        Self::EMPTY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_keeps_its_index() {
        let last = u32::MAX as usize - 1;
        assert_eq!(EventId::new(last).index(), last);
    }

    #[test]
    #[should_panic(expected = "four billion")]
    fn there_is_no_id_of_another_entry() {
        EventId::new(u32::MAX as usize);
    }
}
