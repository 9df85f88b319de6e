//! `--to kernel` without the rights, or with auditing off: one line with the cure, exit status 3,
//! and every record counted. None of it needs root.

use crate::program::{root, stderr, text, viraudit};
use crate::skip::skip;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_viraudit");
const START: [&str; 4] = ["emit", "start", "--xml", "examples/guest.xml"];

/// Runs a wrapper around the program.
fn wrapped(wrapper: &[&str], args: &[&str]) -> Output {
    let mut command = Command::new(wrapper[0]);
    command.args(&wrapper[1..]).arg(PROGRAM).args(args).current_dir(root());
    command.stdin(Stdio::null()).output().unwrap()
}

/// Whether the wrapper works on this host.
fn works(wrapper: &[&str]) -> bool {
    let run = Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").output();
    run.is_ok_and(|output| output.status.success())
}

/// The answer of `viraudit status` in the same surroundings.
fn verdict(wrapper: &[&str]) -> String {
    let output = wrapped(wrapper, &["status", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    found["verdict"].as_str().unwrap().to_owned()
}

fn assert_all_failed(output: &Output, records: usize, why: &str) {
    let said = stderr(output);
    let plural = if records == 1 { "" } else { "s" };
    let head = format!("viraudit: 0 of {records} record{plural} delivered, {records} failed: ");
    assert!(said.starts_with(&head) && said.contains(why), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), String::new()));
}

#[test]
fn without_the_capability() {
    // Who isn't root lacks it anyhow.
    let setpriv = ["setpriv", "--bounding-set=-audit_write", "--inh-caps=-audit_write"];
    let wrapper = if works(&setpriv) { &setpriv[..] } else { &["env"] };
    let found = verdict(wrapper);
    if found != "refused" {
        return skip(&format!("the kernel refuses nothing here: {found}"));
    }
    let cure = "run as root, or grant CAP_AUDIT_WRITE";
    assert_all_failed(&wrapped(wrapper, &START), 10, cure);
    // Level 2 may find auditing off first, where it may ask for that.
    let output = wrapped(wrapper, &[&START[..], &["--level", "2"]].concat());
    let cure = if stderr(&output).contains("off") { "auditctl -e 1" } else { cure };
    assert_all_failed(&output, 10, cure);
    let one = ["emit", "disk", "--xml", "examples/guest.xml", "--new", "/a"];
    assert_all_failed(&wrapped(wrapper, &one), 1, "CAP_AUDIT_WRITE");
}

#[test]
fn in_another_user_namespace() {
    let wrapper = ["unshare", "-Ur"];
    if !works(&wrapper) {
        return skip("this user may not make user namespaces");
    }
    let found = verdict(&wrapper);
    if found != "refused" {
        return skip(&format!("the kernel refuses nothing here: {found}"));
    }
    for level in ["1", "2"] {
        let output = wrapped(&wrapper, &[&START[..], &["--level", level]].concat());
        assert_all_failed(&output, 10, "run in the host's initial user namespace");
    }
}

#[test]
fn with_auditing_off() {
    let off = || verdict(&["env"]) == "off";
    let skip = || skip("auditing isn't off, or this process may not ask");
    // Whoever may run this test may not be alone with the kernel: look before and behind.
    if !off() {
        return skip();
    }
    let refused = viraudit(START).args(["--level", "2"]).output().unwrap();
    let dropped = viraudit(START).output().unwrap();
    if !off() {
        return skip();
    }
    assert_all_failed(&refused, 10, "turn it on with auditctl -e 1, or start auditd");
    // At level 1 records are sent all the same, but the user is told what becomes of them.
    assert_eq!(dropped.status.code(), Some(0));
    let said = stderr(&dropped);
    assert!(said.starts_with("viraudit: auditing is off on this host: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
