//! The command line's promises, kept by the program itself.
//!
//! `REFRESH=1 cargo test -p viraudit-cli` writes the golden files and the man pages anew.

mod broken_pipe;
mod config;
mod contrast;
mod errors;
mod expect;
mod file;
mod formats;
mod golden;
mod hook;
mod hostile;
mod hosts;
mod kernel;
mod man;
mod man_pages;
mod memory;
mod page;
mod page_rows;
mod plugin;
mod program;
mod public_logs;
mod questions;
mod records;
mod report;
mod rotated;
mod seal;
#[path = "../../../tests/support/skip.rs"]
mod skip;
mod status;
mod stdout;
mod terminal;
mod unknown;
mod watch;
