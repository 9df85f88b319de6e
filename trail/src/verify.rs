//! Damage: see [`crate::line`].
