//! Tampering that leaves every single record valid: what verify finds, and healthy disorder that it must
//! not report.

mod support;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use support::{EPOCH, Log, clock};
use viraudit_trail::input::{Source, Sources};
use viraudit_trail::verify::{Counts, verify};

/// The findings in these logs, each as `LOG:LINE KIND MESSAGE`.
fn verified(logs: &[&[String]]) -> (Vec<String>, Counts) {
    let dir = tempfile::tempdir().unwrap();
    let write = |(at, lines): (usize, &&[String])| {
        let path = dir.path().join(format!("log{at}"));
        std::fs::write(&path, lines.concat()).unwrap();
        Source::File(path)
    };
    let list = logs.iter().enumerate().map(write).collect();
    let mut found = Vec::new();
    let sources = Sources { list, local: false, ..Sources::default() };
    let (counts, errors) = verify(&sources, &clock(), &Arc::new(AtomicU64::new(0)), |finding| {
        let message = finding.message.replace(&format!("{}/", dir.path().display()), "");
        let (source, line, kind) = (finding.source, finding.line, finding.damage.name());
        found.push(format!("log{source}:{line} {kind} {message}"));
    });
    assert!(errors.is_empty());
    (found, counts)
}

fn findings(lines: &[String]) -> Vec<String> {
    verified(&[lines]).0
}

/// The lines of a log with 200 events, of which every second is about a guest.
fn healthy() -> Vec<String> {
    let mut log = Log { serial: 1000, ..Log::default() };
    for at in 0..100 {
        log.disk(at * 10, 1, "attach", "?", &format!("/d{at}"));
        log.raw(at * 10, "SYSCALL", "arch=c000003e syscall=257 success=no exit=-13 pid=1 uid=0")
            .same(at * 10, "CWD", "cwd=\"/\"")
            .same(at * 10, "PATH", "item=0 name=\"/a\"")
            .same(at * 10, "PATH", "item=0 name=\"/a\"")
            .same(at * 10, "PROCTITLE", "proctitle=78");
    }
    lines(&log)
}

fn lines(log: &Log) -> Vec<String> {
    let text = String::from_utf8(log.text.clone()).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

fn stamp(at: u64, serial: u64) -> String {
    format!("audit({}.000:{serial})", EPOCH + at)
}

#[test]
fn a_healthy_log_is_clean() {
    assert_eq!(findings(&healthy()), [""; 0]);
}

#[test]
fn another_record_with_the_same_stamp() {
    let mut log = healthy();
    log.insert(60, log[60].replace("/d10", "/forged"));
    assert_eq!(
        findings(&log),
        ["log0:62 duplicate line 61 is another record with this time and number"]
    );
}

#[test]
fn a_copied_record() {
    let mut log = healthy();
    log.insert(300, log[60].clone());
    assert_eq!(findings(&log), ["log0:301 duplicate the record is a copy of line 61"]);
}

#[test]
fn copied_records_are_one_finding() {
    let virt: Vec<String> = healthy().into_iter().filter(|line| line.contains("VIRT_")).collect();
    let log = [&virt[..], &virt[20..30]].concat();
    assert_eq!(
        findings(&log),
        ["log0:101 duplicate 10 records are copies of line 21 and the next ones"]
    );
}

#[test]
fn a_log_given_twice_is_no_damage() {
    let log = healthy();
    let (found, counts) = verified(&[&log, &log]);
    assert_eq!((found, counts.repeated_logs), (vec![], 1));
    let mut more = log.clone();
    more.truncate(60);
    more.push("type=VIRT_CONTROL msg=audit(1.000:7): x\n".into());
    let (found, counts) = verified(&[&log, &more]);
    assert_eq!(counts.repeated_logs, 0);
    assert!(found.iter().any(|line| line.contains("duplicate the record is a copy of log0:1")));
}

#[test]
fn equal_records_of_different_events_hosts_and_formats_are_no_copies() {
    let mut log = Log::default();
    log.disk(1, 1, "attach", "?", "/a").disk(1, 1, "attach", "?", "/a");
    log.node = Some("h2");
    log.serial = 0;
    log.disk(1, 1, "attach", "?", "/a").disk(1, 1, "attach", "?", "/a");
    assert_eq!(findings(&lines(&log)), [""; 0]);
    let mut log = Log::default();
    log.disk(1, 1, "attach", "?", "/a");
    let mut both = lines(&log);
    let syslog = format!("Jan  1 00:00:01 h1 audispd: {}", both[0]);
    both.push(syslog);
    assert_eq!(findings(&both), [""; 0]);
}

#[test]
fn a_time_years_away() {
    for seconds in [EPOCH - 100_000_000, EPOCH + 100_000_000] {
        let mut log = healthy();
        log[60] = log[60].replace(&(EPOCH + 100).to_string(), &seconds.to_string());
        assert_eq!(
            findings(&log),
            ["log0:61 time the time is years from the times before and after it"]
        );
    }
}

#[test]
fn reversed_lines() {
    let mut log = healthy();
    log.reverse();
    assert_eq!(findings(&log), ["log0:1 order 200 events are in reverse order"]);
    let mut log = healthy();
    log[120..240].reverse();
    assert_eq!(findings(&log), ["log0:121 order 40 events are in reverse order"]);
    let mut few: Vec<String> =
        healthy().into_iter().filter(|line| line.contains("VIRT_")).collect();
    few.truncate(3);
    few.reverse();
    assert_eq!(findings(&few), ["log0:1 order 3 events are in reverse order"]);
}

#[test]
fn one_far_serial_number_does_not_end_the_search_for_gaps() {
    for far in [50_000, 5] {
        let mut log = healthy();
        // Line 61 is event 1021.
        log[60] = log[60].replace(&stamp(100, 1021), &stamp(100, far));
        log.remove(120);
        assert_eq!(
            findings(&log),
            [
                format!("log0:61 serial the serial number {far} is between 1020 and 1022"),
                "log0:62 gap the event with serial number 1021 is missing".into(),
                "log0:121 gap the event with serial number 1041 is missing".into(),
            ]
        );
    }
}

#[test]
fn records_of_an_event_between_those_of_another_host() {
    let event = |serial: u64, kind: &str| format!("type={kind} msg={}: pid=1\n", stamp(9, serial));
    let mut log: Vec<String> = (1..40).map(|serial| event(serial, "SYSCALL")).collect();
    // Event 20 has two records and a far number; a record of another host is between them.
    log[19] = event(50_000, "SYSCALL");
    log.insert(20, format!("node=other {}", event(7, "SYSCALL")));
    log.insert(21, event(50_000, "PATH"));
    assert_eq!(
        findings(&log),
        [
            "log0:20 serial the serial number 50000 is between 19 and 21",
            "log0:23 gap the event with serial number 20 is missing",
        ]
    );
}

#[test]
fn a_far_serial_number_at_the_end_is_a_gap() {
    let mut log = healthy();
    let last = log.len() - 6;
    log.truncate(last + 1);
    log[last] = log[last].replace(&stamp(990, 1199), &stamp(990, 50_000));
    log.remove(60);
    assert_eq!(
        findings(&log),
        [
            "log0:61 gap the event with serial number 1021 is missing",
            "log0:594 gap 48801 events are missing: 1199 to 49999",
        ]
    );
}

#[test]
fn a_large_removal_is_no_filter() {
    let mut log = healthy();
    log.drain(120..480);
    let (found, counts) = verified(&[&log]);
    assert_eq!(found, ["log0:121 gap 120 events are missing: 1041 to 1160"]);
    assert!(!counts.filtered);
}

#[test]
fn healthy_disorder() {
    // Two processors, and a system call that was blocked for some minutes.
    let mut log = healthy();
    log.swap(60, 66);
    log[180..204].rotate_left(6);
    let blocked: Vec<String> = log.drain(241..246).collect();
    log.splice(420..420, blocked);
    assert_eq!(findings(&log), [""; 0]);
    // Nested calls, the innermost of which ends first.
    let mut log = healthy();
    let mut nested: Vec<String> = Vec::new();
    for at in [4, 3, 2, 1] {
        nested.extend(log.drain(at * 6 + 1..at * 6 + 6));
    }
    let end = log.len();
    log.splice(end - 6..end - 6, nested);
    assert_eq!(findings(&log), [""; 0]);
    // Hosts that share a file.
    let host = |name| healthy().into_iter().map(move |line| format!("node={name} {line}"));
    let mixed: Vec<String> = host("a").zip(host("b")).flat_map(|(a, b)| [a, b]).collect();
    assert_eq!(findings(&mixed), [""; 0]);
}

#[test]
fn clocks_and_boots() {
    let shifted = |by: i64, serial: i64| {
        healthy().into_iter().enumerate().map(move |(at, line)| {
            let (second, number) =
                (at as i64 / 6 * 10, 1001 + at as i64 / 6 * 2 + (at as i64 % 6).min(1));
            let (second, new) = (EPOCH as i64 + second, number + serial);
            line.replace(
                &format!("audit({second}.000:{number})"),
                &format!("audit({}.000:{new})", second + by),
            )
        })
    };
    let year = 366 * 24 * 3600;
    // The clock is set, far or near, forth or back, while numbers go on.
    for by in [-3600, 3600, -5 * year, 5 * year] {
        let log: Vec<String> = healthy().into_iter().chain(shifted(by, 200)).collect();
        assert_eq!(findings(&log), [""; 0], "{by}");
    }
    // A boot, whose first events have a wrong time.
    let mut boot = Log::default();
    boot.raw(2000, "SYSTEM_BOOT", "pid=1 uid=0 msg=' res=success'");
    let boot = lines(&boot);
    let mut second: Vec<String> = shifted(3000, -999).collect();
    second[0] = second[0].replace(&stamp(3000, 2), "audit(1000.000:2)");
    for with in [true, false] {
        let log = [healthy(), if with { boot.clone() } else { vec![] }, second.clone()].concat();
        assert_eq!(findings(&log), [""; 0], "{with}");
    }
    // auditd is restarted, and has its own numbers; the kernel's go on.
    let daemon = |kind| format!("type={kind} msg=audit({}.000:9001): op=x\n", EPOCH + 1500);
    let restarted: Vec<String> = healthy()
        .into_iter()
        .chain([daemon("DAEMON_END"), daemon("DAEMON_START")])
        .chain(shifted(2000, 400))
        .collect();
    assert_eq!(
        findings(&restarted),
        ["log0:603 gap 200 events are missing: 1201 to 1400; auditd was restarted"]
    );
}

#[test]
fn the_order_of_files_does_not_matter() {
    let log = healthy();
    assert_eq!(verified(&[&log[300..], &log[..300]]).0, [""; 0]);
}
