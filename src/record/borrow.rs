//! Borrowing and owning records: a definition owns its resources, and its records borrow them.

use super::address::{Mac, Rdev};
use crate::value::Value;

/// `borrowed` and `into_owned` for types without either.
pub(super) trait Part {
    type Borrowed<'b>
    where
        Self: 'b;
    type Owned;

    fn borrowed(&self) -> Self::Borrowed<'_>;
    fn into_owned(self) -> Self::Owned;
}

impl Part for Option<Value<'_>> {
    type Borrowed<'b>
        = Option<Value<'b>>
    where
        Self: 'b;
    type Owned = Option<Value<'static>>;

    fn borrowed(&self) -> Option<Value<'_>> {
        self.as_ref().map(Value::borrowed)
    }

    fn into_owned(self) -> Option<Value<'static>> {
        self.map(Value::into_owned)
    }
}

macro_rules! copied {
    ($($type:ty)+) => { $(
        impl $crate::record::borrow::Part for $type {
            type Borrowed<'b> = Self;
            type Owned = Self;

            fn borrowed(&self) -> Self {
                *self
            }

            fn into_owned(self) -> Self {
                self
            }
        }
    )+ };
}

copied! { bool u32 u64 i64 Mac Option<Mac> Option<Rdev> }

/// Both methods of a type, from its fields or from its variants and theirs.
macro_rules! parts {
    ($($vis:vis struct $type:ident { $($field:ident),+ })+) => { $(
        impl $type<'_> {
            /// The same, borrowed: no allocation.
            $vis fn borrowed(&self) -> $type<'_> {
                #[allow(unused_imports, reason = "not every field needs it")]
                use $crate::record::borrow::Part as _;
                let Self { $($field),+ } = self;
                $type { $($field: $field.borrowed()),+ }
            }

            /// The same, owning its texts.
            $vis fn into_owned(self) -> $type<'static> {
                #[allow(unused_imports, reason = "not every field needs it")]
                use $crate::record::borrow::Part as _;
                let Self { $($field),+ } = self;
                $type { $($field: $field.into_owned()),+ }
            }
        }
    )+ };
    ($($vis:vis enum $type:ident { $(
        $variant:ident $(($part:ident))? $({ $($field:ident),+ })?
    ),+ $(,)? })+) => { $(
        impl $type<'_> {
            /// The same, borrowed: no allocation.
            $vis fn borrowed(&self) -> $type<'_> {
                #[allow(unused_imports, reason = "not every field needs it")]
                use $crate::record::borrow::Part as _;
                match self { $(
                    Self::$variant $(($part))? $({ $($field),+ })? => $type::$variant
                        $(($part.borrowed()))? $({ $($field: $field.borrowed()),+ })?,
                )+ }
            }

            /// The same, owning its texts.
            $vis fn into_owned(self) -> $type<'static> {
                #[allow(unused_imports, reason = "not every field needs it")]
                use $crate::record::borrow::Part as _;
                match self { $(
                    Self::$variant $(($part))? $({ $($field),+ })? => $type::$variant
                        $(($part.into_owned()))? $({ $($field: $field.into_owned()),+ })?,
                )+ }
            }
        }
    )+ };
}

pub(super) use {copied, parts};
