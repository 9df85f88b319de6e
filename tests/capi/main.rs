//! The C interface, from C: header, symbols, records, errors, threads and forks.

#![cfg(feature = "capi")]

mod abi;
mod cc;
mod header;
mod nulls;
mod programs;
mod standards;
