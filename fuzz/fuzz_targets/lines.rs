//! Any bytes as a log: every line is accounted for, whoever reads it, and what is shown of it can
//! be read.

#![no_main]

#[allow(dead_code)]
#[path = "../shared/report.rs"]
mod report;

#[allow(dead_code)]
#[path = "../../cli/src/terminal.rs"]
mod terminal;

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use report::table::columns::Columns;
use report::table::row::{self, Pen};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use viraudit::RecordType;
use viraudit_trail::events::{LineCounts, Store, Wants};
use viraudit_trail::input::{Source, Sources};
use viraudit_trail::line;
use viraudit_trail::report::{EventView, Failed, Filter, Report, SessionView, WidthSamples};
use viraudit_trail::session::State;
use viraudit_trail::time::Clock;
use viraudit_trail::verify::{Finding, verify, verify_text};
use viraudit_trail::watch::Watcher;

static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock::fixed("2026-11-21T12:00:00[UTC]"));

const DETAILS: Wants = Wants { details: true, failed: false };
const OTHERS: [Wants; 2] =
    [Wants { details: false, failed: false }, Wants { details: false, failed: true }];

fuzz_target!(|log: &[u8]| {
    let lines = lines(log);
    let report = report(log, DETAILS);
    accounted(report.store().line_counts, lines);
    let shown = shown(&report);
    for wants in OTHERS {
        let report = self::report(log, wants);
        accounted(report.store().line_counts, lines);
        self::shown(&report);
    }
    if log.len().is_multiple_of(8) {
        a_page(&report, log);
    }
    let findings = findings(log, lines);
    replayed_by_auvirt(log);
    watched(log);
    // Files and threads are slow, and the way to them is the same for every log.
    if log.len().is_multiple_of(64) {
        from_a_file(log, &shown, &findings);
    }
});

fn lines(log: &[u8]) -> u64 {
    let ends = log.iter().filter(|&&byte| byte == b'\n').count();
    (ends + usize::from(log.last().is_some_and(|&byte| byte != b'\n'))) as u64
}

fn report(log: &[u8], wants: Wants) -> Report {
    let failed = wants.failed.then_some(Failed::Any);
    let filter = Filter { failed, ..Filter::default() };
    Report::new(Store::of_text(log, wants, &CLOCK), filter)
}

fn accounted(line_counts: LineCounts, lines: u64) {
    assert_eq!(line_counts.lines, lines);
    assert_eq!(
        line_counts.used + line_counts.other + line_counts.malformed + line_counts.cut,
        lines,
        "{line_counts:?}"
    );
}

/// Each line of JSON is an object, each row of CSV has the header's columns, and texts keep to
/// the columns of a table.
fn shown(report: &Report) -> Vec<u8> {
    let mut json = Vec::new();
    report::json::write(report, true, &mut json).expect("memory takes all");
    let mut objects = 0;
    for line in json.split_inclusive(|&byte| byte == b'\n') {
        let object: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        assert!(object["kind"].is_string() && object["uuid"].is_string());
        objects += 1;
    }
    let mut rows = Vec::new();
    report::csv::write(report, true, &mut rows).expect("memory takes all");
    let mut read = csv::Reader::from_reader(&rows[..]);
    assert_eq!(read.records().map(|row| row.expect("as many columns")).count(), objects);
    for session in report.sessions() {
        let vm = terminal::escape(&session.vm);
        let mut cell = Vec::new();
        report::layout::put(&mut cell, &vm, 12);
        let cell = std::str::from_utf8(&cell).expect("text");
        assert_eq!(report::layout::width(cell), 12, "{cell:?}");
    }
    let mut shapes = WidthSamples::default();
    let unlike = room(report.width_samples(0..report.len(), &mut shapes));
    assert!(unlike == room(report.sessions()), "one is wider");
    let summary = report.summary();
    let started = report.sessions().filter(|session| session.state != State::Unstarted);
    assert_eq!(summary.sessions, started.count() as u64);
    assert_eq!(summary.states.iter().sum::<u64>(), summary.sessions);
    json
}

/// No text of the log, and no title, adds an element to the page or shows a control character.
fn a_page(report: &Report, log: &[u8]) {
    use report::page::Rows;
    let rows = [Rows::Sessions, Rows::Guests, Rows::Operations, Rows::Counts];
    let options = report::page::Options {
        title: Some(String::from_utf8_lossy(log).into_owned()),
        zone: TimeZone::UTC,
        now: 0,
        verdict: report::page::Verdict::NotChecked,
        rows: rows[log.len() % rows.len()],
        proof: true,
    };
    let mut page = Vec::new();
    report::page::write(report, &options, &mut page).expect("memory takes all");
    let page = String::from_utf8(page).expect("text");
    for tag in ["<script", "</script", "<style", "</style", "<title", "</title"] {
        let count = if tag.ends_with("script") { 2 } else { 1 };
        assert_eq!(page.matches(tag).count(), count, "{tag}");
    }
    assert!(!page.contains(|c: char| c.is_control() && c != '\n'));
}

/// How wide a table of some sessions is, column by column.
fn room<'r>(sessions: impl Iterator<Item = SessionView<'r>>) -> Columns {
    let (mut columns, mut pen) = (Columns::new(true, false), Pen::new(TimeZone::UTC));
    for session in sessions {
        row::append(&session, &mut pen, &mut columns, &mut Vec::new());
    }
    columns
}

fn findings(log: &[u8], lines: u64) -> Vec<Finding> {
    let mut found = Vec::new();
    let counts = verify_text(log, &CLOCK, |finding| found.push(finding));
    assert_eq!((counts.lines, counts.findings), (lines, found.len() as u64));
    assert!(found.iter().all(|finding| (1..=lines).contains(&finding.line)));
    found
}

fn replayed_by_auvirt(log: &[u8]) {
    for args in [&["--stdin", "-a", "--proof", "--show-uuid"][..], &["--stdin", "-s"]] {
        let args = args.iter().map(OsString::from);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = viraudit_auvirt::run(args, &mut &log[..], &mut out, &mut err);
        assert!(code <= 1);
    }
}

/// The same records as the kernel tells them.
fn watched(log: &[u8]) {
    let mut watcher = Watcher::new(CLOCK.clone());
    let mut seen = |event: &EventView<'_>| {
        assert!(!event.kind.is_empty());
    };
    for text in log.split(|&byte| byte == b'\n') {
        let Some(front) = line::front(text) else { continue };
        let name = std::str::from_utf8(front.name).unwrap_or_default();
        let number = name.parse().ok().map(|kind: RecordType| kind.number());
        let kind = number.unwrap_or(match name {
            "SYSCALL" => 1300,
            "PATH" => 1302,
            "CWD" => 1307,
            "EOE" => 1320,
            "AVC" => 1400,
            "ANOM_ABEND" => 1701,
            _ => 1127,
        });
        watcher.record(kind, &[b"audit(", front.rest].concat(), &mut seen);
    }
    watcher.flush(&mut seen);
}

/// Read by blocks and threads, a log says the same.
fn from_a_file(log: &[u8], shown: &[u8], findings: &[Finding]) {
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
        std::env::temp_dir().join(format!("viraudit-fuzz-lines-{}", std::process::id()))
    });
    fs::write(&*FILE, log).expect("a file");
    let sources =
        Sources { list: vec![Source::File(FILE.clone())], local: false, ..Sources::default() };
    let report = Report::read(&sources, DETAILS, &CLOCK, &Default::default(), Filter::default());
    let mut found = Vec::new();
    let (_, errors) = verify(&sources, &CLOCK, &Default::default(), |finding| found.push(finding));
    // What begins like a compressed file, JSON or an export of the journal may be taken for one.
    let text = log.trim_ascii_start();
    let other = is_compressed(log) || [&b"{"[..], b"[", b"__"].iter().any(|m| text.starts_with(m));
    if report.store().errors.is_empty() && errors.is_empty() && !other {
        assert_eq!(self::shown(&report), shown);
        assert_eq!(found, findings);
    }
}

fn is_compressed(log: &[u8]) -> bool {
    [&b"\x1f\x8b"[..], b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"].iter().any(|m| log.starts_with(m))
}
