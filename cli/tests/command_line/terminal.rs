//! What differs when a terminal shows it: colours, columns, the progress of long logs.

use crate::program::{root, text, viraudit};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use unicode_width::UnicodeWidthStr;

const DAY: &str = "trail/tests/golden/day.log";
const ESCAPE: char = '\x1b';

/// A terminal: the end that a person sits at, and the one that programs see.
fn terminal(columns: u16) -> (File, OwnedFd) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let program = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&program, size).unwrap();
    (File::from(person), program)
}

/// A command in an environment of which everything is known.
fn command(args: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = viraudit(args);
    command.env_clear().env("TERM", "xterm-256color").env("TZ", "UTC");
    command.envs(environment.iter().copied());
    command
}

/// What a terminal got to see, read until the program is gone.
fn shown(mut person: File, mut command: Command) -> String {
    let mut child = command.spawn().unwrap();
    // It holds the program's end, which has to be closed for the last read to end.
    drop(command);
    let mut bytes = Vec::new();
    // EIO: nobody has it open any more.
    let _ = person.read_to_end(&mut bytes);
    child.wait().unwrap();
    text(&bytes).replace("\r\n", "\n")
}

fn on_terminal(args: &[&str], columns: u16, environment: &[(&str, &str)]) -> String {
    let (person, program) = terminal(columns);
    let mut command = command(args, environment);
    command.stdout(program);
    shown(person, command)
}

#[test]
fn colours_are_for_terminals() {
    let table = ["report", DAY, "-a"];
    for (args, environment, coloured) in [
        (&table[..], &[] as &[_], true),
        (&table, &[("NO_COLOR", "1")], false),
        (&table, &[("TERM", "dumb")], false),
        (&["report", DAY, "-a", "--format", "json"], &[], false),
        (&["report", DAY, "-a", "--format", "csv"], &[], false),
        (&["report", DAY, "--summary"], &[], false),
        (&["verify", DAY], &[], false),
    ] {
        let shown = on_terminal(args, 80, environment);
        assert!(!shown.is_empty());
        assert_eq!(shown.contains(ESCAPE), coloured, "{args:?} {environment:?}: {shown}");
        let piped = command(args, environment).output().unwrap();
        assert!(!text(&piped.stdout).contains(ESCAPE), "{args:?} {environment:?}");
    }
}

#[test]
fn a_table_fits_its_terminal() {
    let table = ["report", DAY, "-a"];
    let environment = [("NO_COLOR", "1")];
    for columns in [20, 40, 80, 120] {
        let shown = on_terminal(&table, columns, &environment);
        let widest = shown.lines().map(UnicodeWidthStr::width).max().unwrap();
        assert!(widest <= columns.into(), "{widest} of {columns}: {shown}");
        let told = [environment[0], ("COLUMNS", &columns.to_string())];
        assert_eq!(on_terminal(&table, 200, &told), shown, "COLUMNS={columns}");
    }
    // A pipe gets everything, whatever COLUMNS says.
    let whole = text(&command(&table, &[]).output().unwrap().stdout);
    for environment in [[("COLUMNS", "20")], [("COLUMNS", "0")], [("COLUMNS", "x")]] {
        assert_eq!(text(&command(&table, &environment).output().unwrap().stdout), whole);
    }
    assert_eq!(on_terminal(&table, 1000, &environment), whole);
    assert_eq!(on_terminal(&table, 1000, &[environment[0], ("COLUMNS", "0")]), whole);
}

#[test]
fn colours_take_no_columns() {
    let plain = on_terminal(&["report", DAY], 80, &[("NO_COLOR", "1")]);
    let mut coloured = on_terminal(&["report", DAY], 80, &[]);
    while let Some(at) = coloured.find(ESCAPE) {
        let len = coloured[at..].find('m').unwrap();
        coloured.replace_range(at..=at + len, "");
    }
    assert_eq!(coloured, plain);
}

/// A guest's start, with a name in hex.
fn start(serial: usize, name: &str) -> String {
    let hex: String = name.bytes().map(|byte| format!("{byte:02X}")).collect();
    format!(
        "type=VIRT_CONTROL msg=audit(1795292517.231:{serial}): pid=1 uid=0 auid=0 ses=1 \
         msg='virt=kvm op=start reason=booted vm={hex} \
         uuid={serial:08}-2f8b-4b7a-9d9c-0123456789ab vm-pid=5 exe=\"x\" hostname=? addr=? \
         terminal=? res=success'\n"
    )
}

#[test]
fn columns_stand_below_each_other_whatever_the_names() {
    let names = [
        "web1",
        "gäst",
        "日本語のゲスト",
        "cafe\u{301}",
        "👨\u{200d}👩\u{200d}👧",
        "a\u{202e}b\tc",
    ];
    let log: String = names.iter().enumerate().map(|(n, name)| start(n + 1, name)).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), log).unwrap();
    let args = ["report", file.path().to_str().unwrap()];
    for columns in [72, 80, 200] {
        let shown = on_terminal(&args, columns, &[("NO_COLOR", "1")]);
        let (header, rows) = shown.split_once('\n').unwrap();
        assert_eq!(rows.lines().count(), names.len());
        for row in rows.lines() {
            // Nothing else has so many columns in front of the time.
            let start = row.find("2026-11-21").unwrap();
            let user = UnicodeWidthStr::width(&row[..start]);
            assert_eq!(user, header.find("START").unwrap(), "{shown}");
        }
        assert!(!shown.contains('\u{202e}') && !shown.contains('\t'), "{shown}");
    }
}

/// A log with one guest in it, and then nothing but holes.
fn log_of(size: u64) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(start(1, "web1").as_bytes()).unwrap();
    file.as_file().set_len(size).unwrap();
    file
}

#[test]
fn progress_is_for_terminals_and_long_logs() {
    const MIB: u64 = 1024 * 1024;
    for (size, drawn) in [(MIB, false), (64 * MIB, true)] {
        let log = log_of(size);
        let args = ["report", log.path().to_str().unwrap()];
        let (person, program) = terminal(80);
        let mut on_terminal = command(&args, &[]);
        on_terminal.stdout(Stdio::null()).stderr(program);
        let shown = shown(person, on_terminal);
        assert_eq!(shown.contains("MiB"), drawn, "{size}: {shown:?}");
        // What is said stands on a line of its own.
        assert!(shown.contains("viraudit: "), "{shown:?}");
        let piped = command(&args, &[]).output().unwrap();
        let said = text(&piped.stderr);
        assert!(said.starts_with("viraudit: ") && said.lines().count() == 1, "{said}");
        assert_eq!(text(&piped.stdout).lines().count(), 2);
    }
}

#[test]
fn what_has_no_size_shows_no_progress() {
    let (person, program) = terminal(80);
    let mut from_pipe = command(&["report", "-"], &[]);
    let log = File::open(root().join(DAY)).unwrap();
    from_pipe.stdin(log).stdout(Stdio::null()).stderr(program);
    assert_eq!(shown(person, from_pipe), "");
}

#[test]
fn auvirts_bytes_are_made_safe_for_terminals_only() {
    // auvirt escapes only ASCII.
    let name = "a\u{9b}31m\u{202e}z";
    let log = start(1, "x").replace("vm=78", &format!("vm=\"{name}\""));
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), log).unwrap();
    let args = ["auvirt", "--file", file.path().to_str().unwrap()];
    let shown = on_terminal(&args, 80, &[]);
    assert!(shown.contains("a\\u{9b}31m\\u{202e}z"), "{shown:?}");
    let piped = command(&args, &[]).output().unwrap();
    assert!(text(&piped.stdout).contains(name), "{piped:?}");
}
