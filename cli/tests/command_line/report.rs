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
fn many_rows_stand_in_columns() {
    // More than one thread measures at a time, and of all only one row needs most of the room.
    let mut log = String::new();
    for n in 0..3000 {
        let vm = if n == 1700 { "the-longest-name-of-all".to_owned() } else { format!("g{n}") };
        let node = if n == 2900 { "node=far.example.org " } else { "" };
        log += &format!(
            "{node}type=VIRT_CONTROL msg=audit({}.000:{n}): pid=9 uid=0 auid=4294967295 ses=1 \
             msg='virt=kvm op=start reason=booted vm=\"{vm}\" uuid={n:08x}-c179-4cea-a185-c7abe50520c7 \
             vm-pid=7 exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res=success'\n",
            1_767_225_600 + n
        );
    }
    let output = with_input(&["report", "-"], log.as_bytes());
    let table = text(&output.stdout);
    let header = table.lines().next().unwrap();
    let columns = ["HOST", "USER", "START", "STATE"].map(|name| header.find(name).unwrap());
    assert_eq!(
        columns[..2],
        ["the-longest-name-of-all".len() + 2, 25 + "far.example.org".len() + 2]
    );
    assert_eq!(table.lines().count(), 3001);
    for row in table.lines().skip(1) {
        for at in columns {
            assert_eq!(&row[at - 2..at], "  ", "{row}");
            assert_ne!(&row[at..at + 1], " ", "{row}");
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
    assert_eq!((keys(&lines[0]), keys(&lines[1])), (15, 11));
    let output = with_input(&["verify", "-"], &start);
    assert_eq!((output.status.code(), &*stderr(&output)), (Some(0), ""), "{output:?}");
}

#[test]
fn nothing_found_is_an_exit_status() {
    let day = format!("{GOLDEN}/day.log");
    for (args, message) in [
        (&["report", &day, "--vm", "nobody"] as &[&str], "viraudit: nothing found\n"),
        (&["report", "-"], "viraudit: no audit records about guests\n"),
        (&["report", "/dev/null"], "viraudit: no audit records about guests\n"),
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        assert_eq!(stderr(&output), message, "{args:?}");
    }
}

#[test]
fn what_is_no_log_is_said_in_one_line() {
    let random: Vec<u8> = (0..9000u32).map(|n| ((n * n) >> 3) as u8).collect();
    let utf16: Vec<u8> = day().iter().flat_map(|&byte| [byte, 0]).collect();
    for (what, text) in [
        ("a text", b"hello\nworld\n".to_vec()),
        ("a settings file", fs::read(root().join("Cargo.toml")).unwrap()),
        ("random bytes", random),
        ("nothing but NULs", vec![0; 100_000]),
        ("UTF-16", utf16),
        ("one line of 20 MB", vec![b'x'; 20_000_000]),
    ] {
        let output = with_input(&["report", "-"], &text);
        let said = stderr(&output);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{what}: {said}");
        assert_eq!(said.lines().count(), 1, "{what}: {said}");
        assert!(said.starts_with("viraudit: no audit records about guests: "), "{what}: {said}");
        let output = with_input(&["verify", "-"], &text);
        let found = text_of(&output);
        assert_eq!(output.status.code(), Some(1), "{what}: {found}");
        let long = "standard input:1: malformed: longer than 1048576 bytes";
        assert!(
            found.contains("standard input:1: malformed: not an audit record")
                || what.ends_with("20 MB") && found.contains(long),
            "{what}: {found}"
        );
        assert!(found.lines().count() < 100, "{what}: {found}");
    }
}

fn day() -> Vec<u8> {
    fs::read(root().join(DAY)).unwrap()
}

fn text_of(output: &Output) -> String {
    text(&output.stdout)
}

#[test]
fn a_log_in_other_clothes_says_the_same() {
    let day = day();
    let expected = with_input(&["report", "-", "-a"], &day).stdout;
    let crlf: Vec<u8> = day
        .iter()
        .flat_map(|&byte| if byte == b'\n' { b"\r\n".to_vec() } else { vec![byte] })
        .collect();
    let huge = [&day[..], &[b'x'; 20_000_000], b"\n"].concat();
    let open_end = day.strip_suffix(b"\n").unwrap().to_vec();
    for (what, log, status) in
        [("CRLF", crlf, 0), ("without its last line end", open_end, 0), ("a huge line", huge, 1)]
    {
        let output = with_input(&["report", "-", "-a"], &log);
        assert_eq!(text_of(&output), text(&expected), "{what}");
        assert_eq!(stderr(&output).lines().count(), status, "{what}");
        assert_eq!(with_input(&["verify", "-"], &log).status.code(), Some(status as i32), "{what}");
    }
}

#[test]
fn every_log_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for command in ["report", "verify"] {
        let output = viraudit([command]).arg(&empty).output().unwrap();
        let said =
            format!("viraudit: can't read {}: the directory has no files\n", empty.display());
        assert_eq!((output.status.code(), stderr(&output)), (Some(3), said));
        assert_eq!(text_of(&output), "");
        // What can be opened, but not read: two of them, and a good one.
        let bad = ["/proc/self/mem", "/proc/thread-self/mem"];
        let output = viraudit([command, bad[0], DAY, bad[1]]).output().unwrap();
        let said = bad.map(|path| format!("viraudit: can't read {path}: Input/output error\n"));
        assert_eq!((output.status.code(), stderr(&output)), (Some(3), said.concat()));
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn verify_says_the_same_once() {
    let record = "type=VIRT_CONTROL msg=audit(1.000:7): pid=1 uid=0 msg='virt=kv\n";
    let log = format!("a\nb\nc\n{record}d\n{record}{record}");
    let output = with_input(&["verify", "-"], log.as_bytes());
    let expected = "\
        standard input:1: malformed: not an audit record (and 2 more, to line 3)\n\
        standard input:4: cut: the record's end is missing\n\
        standard input:5: malformed: not an audit record\n\
        standard input:6: cut: the record's end is missing (and 1 more, to line 7)\n\
        standard input:6: duplicate: the record is a copy of line 4 (and 1 more, to line 7)\n\
        7 lines, 3 records about guests, 9 findings\n";
    assert_eq!(text_of(&output), expected);
    let output = with_input(&["verify", "-", "--json"], log.as_bytes());
    assert_eq!(text_of(&output).lines().count(), 9);
}

#[test]
fn fault_27_errors_are_one_line_and_an_exit_status() {
    for (args, code, word) in [
        (&["report", "--start", "gestern"] as &[&str], 2, "is not a valid time"),
        (&["report", "--start", "2026-02-01", "--end", "2026-01-01"], 2, "later than"),
        (&["report", "--uuid", "x"], 2, "is not a UUID"),
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
