//! Where guests ran, and when: moves, two hosts at a time, and how many ran at once.

mod support;

use proptest::prelude::*;
use support::{EPOCH, Log};
use viraudit_trail::report::{Move, Report};

/// One line of a history: the host, the time, the guest, and what happened: `start`, `arrive`, `stop`,
/// `leave`, `refuse`, `boot`, `attach`.
type Line = (&'static str, u64, u32, &'static str);

fn report(history: &[Line]) -> Report {
    let mut log = Log::default();
    for &(host, at, n, what) in history {
        log.node = Some(host);
        match what {
            "start" => log.start(at, n),
            "arrive" => log.control(at, "start", "migrated", n, true),
            "stop" => log.stop(at, n),
            "leave" => log.control(at, "stop", "migrated", n, true),
            "refuse" => log.control(at, "stop", "failed", n, true),
            "attach" => log.disk(at, n, "attach", "?", "/a"),
            "boot" => log.raw(at, "SYSTEM_BOOT", "pid=1 uid=0 msg=' comm=\"systemd\" res=success'"),
            other => panic!("{other}"),
        };
    }
    log.details()
}

/// `FIRST+SECOND FROM-UNTIL`, in seconds.
fn overlaps(history: &[Line]) -> Vec<String> {
    let seconds = |ms: i64| (ms / 1000 - EPOCH as i64).to_string();
    let found = report(history).overlaps();
    let shown = found.iter().map(|overlap| {
        let [one, other] = overlap.sessions;
        let until = overlap.until.map_or("?".into(), seconds);
        format!("{one}+{other} {}-{until}", seconds(overlap.from))
    });
    shown.collect()
}

fn moves(history: &[Line]) -> Vec<(usize, usize)> {
    report(history).moves().iter().map(|&Move { from, to }| (from, to)).collect()
}

#[test]
fn a_guest_on_two_hosts() {
    let cases: &[(&str, &[Line], &[&str])] = &[
        ("one host", &[("a", 1, 1, "start"), ("a", 5, 1, "stop")], &[]),
        (
            "two guests",
            &[("a", 1, 1, "start"), ("b", 2, 2, "start"), ("a", 5, 1, "stop"), ("b", 6, 2, "stop")],
            &[],
        ),
        (
            "both ended",
            &[("a", 1, 1, "start"), ("b", 3, 1, "start"), ("a", 5, 1, "stop"), ("b", 9, 1, "stop")],
            &["0+1 3-5"],
        ),
        ("both run", &[("a", 1, 1, "start"), ("b", 3, 1, "start")], &["0+1 3-?"]),
        (
            "one after the other",
            &[("a", 1, 1, "start"), ("a", 3, 1, "stop"), ("b", 3, 1, "start")],
            &[],
        ),
        (
            "a live migration",
            &[("a", 1, 1, "start"), ("b", 3, 1, "arrive"), ("a", 5, 1, "leave")],
            &[],
        ),
        ("a migration that goes on", &[("a", 1, 1, "start"), ("b", 3, 1, "arrive")], &["0+1 3-?"]),
        (
            "a migration that failed",
            &[("a", 1, 1, "start"), ("b", 3, 1, "arrive"), ("b", 4, 1, "refuse")],
            &[],
        ),
        (
            "there and back, each explained once",
            &[
                ("a", 1, 1, "start"),
                ("b", 3, 1, "arrive"),
                ("a", 5, 1, "leave"),
                ("a", 7, 1, "arrive"),
                ("b", 9, 1, "leave"),
            ],
            &[],
        ),
        (
            "one stop explains one start: the last one before it",
            &[
                ("a", 1, 1, "start"),
                ("b", 3, 1, "arrive"),
                ("c", 4, 1, "arrive"),
                ("a", 5, 1, "leave"),
            ],
            &["0+1 3-5", "1+2 4-?"],
        ),
        (
            "stopped, not migrated",
            &[("a", 1, 1, "start"), ("b", 3, 1, "arrive"), ("a", 5, 1, "stop")],
            &["0+1 3-5"],
        ),
        (
            "a crash that is recorded when the host is back",
            &[("a", 1, 1, "start"), ("b", 3, 1, "start"), ("a", 9, 1, "boot")],
            &[],
        ),
        (
            "but it was seen there",
            &[
                ("a", 1, 1, "start"),
                ("b", 3, 1, "start"),
                ("a", 5, 1, "attach"),
                ("a", 9, 1, "boot"),
            ],
            &["0+1 3-5"],
        ),
        (
            "lost: nobody knows until when it ran",
            &[
                ("a", 1, 1, "start"),
                ("b", 3, 1, "start"),
                ("b", 4, 1, "stop"),
                ("a", 9, 1, "start"),
            ],
            &[],
        ),
    ];
    for (what, history, expected) in cases {
        assert_eq!(overlaps(history), *expected, "{what}");
    }
}

#[test]
fn moves_to_another_host() {
    type Case<'c> = (&'c str, &'c [Line], &'c [(usize, usize)]);
    let cases: &[Case<'_>] = &[
        (
            "a live migration",
            &[("a", 1, 1, "start"), ("b", 3, 1, "arrive"), ("a", 5, 1, "leave")],
            &[(0, 1)],
        ),
        (
            "stopped here, started there",
            &[("a", 1, 1, "start"), ("a", 3, 1, "stop"), ("b", 4, 1, "start")],
            &[(0, 1)],
        ),
        ("the same host", &[("a", 1, 1, "start"), ("a", 3, 1, "stop"), ("a", 4, 1, "start")], &[]),
        ("on both: no move", &[("a", 1, 1, "start"), ("b", 3, 1, "start")], &[]),
        (
            "a migration that failed, and a restart",
            &[
                ("a", 1, 1, "start"),
                ("b", 3, 1, "arrive"),
                ("b", 4, 1, "refuse"),
                ("a", 6, 1, "stop"),
                ("a", 7, 1, "start"),
            ],
            &[],
        ),
        (
            "restarted elsewhere after a crash",
            &[("a", 1, 1, "start"), ("b", 3, 1, "start"), ("a", 9, 1, "boot")],
            &[(0, 1)],
        ),
    ];
    for (what, history, expected) in cases {
        assert_eq!(moves(history), *expected, "{what}");
    }
}

#[test]
fn guests_running_at_once() {
    let report = report(&[
        ("a", 2, 9, "stop"),
        ("a", 3, 1, "start"),
        ("a", 4, 2, "start"),
        ("b", 5, 1, "arrive"),
        ("a", 6, 1, "leave"),
        ("a", 8, 2, "stop"),
        ("a", 8, 3, "start"),
    ]);
    let ms = |at: i64| (EPOCH as i64 + at) * 1000;
    let running = report.running(ms(0));
    let steps: Vec<(i64, u32)> =
        running.steps.iter().map(|&(at, count)| (at / 1000 - EPOCH as i64, count)).collect();
    assert_eq!(steps, [(0, 1), (2, 0), (3, 1), (4, 2)], "a stop and a start at once are no change");
    assert_eq!(running.peak(), Some((ms(4), 2)));
    assert_eq!(running.peaks(ms(0), ms(10), 5), [1, 1, 2, 2, 2]);
    assert_eq!(running.peaks(ms(0), ms(10), 1), [2]);
}

proptest! {
    #[test]
    fn peaks_are_exact(
        spans in prop::collection::vec((0u64..60, 0u64..60), 0..12),
        parts in 1usize..9,
    ) {
        let mut events = Vec::new();
        for (n, (one, other)) in spans.iter().enumerate() {
            events.push((*one.min(other), n as u32, true));
            if one != other {
                events.push((*one.max(other), n as u32, false));
            }
        }
        events.sort_by_key(|&(at, ..)| at);
        let mut log = Log::default();
        for &(at, n, starts) in &events {
            if starts { log.start(at, n) } else { log.stop(at, n) };
        }
        // Those that didn't end run on.
        let runs = |n: u32, at: u64| {
            let (one, other) = spans[n as usize];
            one.min(other) <= at && (one == other || at < one.max(other))
        };
        let count = |at: u64| (0..spans.len() as u32).filter(|&n| runs(n, at)).count() as u32;
        let ms = |at: u64| ((EPOCH + at) * 1000) as i64;
        let running = log.details().running(ms(0));
        let peak = (0..60).map(count).max().unwrap_or(0);
        prop_assert_eq!(running.peak().map_or(0, |(_, peak)| peak), peak);
        // Parts of whole seconds, so that every number is seen at one.
        let until = 60 - 60 % parts as u64;
        let peaks = running.peaks(ms(0), ms(until), parts);
        for (part, peak) in peaks.iter().enumerate() {
            let length = until / parts as u64;
            let from = part as u64 * length;
            let to = if part + 1 == parts { until } else { from + length - 1 };
            prop_assert_eq!(*peak, (from..=to).map(count).max().unwrap(), "part {}", part);
        }
    }
}
