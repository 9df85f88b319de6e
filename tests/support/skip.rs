//! Tests that are left out, because something isn't there, are shown and counted: the test harness
//! knows none that are skipped while it runs.

use std::fs::OpenOptions;
use std::io::Write;

/// Reports that this test, or a part of it, is left out: on standard error, where the harness shows
/// nothing of a test that passes, and in the file `$VIRAUDIT_SKIPS`, which `.ci/run` reads.
pub(crate) fn skip(why: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {why}\n", thread.name().unwrap_or("?"));
    // Not eprint!: the harness keeps what that prints.
    let _ = std::io::stderr().write_all(format!("skipped: {line}").as_bytes());
    if let Some(path) = std::env::var_os("VIRAUDIT_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
}
