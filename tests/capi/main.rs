//! The C interface, from C: header, symbols, records, errors, threads and forks.

#![cfg(feature = "capi")]

mod abi;
mod cc;
mod header;
#[path = "../support/helper_calls.rs"]
mod helper_calls;
mod helpers;
mod man_page;
mod nulls;
mod privileged;
mod programs;
mod promise;
#[path = "../support/skip.rs"]
mod skip;
mod standards;
mod target;
mod testing_page;
