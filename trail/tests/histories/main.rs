//! Random histories of hosts and guests, written as libvirt and auditd write them: the report's
//! sessions are those that the history had, as far as its log shows them.
//!
//! `HISTORIES=N` is how many are tried, and `SEED=N` tries only that one and shows its logs if
//! they are wrong.

mod guest;
mod host;
mod random;
mod truth;
mod world;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use truth::Row;
use viraudit_trail::events::Wants;
use viraudit_trail::input::{Source, Sources};
use viraudit_trail::report::{Filter, Report, SessionView};
use viraudit_trail::session::State;
use viraudit_trail::time::Clock;
use world::World;

/// The number of histories in an ordinary run.
const HISTORIES: u64 = 300;

fn report(logs: &[String], details: bool) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let write = |(at, log): (usize, &String)| {
        let path = dir.path().join(format!("audit.log.{}", logs.len() - at));
        std::fs::write(&path, log).unwrap();
        Source::File(path)
    };
    let list = logs.iter().enumerate().map(write).collect();
    let clock = Clock::fixed("2026-11-21T12:00:00[UTC]");
    let progress = Arc::new(AtomicU64::new(0));
    let (wants, filter) = (Wants { details, failed: false }, Filter::default());
    Report::read(
        &Sources { list, local: false, ..Sources::default() },
        wants,
        &clock,
        &progress,
        filter,
    )
}

/// The sessions of a report.
fn found(report: &Report, world: &World) -> Vec<Row> {
    let row = |session: SessionView<'_>| {
        let name = session.host.as_deref().unwrap_or_default();
        let guest = u32::from_str_radix(&session.uuid.to_string()[..8], 16).unwrap();
        Row {
            host: world.hosts.iter().position(|host| host.name == name).unwrap(),
            guest,
            start: session.start,
            end: session.end,
            state: session.state.name(),
            gap: session.gap,
        }
    };
    let mut rows: Vec<Row> =
        (report.sessions()).filter(|session| session.state != State::Unstarted).map(row).collect();
    rows.sort();
    rows
}

/// The differences between the report and the truth, each as a line.
fn differences(world: &World) -> Vec<String> {
    let mut expected: Vec<Row> = (world.hosts.iter().enumerate())
        .flat_map(|(at, host)| truth::rows(at, &host.history))
        .collect();
    expected.sort();
    let logs = world.logs();
    let mut differences = Vec::new();
    for details in [true, false] {
        let report = report(&logs, details);
        let mut wrong = found(&report, world);
        for row in &expected {
            match wrong.iter().position(|found| found == row) {
                Some(at) => drop(wrong.swap_remove(at)),
                None => differences.push(format!("details {details}: missing {row:?}")),
            }
        }
        differences.extend(wrong.iter().map(|row| format!("details {details}: wrong {row:?}")));
    }
    differences
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn the_sessions_are_those_of_the_history() {
    if let Some(seed) = number("SEED") {
        let world = World::new(seed);
        assert_eq!(differences(&world), [""; 0], "seed {seed}:\n{}", world.logs().join("\n"));
        return;
    }
    let mut wrong = Vec::new();
    for seed in 0..number("HISTORIES").unwrap_or(HISTORIES) {
        let differences = differences(&World::new(seed));
        if !differences.is_empty() {
            wrong.push(format!("seed {seed}: {}", differences.join("\n    ")));
        }
    }
    let shown = &wrong[..wrong.len().min(5)];
    assert!(wrong.is_empty(), "{} histories differ:\n{}", wrong.len(), shown.join("\n"));
}
