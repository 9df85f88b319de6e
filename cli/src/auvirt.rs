//! `viraudit auvirt`, which the program also is when it is called as `auvirt`.
//!
//! All arguments are passed on unchanged, including `--help`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The program's name, and the subcommand's.
const NAME: &str = "auvirt";

/// The arguments for auvirt, if it was called.
pub(crate) fn called() -> Option<Vec<OsString>> {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    if Path::new(&program).file_name().is_some_and(|name| name == NAME) {
        return Some(words.collect());
    }
    (words.next()?.as_bytes() == NAME.as_bytes()).then(|| words.collect())
}

/// Lets a write to a pipe without a reader end the process, as it does auvirt: Rust's runtime has
/// the signal ignored, so that the write fails instead.
fn end_on_broken_pipe() {
    let always = Arc::new(AtomicBool::new(true));
    // Without a handler the write fails, and auvirt ends with an error message.
    let _ = signal_hook::flag::register_conditional_default(signal_hook::consts::SIGPIPE, always);
}

/// Runs it; returns its exit status.
pub(crate) fn run(args: Vec<OsString>, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    viraudit_auvirt::adopt_locale();
    end_on_broken_pipe();
    viraudit_auvirt::run(args, &mut io::stdin(), stdout, stderr)
}
