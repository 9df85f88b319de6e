//! Logs as rotation leaves them: in pieces, compressed by gzip, zstd and xz.
//!
//! `trail/tests/golden/rotated` is `day.log` in pieces, made by the real programs.

use crate::program::{root, stderr, text, viraudit};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Output};

const DAY: &str = "trail/tests/golden/day.log";
const ROTATED: &str = "trail/tests/golden/rotated";

/// The pieces, oldest first, and the program that makes each.
const PIECES: [(&str, &[&str]); 4] = [
    ("audit.log.3.xz", &["xz", "-c"]),
    ("audit.log.2.zst", &["zstd", "-qc"]),
    ("audit.log.1.gz", &["gzip", "-nc"]),
    ("audit.log", &["cat"]),
];

/// The pieces' directory; with `REFRESH=1` it is made anew.
fn rotated() -> PathBuf {
    let directory = root().join(ROTATED);
    if std::env::var_os("REFRESH").is_some() {
        let day = fs::read(root().join(DAY)).unwrap();
        let lines: Vec<&[u8]> = day.split_inclusive(|&byte| byte == b'\n').collect();
        let plain = tempfile::NamedTempFile::new().unwrap();
        fs::create_dir_all(&directory).unwrap();
        for ((name, program), lines) in PIECES.iter().zip(lines.chunks(lines.len().div_ceil(4))) {
            fs::write(plain.path(), lines.concat()).unwrap();
            let (program, args) = program.split_first().unwrap();
            let made = Command::new(program)
                .args(args)
                .stdin(File::open(plain.path()).unwrap())
                .stdout(File::create(directory.join(name)).unwrap())
                .status();
            assert!(made.unwrap().success(), "{program}");
        }
    }
    directory
}

fn report<S: AsRef<std::ffi::OsStr>>(logs: &[S]) -> Output {
    viraudit(["report", "-a", "--format", "json"]).args(logs).output().unwrap()
}

#[test]
fn pieces_are_read_as_the_whole() {
    let directory = rotated();
    let whole = text(&report(&[DAY]).stdout);
    let in_turn = PIECES.map(|(name, _)| directory.join(name));
    let mut backwards = in_turn.clone();
    backwards.reverse();
    let directory = [directory];
    for logs in [&directory[..], &in_turn, &backwards] {
        let output = report(logs);
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
        assert_eq!(text(&output.stdout), whole, "{logs:?}");
    }
}

#[test]
fn each_kind_is_known_by_its_content() {
    let directory = rotated();
    let other = tempfile::tempdir().unwrap();
    for (name, _) in &PIECES[..3] {
        let piece = directory.join(name);
        let whole = report(&[&piece]);
        assert_eq!(whole.status.code(), Some(0), "{name}: {}", stderr(&whole));
        // Under any name, and through a pipe.
        let copy = other.path().join("plain");
        fs::copy(&piece, &copy).unwrap();
        assert_eq!(report(&[&copy]).stdout, whole.stdout, "{name}");
        let mut piped = viraudit(["report", "-a", "--format", "json", "-"]);
        piped.stdin(File::open(&piece).unwrap());
        assert_eq!(piped.output().unwrap().stdout, whole.stdout, "{name}");
        // Two of them behind each other are one, and what is in both counts once.
        let bytes = fs::read(&piece).unwrap();
        fs::write(&copy, [&bytes[..], &bytes].concat()).unwrap();
        assert_eq!(report(&[&copy]).stdout, whole.stdout, "{name}");
    }
}

#[test]
fn what_is_cut_off_is_an_error_that_names_the_log() {
    let directory = rotated();
    let other = tempfile::tempdir().unwrap();
    for (name, _) in &PIECES[..3] {
        let bytes = fs::read(directory.join(name)).unwrap();
        let cut = other.path().join(name);
        for keep in [bytes.len() - 1, bytes.len() / 2, 10] {
            fs::write(&cut, &bytes[..keep]).unwrap();
            for command in ["report", "verify"] {
                let output = viraudit([command]).arg(&cut).output().unwrap();
                let said = stderr(&output);
                let last = said.lines().last().unwrap_or_default();
                let told = format!("viraudit: can't read {}: ", cut.display());
                assert_eq!(output.status.code(), Some(3), "{command} {name} {keep}: {said}");
                assert!(last.starts_with(&told), "{command} {name} {keep}: {said}");
            }
        }
    }
}

/// Runs `report` on a directory with 100 logs, of which a process may open only some.
fn report_with_limit(ulimit: &str) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let day = fs::read(root().join(DAY)).unwrap();
    for n in 0..100 {
        fs::write(directory.path().join(format!("audit.log.{n}")), &day).unwrap();
    }
    let program = env!("CARGO_BIN_EXE_viraudit");
    let script = format!("ulimit {ulimit} && exec \"$0\" report \"$1\"");
    Command::new("sh").args(["-c", &script, program]).arg(directory.path()).output().unwrap()
}

#[test]
fn the_limit_of_open_files_is_raised_or_named() {
    let output = report_with_limit("-Sn 40");
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    let output = report_with_limit("-n 40");
    let printed = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{printed}");
    let expected = ": Too many open files; raise the limit (ulimit -n), or name fewer logs\n";
    assert!(printed.ends_with(expected) && printed.contains("audit.log."), "{printed}");
}
