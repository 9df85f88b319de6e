//! Any bytes as lines, as an export of the journal, or as JSON documents: a report is the same
//! wherever the end of a block falls, from a pipe that gives a few bytes at a time, and from an
//! archive.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::thread;
use viraudit_trail::events::Wants;
use viraudit_trail::input::{Source, Sources};
use viraudit_trail::report::{Filter, Report};
use viraudit_trail::time::Clock;
use viraudit_trail::verify::verify;

static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock::fixed("2026-11-21T12:00:00[UTC]"));

/// The size of the blocks that logs are read in, where they are fuzzed.
const BLOCK: usize = 16 * 1024;

/// A format: its beginning, and an entry that `report` and `verify` skip in silence, in which `~` is
/// any text.
const FORMATS: [(&str, &str); 3] = [
    ("", "type=USER_START msg=audit(1.000:0): ~\n"),
    ("__CURSOR=a\n\n", "MESSAGE=~\n_TRANSPORT=stdout\nSYSLOG_IDENTIFIER=a\n\n"),
    (
        "[{\"_TRANSPORT\":\"stdout\"}]\n",
        "{\"MESSAGE\":\"~\",\"_TRANSPORT\":\"stdout\",\"SYSLOG_IDENTIFIER\":\"a\"}\n",
    ),
];

fuzz_target!(|data: &[u8]| {
    let [format, near, step, log @ ..] = data else { return };
    let (begin, record) = FORMATS[usize::from(*format) % FORMATS.len()];
    let begin = [begin, &record.replace('~', "a")].concat().into_bytes();
    let whole = [&begin, log].concat();
    let file = path("log");
    fs::write(&file, &whole).expect("a file");
    let expected = shown(&file, 0);

    let pipe = pipe();
    let step = usize::from(*step) + 1;
    let writer = thread::spawn({
        let (pipe, whole) = (pipe.clone(), whole.clone());
        move || {
            let mut pipe = File::options().write(true).open(pipe).expect("a pipe");
            // The reader may stop at a damaged part.
            let _ = whole.chunks(step).try_for_each(|part| pipe.write_all(part));
        }
    });
    let from_pipe = report(&pipe);
    writer.join().expect("a writer");
    assert_eq!(from_pipe, expected.0, "from a pipe");

    let archive = path("log.tar");
    let mut tar = tar::Builder::new(File::create(&archive).expect("a file"));
    tar.append_path_with_name(&file, "audit.log").expect("an archive");
    tar.finish().expect("an archive");
    assert_eq!(report(&archive), expected.0, "from an archive");

    // An entry before the log fills a block but for a part of the log.
    let room = BLOCK - begin.len() - log.len().min(BLOCK / 2) * usize::from(*near) / 255;
    let filler = record.replace('~', &"a".repeat(room.saturating_sub(record.len())));
    let filled = [&begin, filler.as_bytes(), log].concat();
    fs::write(&file, &filled).expect("a file");
    assert_eq!(shown(&file, lines(&filled) - lines(&whole)), expected, "across two blocks");
});

fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

fn path(name: &str) -> PathBuf {
    static DIRECTORY: LazyLock<PathBuf> = LazyLock::new(|| {
        let name = format!("viraudit-fuzz-formats-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("a directory");
        path
    });
    DIRECTORY.join(name)
}

fn pipe() -> PathBuf {
    let path = path("pipe");
    if !fs::metadata(&path).is_ok_and(|found| found.file_type().is_fifo()) {
        assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    }
    path
}

fn sources(path: &PathBuf) -> Sources {
    let resolved = Sources::resolve(std::slice::from_ref(path));
    let file = || Sources { list: vec![Source::File(path.clone())], ..Sources::default() };
    resolved.unwrap_or_else(|_| file())
}

/// All sessions and events, and what else is reported.
fn report(path: &PathBuf) -> Vec<String> {
    let wants = Wants { details: true, failed: true };
    let read = Report::read(&sources(path), wants, &CLOCK, &Default::default(), Filter::default());
    let mut shown = Vec::new();
    for session in read.sessions() {
        shown.push(format!("{session:?}"));
        shown.extend(read.events(&session).map(|event| format!("{event:?}")));
    }
    let store = read.store();
    shown.push(format!("{} {}", store.line_counts.used, store.line_counts.cut));
    shown.push(format!("{:?} {:?}", store.gaps, store.programs));
    shown.extend(store.errors.iter().map(|(_, error)| error.to_string()));
    shown
}

/// The report, and the findings of verify without the lines before the log.
fn shown(path: &PathBuf, before: u64) -> (Vec<String>, Vec<String>) {
    let mut findings = Vec::new();
    let (_, errors) = verify(&sources(path), &CLOCK, &Default::default(), |finding| {
        let shifted = |line: u64| line - before.min(line);
        let message = match finding.message.split_once("line ") {
            Some((text, number)) => {
                let (number, rest) = number.split_once(' ').unwrap_or((number, ""));
                let line = number.parse().map_or(0, shifted);
                format!("{text}line {line} {rest}")
            }
            None => finding.message,
        };
        let line = shifted(finding.line);
        findings.push(format!("{line} {:?} {message} {:?}", finding.damage, finding.stamp));
    });
    findings.extend(errors.iter().map(|(_, error)| error.to_string()));
    (report(path), findings)
}
