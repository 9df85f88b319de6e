//! `viraudit report` and `viraudit verify`: golden outputs, exit statuses, errors.
//!
//! The logs are `trail/tests/golden/*.log`; what is printed for each stands beside it.

use crate::golden::compare;
use crate::program::{emit, root, stderr, text, viraudit};
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

const GOLDEN: &str = "trail/tests/golden";
const DAY: &str = "trail/tests/golden/day.log";

fn run(args: &[&str]) -> Output {
    let mut command = viraudit(args);
    command.env("TZ", "Europe/Berlin").env_remove("NO_COLOR");
    command.output().unwrap()
}

fn with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = viraudit(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn golden_reports() {
    let mut logs: Vec<_> = fs::read_dir(root().join(GOLDEN))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".log"))
        .collect();
    logs.sort();
    assert!(!logs.is_empty());
    for log in logs {
        let file = format!("{GOLDEN}/{log}");
        let stem = log.strip_suffix(".log").unwrap();
        for (ending, more) in [
            ("table.txt", &["--proof"] as &[&str]),
            ("events.txt", &["--all-events"]),
            ("jsonl", &["--all-events", "--format", "json"]),
            ("csv", &["--all-events", "--format", "csv"]),
            ("summary.txt", &["--summary"]),
        ] {
            let output = run(&[&["report", &file], more].concat());
            assert_eq!(output.status.code(), Some(0), "{log} {more:?}: {}", stderr(&output));
            compare(&format!("{GOLDEN}/{stem}.{ending}"), &text(&output.stdout));
        }
    }
}

#[test]
fn two_runs_give_the_same_bytes() {
    let args = ["report", DAY, "--all-events", "--format", "json"];
    assert_eq!(run(&args).stdout, run(&args).stdout);
}

#[test]
fn emitted_records_are_a_session() {
    let start = emit("disk", ["--new", "/a"].map(OsStr::new).as_slice()).output().unwrap().stdout;
    let output = with_input(&["report", "-", "-a", "--format", "json"], &start);
    let found = text(&output.stdout);
    let lines: Vec<serde_json::Value> =
        found.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["kind"], "session");
    assert_eq!(lines[0]["start"], serde_json::Value::Null);
    assert_eq!((&lines[1]["resource"], &lines[1]["new"]), (&"disk".into(), &"/a".into()));
    let keys = |value: &serde_json::Value| value.as_object().unwrap().len();
    assert_eq!((keys(&lines[0]), keys(&lines[1])), (14, 10));
    let output = with_input(&["verify", "-"], &start);
    assert_eq!((output.status.code(), &*stderr(&output)), (Some(0), ""), "{output:?}");
}

#[test]
fn nothing_found_is_an_exit_status() {
    let day = format!("{GOLDEN}/day.log");
    for (args, message) in [
        (&["report", &day, "--vm", "nobody"] as &[&str], "viraudit: nothing found\n"),
        (&["report", "Cargo.toml"], "viraudit: no audit records about guests\n"),
        (&["report", "/dev/null"], "viraudit: no audit records about guests\n"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        assert!(stderr(&output).ends_with(message), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn fault_27_errors_are_one_line_and_an_exit_status() {
    for (args, code, word) in [
        (&["report", "--start", "gestern"] as &[&str], 2, "is no time"),
        (&["report", "--start", "2026-02-01", "--end", "2026-01-01"], 2, "later than"),
        (&["report", "--uuid", "x"], 2, "is no UUID"),
        (&["report", "--sdtin"], 2, "--sdtin"),
        (&["report", "/no/such/log"], 3, "can't read /no/such/log: No such file"),
        (&["verify", "/no/such/log"], 3, "can't read /no/such/log: No such file"),
        (&["watch", "--count", "0"], 2, "--count"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}");
        let said = stderr(&output);
        assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
        assert!(said.starts_with("viraudit: ") && said.contains(word), "{args:?}: {said}");
    }
    let full = viraudit(["report", &format!("{GOLDEN}/day.log")])
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(full.status.code(), Some(3));
}

#[test]
fn damage_is_said_once_and_found_by_verify() {
    let mut log = fs::read(root().join(GOLDEN).join("day.log")).unwrap();
    log.extend(b"rubbish\ntype=VIRT_CONTROL msg=audit(1.000:7): pid=1 uid=0 msg='virt=kv\n");
    let lines = log.iter().filter(|&&byte| byte == b'\n').count();
    let output = with_input(&["report", "-"], &log);
    assert_eq!(output.status.code(), Some(0));
    let said = format!(
        "viraudit: 2 of {lines} lines can't be used (1 malformed, 1 cut); see viraudit verify\n"
    );
    assert_eq!(stderr(&output), said);
    let output = with_input(&["verify", "-", "--json"], &log);
    assert_eq!(output.status.code(), Some(1));
    let kinds: Vec<String> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].to_string())
        .collect();
    assert_eq!(kinds, ["\"malformed\"", "\"cut\""]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut command = viraudit(["report", DAY, "-a", "--format", "json"]);
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}
