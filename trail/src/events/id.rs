//! Indices into lists, each of a type of its own, so that the compiler tells them apart.

/// Defines the index of an entry in a list. It takes four bytes, and an `Option` of it as many.
macro_rules! define_id {
    ($(#[$attribute:meta])* $name:ident) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub(crate) struct $name(std::num::NonZeroU32);

        impl $name {
            /// The id of the entry at `index`. No list has four billion entries.
            #[inline]
            pub(crate) const fn new(index: usize) -> Self {
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
