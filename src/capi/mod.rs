//! The C interface of `include/viraudit.h`. It only translates: other modules format records and
//! deliver them.
//!
//! The types of the arguments encode which of them may be NULL ([`args`]). Every function runs
//! inside the [`boundary`], which stops panics and turns errors into errno and a message. Each
//! group of functions has a file, and imports go one way.

#![allow(unsafe_code)]
// The functions have C names.
#![allow(non_snake_case)]
mod args;
mod batch;
mod boundary;
mod client;
mod current;
mod delivery;
mod device;
mod domain;
mod domain_xml;
mod emit;
mod encode;
mod fork_slot;
mod hostdev;
mod libvirt;
mod libvirt_client;
mod lifecycle;
mod log;
mod mock;
mod open;
mod quantity;
mod send;
mod stats;
mod target;
