//! Standard output that is full, and readers that go away.

use crate::program::{stderr, viraudit};
use std::fs::OpenOptions;
use std::process::Stdio;

const EMIT: [&str; 6] = ["emit", "start", "--xml", "examples/guest.xml", "--to", "stdout"];

#[test]
fn a_full_disk_is_an_error() {
    let wrong = "viraudit: can't write to standard output: No space left on device";
    for (args, said) in [
        (&EMIT[..], format!("{wrong}; 10 of 10 records not written\n")),
        (&["--help"], format!("{wrong}\n")),
        (&["--version"], format!("{wrong}\n")),
        (&["completions", "bash"], format!("{wrong}\n")),
        (&["status"], format!("{wrong}\n")),
        (&["config", "check", "/nonexistent"], format!("{wrong}\n")),
    ] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = viraudit(args).stdout(full).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(3), said), "{args:?}");
    }
}

#[test]
fn a_reader_that_went_away_is_none() {
    for args in [&EMIT[..], &["--help"], &["completions", "bash"], &["config", "check", "/none"]] {
        let mut child = viraudit(args).stdin(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{args:?}");
    }
}
