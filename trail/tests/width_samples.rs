//! The samples of sessions have the widest row of all sessions.

mod support;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::BTreeSet;
use support::{Log, report, uuid};
use viraudit_trail::events::Wants;
use viraudit_trail::report::{Filter, Report, SessionView, WidthSamples};
use viraudit_trail::time::{LocalFormatCache, duration};

/// The lengths of all texts that a table may show.
fn lengths(session: &SessionView<'_>, times: &mut LocalFormatCache) -> Vec<usize> {
    let mut time = |ms: Option<i64>| ms.map_or(0, |ms| times.bytes(ms).len());
    let text = |text: Option<&str>| text.map_or(0, |text| text.chars().count() + 1);
    let shown = [session.begins_before, session.ends_after].map(usize::from);
    let mut all = vec![
        text(Some(&session.vm)),
        text(session.renamed.as_deref()),
        text(session.host.as_deref()),
        text(session.user),
        time(session.start),
        time(session.end),
        session.start.zip(session.end).map_or(0, |(start, end)| duration(end - start).len()),
        text(Some(session.state.name())),
        text(session.reason.as_deref()),
        text(session.stop_reason.as_deref()),
    ];
    all.extend(session.proof.iter().map(|stamp| stamp.to_string().len()));
    all.extend(shown);
    all
}

/// The lengths of all sessions, and those of the samples.
fn both(report: &Report) -> [BTreeSet<Vec<usize>>; 2] {
    let mut times = LocalFormatCache::new(TimeZone::UTC);
    let mut samples = WidthSamples::default();
    let all = report.sessions().map(|session| lengths(&session, &mut times)).collect();
    let half = report.len() / 2;
    let mut sampled: Vec<SessionView<'_>> = report.width_samples(0..half, &mut samples).collect();
    sampled.extend(report.width_samples(half..report.len(), &mut samples));
    [all, sampled.iter().map(|session| lengths(session, &mut times)).collect()]
}

const NAMES: [&str; 11] = [
    "\"a\"",
    "\"bb\"",
    "\"cc\"",
    "6C6F6E67206E616D65",
    "C3A4C3B6",
    "6120C3A4",
    "61206162",
    "\"",
    "\"open",
    "\"two\"quotes\"",
    "\"tenletters\"",
];

const USERS: [Option<u32>; 3] = [None, Some(7), Some(1000)];

/// How a guest starts.
#[derive(Clone, Copy, Debug)]
enum Start {
    Succeeds,
    Fails,
    /// Not in the log.
    Unseen,
}

/// What a guest's session ends with.
#[derive(Clone, Copy, Debug)]
enum End {
    Stop,
    /// A stop, under another name.
    Renamed,
    /// Another start.
    Restart,
    /// The host's shutdown.
    Down,
    /// The host's next start.
    Boot,
}

/// The start of a session, its duration (it may be longer than the log), and its records.
#[derive(Clone, Debug)]
struct Life {
    name: usize,
    at: u64,
    runs: Option<u64>,
    user: usize,
    reason: &'static str,
    serial: u64,
    host: Option<&'static str>,
    start: Start,
    end: End,
}

/// Mostly the same, so that many lives differ in one thing only.
fn mostly<T: Clone + std::fmt::Debug + 'static>(
    usual: T,
    other: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = T> {
    prop_oneof![3 => Just(usual), 1 => other]
}

fn life() -> impl Strategy<Value = Life> {
    // Among them times of more digits, the last days that have a date, and later ones.
    let at = prop_oneof![
        0..9u64,
        Just(10_000_000_000),
        251_634_900_000..251_635_000_000u64,
        Just(300_000_000_000)
    ];
    let runs = prop_oneof![
        0..70u64,
        3590..3610u64,
        86_390..86_410u64,
        863_990..864_010u64,
        Just(86_400_000),
    ];
    let what = (0..NAMES.len(), mostly(0, 0..USERS.len()));
    let reason = prop::sample::select(vec!["restored", "from-snapshot"]);
    let host = prop::sample::select(vec![Some("h"), Some("host2")]);
    let serial = prop_oneof![Just(0), 1..12u64, 99_990..100_010u64];
    let record = (mostly("booted", reason), mostly(1, serial), mostly(None, host));
    let start = prop::sample::select(vec![Start::Fails, Start::Unseen]);
    let end = prop::sample::select(vec![End::Renamed, End::Restart, End::Down, End::Boot]);
    let ends = (mostly(Start::Succeeds, start), mostly(End::Stop, end));
    (at, mostly(Some(5), prop::option::of(runs)), what, record, ends).prop_map(
        |(at, runs, (name, user), (reason, serial, host), (start, end))| Life {
            name,
            at,
            runs,
            user,
            reason,
            serial,
            host,
            start,
            end,
        },
    )
}

/// Writes a session of guest number `n`.
fn write(log: &mut Log, n: u32, life: &Life) {
    log.serial = life.serial;
    log.auid = USERS[life.user];
    log.node = life.host;
    let guest = format!("vm={} uuid={} vm-pid={n}", NAMES[life.name], uuid(n));
    let start = format!("op=start reason={} {guest}", life.reason);
    match life.start {
        Start::Succeeds => drop(log.virt(life.at, "VIRT_CONTROL", &start, true)),
        Start::Fails => drop(log.virt(life.at, "VIRT_CONTROL", &start, false)),
        Start::Unseen => {}
    }
    let Some(runs) = life.runs else { return };
    let end = life.at + runs;
    let renamed = guest.replace("vm=", "vm=new");
    match life.end {
        End::Stop => {
            log.virt(end, "VIRT_CONTROL", &format!("op=stop reason=destroyed {guest}"), true)
        }
        End::Renamed => {
            log.virt(end, "VIRT_CONTROL", &format!("op=stop reason=destroyed {renamed}"), true)
        }
        End::Restart => log.virt(end, "VIRT_CONTROL", &start, true),
        End::Down => log.raw(end, "SYSTEM_SHUTDOWN", "pid=1 uid=0 msg=' res=success'"),
        End::Boot => log.raw(end, "SYSTEM_BOOT", "pid=1 uid=0 msg=' res=success'"),
    };
}

proptest! {
    #[test]
    fn one_of_each_is_enough(
        lives in prop::collection::vec(life(), 0..40),
        from in prop::bool::weighted(0.3)
    ) {
        let mut log = Log::default();
        (0..).zip(&lives).for_each(|(n, life)| write(&mut log, n, life));
        let filter = Filter { start: from.then_some(1_767_225_605_000), ..Filter::default() };
        let [all, sampled] = both(&report(&log.text, Wants::default(), filter));
        prop_assert_eq!(all, sampled);
    }
}

#[test]
fn a_thousand_alike_are_few() {
    let mut log = Log { serial: 10_000, ..Log::default() };
    for at in 0..1000 {
        let n = at as u32 % 10;
        // Each guest's sessions are lost when it is started again, but for every third.
        log.control(at, "start", "booted", n, at % 7 > 0);
        if at % 3 == 0 && at % 7 > 0 {
            log.stop(at, n);
        }
    }
    let report = report(&log.text, Wants::default(), Filter::default());
    let mut samples = WidthSamples::default();
    let seen: Vec<_> =
        report.width_samples(0..report.len(), &mut samples).map(|s| s.state.name()).collect();
    assert!(report.len() > 900);
    assert!(seen.len() < 20, "{seen:?}");
    assert_eq!(report.width_samples(0..report.len(), &mut samples).count(), 0);
}
