//! Sessions that never were: what a report must not claim.

mod support;

use support::{LEVEL, Log, events, sessions, uuid};
use viraudit_trail::events::Wants;
use viraudit_trail::report::{Filter, Report};
use viraudit_trail::session::State;

const NET: &str = "net=52:54:00:00:00:01 path=\"/dev/net/tun\" rdev=0A:C8";

/// The sessions, which must be the same with and without all events.
fn found(log: &Log) -> Vec<String> {
    let without = Wants { details: false, failed: false };
    let found = sessions(&support::report(&log.text, without, Filter::default()));
    let mut with = sessions(&log.details());
    with.retain(|session| !session.contains(" unstarted "));
    assert_eq!(with, found);
    found
}

fn failed_start(log: &mut Log, at: u64) {
    log.resource(at, 1, "mem", "start", "old-mem=0 new-mem=1");
    log.control(at, "start", "booted", 1, false);
}

#[test]
fn records_behind_a_stop_belong_to_its_session() {
    for (kind, reason, tail) in [
        ("disk", "detach", "old-disk=\"/a\" new-disk=\"?\""),
        ("net", "detach", "old-net=\"52:54:00:00:00:01\" new-net=\"?\""),
        ("cgroup", "deny", "cgroup=\"/x\" class=path path=\"/dev/kvm\" rdev=0A:E8 acl=rw"),
        ("chardev", "detach", "old-chardev=\"/a\" new-chardev=\"?\""),
    ] {
        let mut log = Log::default();
        log.start(1, 1).stop(5, 1).resource(5, 1, kind, reason, tail);
        assert_eq!(found(&log), ["g1 stopped 1-5"], "{kind}");
        // The next start has its own preparation.
        log.label(6, 1, LEVEL).disk(6, 1, "start", "?", "/a").start(7, 1);
        assert_eq!(found(&log), ["g1 stopped 1-5", "g1 running 7-?"], "{kind}");
        let report = log.details();
        let of_each: Vec<usize> = report.sessions().map(|s| report.events(&s).count()).collect();
        assert_eq!(of_each, [3, 3], "{kind}");
    }
    let mut log = Log::default();
    log.start(1, 1).control(5, "stop", "destroyed", 1, true).stop(5, 1);
    assert_eq!(found(&log), ["g1 stopped 1-5"], "two threads have seen it end");
    log.stop(500, 1);
    assert_eq!(found(&log), ["g1 stopped 1-5", "g1 stopped ?-500"], "another one's");
}

#[test]
fn a_start_that_was_never_completed_is_no_session() {
    let prepared = |then: &dyn Fn(&mut Log)| {
        let mut log = Log::default();
        log.label(1, 1, LEVEL).disk(2, 1, "start", "?", "/a");
        then(&mut log);
        log
    };
    let nothing = prepared(&|_| {});
    assert_eq!(found(&nothing), [""; 0]);
    let crash = prepared(&|log| {
        log.raw(9, "SYSTEM_BOOT", "pid=1");
    });
    assert_eq!(found(&crash), [""; 0]);
    let report = crash.details();
    let states: Vec<State> = report.sessions().map(|session| session.state).collect();
    assert_eq!(states, [State::Unstarted]);
    let kinds = ["label", "resource", "boot"];
    assert_eq!(events(&report, &kinds, &[]), ["g1 label", "g1 resource", "g1 boot"]);
    assert_eq!((report.summary().sessions, report.summary().guests), (0, 0));
    let again = prepared(&|log| {
        log.label(100, 1, LEVEL).start(101, 1);
    });
    assert_eq!(found(&again), ["g1 running 101-?"]);
    let lived = prepared(&|log| {
        log.disk(100, 1, "attach", "?", "/b");
    });
    assert_eq!(found(&lived), ["g1 seen ?-?"], "its start is not in the log");
    let stopped = prepared(&|log| {
        log.stop(100, 1);
    });
    assert_eq!(found(&stopped), ["g1 stopped ?-100"]);
}

#[test]
fn a_failed_start_and_its_clean_up_are_one_session() {
    let mut after = Log::default();
    failed_start(&mut after, 5);
    after.control(5, "stop", "failed", 1, true);
    assert_eq!(found(&after), ["g1 failed 5-?"]);
    for labelled in [true, false] {
        let mut before = Log::default();
        if labelled {
            before.label(4, 1, LEVEL);
        }
        before.control(5, "stop", "failed", 1, true);
        failed_start(&mut before, 5);
        assert_eq!(found(&before), ["g1 failed 5-?"], "labelled: {labelled}");
        failed_start(&mut before, 50);
        assert_eq!(found(&before), ["g1 failed 5-?", "g1 failed 50-?"]);
    }
    let mut crashed = Log::default();
    crashed.control(5, "stop", "failed", 1, true).label(6, 1, LEVEL);
    failed_start(&mut crashed, 7);
    assert_eq!(found(&crashed), ["g1 stopped ?-5", "g1 failed 7-?"], "a label begins a new start");
    let mut running = Log::default();
    running.start(1, 1);
    failed_start(&mut running, 5);
    running.control(5, "stop", "failed", 1, true);
    assert_eq!(found(&running), ["g1 running 1-?", "g1 failed 5-?"]);
    running.stop(9, 1);
    assert_eq!(found(&running), ["g1 stopped 1-9", "g1 failed 5-?"]);
}

#[test]
fn a_guest_without_a_start_and_a_stop_is_seen() {
    let mut log = Log::default();
    log.resource(1, 1, "net", "open", NET).resource(50, 1, "net", "open", NET);
    assert_eq!(found(&log), ["g1 seen ?-?"]);
    log.raw(100, "SYSTEM_SHUTDOWN", "pid=1").raw(200, "SYSTEM_BOOT", "pid=1");
    assert_eq!(found(&log), ["g1 seen ?-?"], "the host's end is not the guest's");
    log.resource(300, 1, "net", "open", NET);
    assert_eq!(found(&log), ["g1 seen ?-?", "g1 seen ?-?"]);
    let mut created = Log::default();
    let image = format!("vm=\"g1\" uuid={} image=\"/a\"", uuid(1));
    created.virt(1, "VIRT_CREATE", &image, true);
    assert_eq!(found(&created), ["g1 seen ?-?"]);
    let mut stopped = Log::default();
    stopped.disk(1, 1, "attach", "?", "/a").stop(5, 1);
    assert_eq!(found(&stopped), ["g1 stopped ?-5"]);
}

/// auditd ends after event 5208 and starts again; the next event is 5208 + `skipped` + 1.
fn restarted(skipped: u64, more: impl Fn(&mut Log)) -> Log {
    let mut log = Log { serial: 5199, ..Log::default() };
    for at in 0..5 {
        log.raw(at, "SERVICE_START", "pid=1 uid=0");
    }
    log.label(6, 1, LEVEL).disk(6, 1, "start", "?", "/a").start(6, 1);
    log.raw(8, "SERVICE_START", "pid=1 uid=0");
    let next = log.serial + skipped;
    for (kind, serial, at) in [("DAEMON_END", 41, 100), ("DAEMON_START", 42, 200)] {
        log.serial = serial;
        log.raw(at, kind, "op=x");
    }
    log.serial = next;
    more(&mut log);
    log.start(300, 2);
    log
}

fn gaps(report: &Report) -> Vec<(String, bool)> {
    report.sessions().map(|session| (session.vm.into_owned(), session.gap)).collect()
}

#[test]
fn missing_records_mark_the_sessions_that_were_open() {
    let marked = |g1| vec![("g1".to_owned(), g1), ("g2".to_owned(), false)];
    let log = restarted(4, |_| {});
    assert_eq!(found(&log), ["g1 running 6-?", "g2 running 300-?"]);
    let report = log.details();
    assert_eq!(gaps(&report), marked(true));
    let times: Vec<_> = report.gaps().map(|gap| (gap.from / 1000, gap.until / 1000)).collect();
    let at = |second: u64| (support::EPOCH + second) as i64;
    assert_eq!(times, [(at(8), at(300))]);
    assert_eq!(gaps(&restarted(0, |_| {}).details()), marked(false), "no number is missing");
    let boot = |log: &mut Log| {
        log.raw(250, "SYSTEM_BOOT", "pid=1");
    };
    assert_eq!(gaps(&restarted(4, boot).details()), marked(false), "a boot ended it");
    let before = Filter { end: Some(at(7) * 1000), ..Filter::default() };
    assert_eq!(log.report(before).gaps().count(), 0, "not in the selected time");
}

#[test]
fn a_filtered_log_has_no_gaps() {
    let text = String::from_utf8(restarted(4, |_| {}).text).unwrap();
    let kept: String = text.split_inclusive('\n').filter(|line| line.contains("VIRT_")).collect();
    let details = Wants { details: true, failed: false };
    let report = support::report(kept.as_bytes(), details, Filter::default());
    assert_eq!(report.gaps().count(), 0);
    assert!(report.sessions().all(|session| !session.gap));
}

#[test]
fn a_host_that_fell_silent_marks_its_sessions() {
    let hosts = |until: u64| {
        let mut log = Log::default();
        for at in 0..until {
            for (host, first) in [("a", 1000), ("b", 5000)] {
                if host == "b" && at >= 20 {
                    continue;
                }
                log.node = Some(host);
                log.serial = first + at;
                match (host, at) {
                    ("b", 5) => log.start(at * 600, 1),
                    _ => log.raw(at * 600, "USER_ACCT", "pid=1 uid=0"),
                };
            }
        }
        log.details()
    };
    let silent = hosts(200);
    assert_eq!(gaps(&silent), [("g1".to_owned(), true)]);
    let gap = silent.gaps().next().unwrap();
    assert!(gap.is_silence && gap.host == b"b");
    assert_eq!(gaps(&hosts(23)), [("g1".to_owned(), false)], "only for a while");
}

#[test]
fn the_summary_counts_guests_by_their_uuid() {
    let mut log = Log::default();
    for host in ["a", "b", "c"] {
        log.node = Some(host);
        log.start(1, 1).stop(2, 1);
    }
    log.start(3, 2);
    let summary = log.details().summary();
    assert_eq!((summary.guests, summary.sessions), (2, 4));
}
