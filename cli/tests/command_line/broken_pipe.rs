//! A pipe without a reader ends auvirt the way it ends the C program.

use crate::program::{stderr, viraudit};
use std::os::unix::process::ExitStatusExt;

#[test]
fn auvirt_is_ended_by_the_signal() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let log = "trail/tests/golden/day.log";
    let output = viraudit(["auvirt", "--file", log]).stdout(writer).output().unwrap();
    assert_eq!(output.status.signal(), Some(libc::SIGPIPE), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}
