//! The C interface of `include/viraudit.h`. It only translates: what a record looks like and where
//! it goes is decided below.
//!
//! The arguments' types carry the policy for NULL ([`args`]), and every function runs inside the
//! [`boundary`], which lets no panic through and turns errors into errno and a message. One file
//! for each group of functions.

#![allow(unsafe_code)]
// The functions are C's.
#![allow(non_snake_case)]
mod args;
mod batch;
mod boundary;
mod current;
mod delivery;
mod device;
mod domain;
mod emit;
mod encode;
mod fork_slot;
mod hostdev;
mod lifecycle;
mod log;
mod mock;
mod open;
mod quantity;
mod send;
mod stats;
