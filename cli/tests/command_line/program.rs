//! Running the program, and what stands in its records.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

pub(crate) const UUID: &str = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab";

/// The program with no terminal around it, in the repository's root.
pub(crate) fn viraudit<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_viraudit"));
    command.args(args).current_dir(root());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), ".."].iter().collect()
}

/// `emit KIND` about a guest called web1, and more arguments, to standard output.
pub(crate) fn emit(kind: &str, rest: &[&OsStr]) -> Command {
    let guest = ["emit", kind, "--virt", "kvm", "--name", "web1", "--uuid", UUID];
    let mut command = viraudit(guest);
    command.args(["--to", "stdout"]).args(rest);
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    text(&output.stderr)
}

/// An audit.log line without what differs from run to run: `VIRT_CONTROL BODY res=success`.
pub(crate) fn record(line: &str) -> String {
    let (head, message) = line.split_once(" msg='").unwrap();
    let (kind, stamp) = head.strip_prefix("type=").unwrap().split_once(" msg=audit(").unwrap();
    assert!(stamp.contains("): pid="), "{line}");
    let (body, suffix) = message.rsplit_once(" exe=").unwrap();
    let result = suffix.split_once(" hostname=? addr=? terminal=? ").unwrap().1;
    format!("{kind} {body} {}", result.strip_suffix('\'').unwrap())
}

pub(crate) fn records(output: &[u8]) -> Vec<String> {
    text(output).lines().map(record).collect()
}
