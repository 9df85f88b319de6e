//! Any filters for any log: each narrows the report, guests and operations account for the selected
//! sessions and records, and every format has the same rows.
//!
//! The input is lines of `OPTION VALUE`, an empty line, and the log.

#![no_main]

#[allow(dead_code)]
#[path = "../shared/report.rs"]
mod report;

#[allow(dead_code)]
#[path = "../../cli/src/terminal.rs"]
mod terminal;

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use report::args::Format;
use report::page::Rows;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::LazyLock;
use viraudit::Uuid;
use viraudit_trail::events::{Store, Wants};
use viraudit_trail::report::{
    DeviceAddress, Failed, Filter, MacAddress, NamePattern, PathPattern, Report,
};
use viraudit_trail::session::State;
use viraudit_trail::time::{Clock, Edge, parse, utc};

static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock::fixed("2026-11-21T12:00:00[UTC]"));

type Row = Map<String, Value>;

fuzz_target!(|input: &[u8]| {
    let end = input.windows(2).position(|pair| pair == b"\n\n").unwrap_or(input.len());
    let (options, log) = (&input[..end], input.get(end + 2..).unwrap_or_default());
    let filter = filter(options);
    let all = report(log, Filter::default(), true);
    let found = report(log, filter.clone(), true);

    let (of_all, of_found) = (rows(&all), rows(&found));
    is_part(&sessions(&of_found), &sessions(&of_all), "sessions of all");
    is_part(&events(&of_found), &events(&of_all), "events of all");
    let narrower = sessions(&of_found);
    for wider in without_one(&filter) {
        let wider_rows = rows(&report(log, wider.clone(), true));
        is_part(&narrower, &sessions(&wider_rows), &format!("{filter:?} of {wider:?}"));
    }
    fits(&of_found, &filter);
    if !filter.needs_details() {
        // No session depends on the events that are read.
        let started = |rows: Vec<Row>| {
            counted(rows.into_iter().filter(|row| row["kind"] == "session").map(|mut row| {
                row.remove("causes");
                row
            }))
        };
        let few = rows(&report(log, filter.clone(), false));
        assert_eq!(started(few), started(of_found));
    }
    for report in [&all, &found] {
        guests(report);
        summary(report);
        if filter.at.is_none() {
            operations(report, &all);
        }
        pages(report, filter.at.is_some());
    }
    every_record_is_in_an_operation(&all);
});

/// The filter of some options. Most of what the command line refuses is left out.
fn filter(options: &[u8]) -> Filter {
    let mut filter = Filter::default();
    for option in options.split(|&byte| byte == b'\n') {
        let mut parts = option.splitn(2, |&byte| byte == b' ');
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let text = String::from_utf8_lossy(value);
        let words = || text.split(',').map(str::to_owned);
        let time = |edge| parse(&text, edge, &CLOCK).ok();
        let mut states = State::ALL.into_iter().chain([State::Unstarted]);
        match name {
            b"vm" => filter.vms.push(NamePattern::from(value)),
            b"uuid" => filter.uuid = Uuid::parse(value),
            b"host" => filter.hosts.push(NamePattern::from(value)),
            b"state" => filter.states.extend(states.find(|state| state.name() == text)),
            b"at" => filter.at = time(Edge::Start),
            b"with" => filter.with = Some(NamePattern::from(value)),
            b"user" => filter.user = Some(text.into_owned()),
            b"failed" => {
                filter.failed = Some(match value {
                    b"starts" => Failed::Starts,
                    b"operations" => Failed::Operations,
                    _ => Failed::Any,
                })
            }
            b"kind" => filter.kinds.extend(words()),
            b"reason" => filter.reasons.extend(words()),
            b"path" => filter.paths.extend(PathPattern::parse(value)),
            b"mac" => filter.macs.extend(MacAddress::parse(value)),
            b"device" => filter.devices.extend(DeviceAddress::parse(value)),
            b"changes" => filter.changes = true,
            b"start" => filter.start = time(Edge::Start),
            b"end" => filter.end = time(Edge::End),
            _ => {}
        }
    }
    filter.changes &= filter.at.is_none();
    if filter.start > filter.end {
        filter.end = None;
    }
    filter
}

/// The filter without each of its criteria.
fn without_one(filter: &Filter) -> Vec<Filter> {
    let removals: [fn(&mut Filter); 16] = [
        |filter| filter.vms.clear(),
        |filter| filter.uuid = None,
        |filter| filter.hosts.clear(),
        |filter| filter.states.clear(),
        |filter| filter.at = None,
        |filter| filter.with = None,
        |filter| filter.user = None,
        |filter| filter.failed = None,
        |filter| filter.kinds.clear(),
        |filter| filter.reasons.clear(),
        |filter| filter.paths.clear(),
        |filter| filter.macs.clear(),
        |filter| filter.devices.clear(),
        |filter| filter.changes = false,
        |filter| filter.start = None,
        |filter| filter.end = None,
    ];
    let mut wider: Vec<Filter> = removals
        .into_iter()
        .map(|remove| {
            let mut without = filter.clone();
            remove(&mut without);
            without
        })
        .collect();
    wider.retain(|wider| wider != filter);
    wider
}

fn report(log: &[u8], filter: Filter, details: bool) -> Report {
    let wants = Wants { details, failed: filter.failed.is_some() };
    Report::new(Store::of_text(log, wants, &CLOCK), filter)
}

/// All sessions and events; in CSV they are as many.
fn rows(report: &Report) -> Vec<Row> {
    let (mut json, mut csv) = (Vec::new(), Vec::new());
    report::json::write(report, true, &mut json).expect("memory takes all");
    report::csv::write(report, true, &mut csv).expect("memory takes all");
    let rows = objects(&json);
    assert_eq!(csv_rows(&csv), rows.len());
    rows
}

fn objects(json: &[u8]) -> Vec<Row> {
    let lines = json.split_inclusive(|&byte| byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn csv_rows(csv: &[u8]) -> usize {
    csv::Reader::from_reader(csv).records().map(|row| row.expect("as many columns")).count()
}

fn is_session(row: &Row) -> bool {
    row["kind"] == "session" || row["kind"] == "unstarted"
}

/// Texts, with the number of each.
type Counted = HashMap<String, usize>;

fn counted(rows: impl Iterator<Item = Row>) -> Counted {
    let mut counted = Counted::new();
    rows.for_each(|row| *counted.entry(Value::Object(row).to_string()).or_default() += 1);
    counted
}

/// The keys of a session that depend on the filter.
const DEPENDENT: [&str; 4] = ["together_ms", "begins_before", "ends_after", "causes"];

/// The sessions, without what depends on the filter.
fn sessions(rows: &[Row]) -> Counted {
    let sessions = rows.iter().filter(|row| is_session(row)).cloned();
    counted(sessions.map(|mut row| {
        row.retain(|key, _| !DEPENDENT.contains(&key.as_str()));
        row
    }))
}

/// The events. A resource that was held at a time is that of the event that gave it.
fn events(rows: &[Row]) -> Counted {
    let events = rows.iter().filter(|row| !is_session(row)).cloned();
    counted(events.map(|mut row| {
        if row["kind"] == "held" {
            row["kind"] = "resource".into();
        }
        row
    }))
}

fn is_part(part: &Counted, all: &Counted, which: &str) {
    for (row, count) in part {
        let known = all.get(row).copied().unwrap_or_default();
        assert!(*count <= known, "{count} instead of {known}, {which}: {row}");
    }
}

/// What docs/report.md promises of each row.
fn fits(rows: &[Row], filter: &Filter) {
    let text = |row: &Row, key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    for row in rows.iter().filter(|row| is_session(row)) {
        let state = text(row, "state").expect("a state");
        assert_eq!(row.contains_key("together_ms"), filter.with.is_some());
        assert!(row.get("together_ms").is_none_or(|ms| ms.as_i64() >= Some(0)));
        assert!(filter.states.is_empty() || filter.states.iter().any(|it| it.name() == state));
        assert!(filter.failed != Some(Failed::Starts) || state == "failed");
        let uuid = filter.uuid.map(|uuid| String::from_utf8_lossy(&uuid.text()).into_owned());
        assert!(uuid.is_none_or(|uuid| row["uuid"] == uuid));
        let (start, end) = (text(row, "start"), text(row, "end"));
        // The clock was set back.
        if start.as_ref().zip(end.as_ref()).is_some_and(|(start, end)| start > end) {
            continue;
        }
        if let Some(at) = filter.at.map(utc) {
            assert!(!matches!(&*state, "failed" | "unstarted"));
            assert!(start.as_ref().is_none_or(|start| *start <= at));
            assert!(end.as_ref().is_none_or(|end| *end >= at));
        }
        let before = filter.start.is_some_and(|start| end.is_some_and(|end| end < utc(start)));
        let after = filter.end.is_some_and(|end| start.is_some_and(|start| start > utc(end)));
        assert!(!before && !after, "out of the range");
    }
    for row in rows.iter().filter(|row| !is_session(row)) {
        assert_eq!(row["kind"] == "held", filter.at.is_some());
        let time = text(row, "time").expect("a time");
        let late = filter.end.is_some_and(|end| time > utc(end));
        let early = filter.start.is_some_and(|start| time < utc(start));
        assert!(filter.at.is_some() || !late && !early);
        let mut kinds = ["kind", "resource"].into_iter().filter_map(|key| text(row, key));
        assert!(filter.kinds.is_empty() || kinds.any(|kind| filter.kinds.contains(&kind)));
        let succeeded = row.get("success") == Some(&Value::Bool(true));
        assert!(!matches!(filter.failed, Some(Failed::Any | Failed::Operations)) || !succeeded);
    }
}

/// The rows of a listing; every format has as many, and a table also a header.
fn listed(report: &Report, write: fn(&Report, Format) -> Vec<u8>) -> Vec<Row> {
    let rows = objects(&write(report, Format::Json));
    assert_eq!(csv_rows(&write(report, Format::Csv)), rows.len());
    let table = write(report, Format::Table);
    let lines = table.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(lines, rows.len() + usize::from(!rows.is_empty()));
    assert!(std::str::from_utf8(&table).is_ok());
    rows
}

fn sum(rows: &[Row], key: &str) -> u64 {
    rows.iter().map(|row| row[key].as_u64().expect("a number")).sum()
}

/// The guests' runs and failed starts are all sessions.
fn guests(report: &Report) {
    let rows = listed(report, report::guests);
    let summary = report.summary();
    assert_eq!(rows.len() as u64, summary.guests);
    assert_eq!(sum(&rows, "runs") + sum(&rows, "failed_starts"), summary.sessions);
    assert!(sum(&rows, "denials") <= summary.avcs);
    for row in &rows {
        let time = |key: &str| row[key].as_str().map(str::to_owned);
        assert!(row["running_ms"].as_i64() >= Some(0));
        assert!(time("first") <= time("last"));
        assert!(row["last_start"].is_null() || time("last_start") >= time("first"));
        assert!(row["state"] != "running" || row["idle_since"].is_null());
        assert!(row["idle_since"].is_null() || time("idle_since") <= time("last_stop"));
    }
}

/// Operations are those of all sessions, and each record is the proof of one of them at most.
fn operations(report: &Report, all: &Report) {
    let rows = listed(report, report::operations);
    let of_all = listed(all, report::operations);
    is_part(&counted(rows.into_iter()), &counted(of_all.into_iter()), "operations of all");
}

/// The records of libvirt in a report, with the number of each.
fn records(rows: &[Row]) -> HashMap<&str, usize> {
    let reports = ["avc", "landlock", "landlock-domain", "seccomp", "anomaly", "down", "boot"];
    let is_record =
        |row: &&Row| !is_session(row) && !reports.contains(&row["kind"].as_str().expect("a kind"));
    stamps(rows.iter().filter(is_record))
}

fn stamps<'r>(rows: impl Iterator<Item = &'r Row>) -> HashMap<&'r str, usize> {
    let mut stamps = HashMap::new();
    for row in rows {
        for stamp in row["proof"].as_array().expect("an array") {
            *stamps.entry(stamp.as_str().expect("a stamp")).or_default() += 1;
        }
    }
    stamps
}

fn every_record_is_in_an_operation(all: &Report) {
    let (rows, operations) = (rows(all), listed(all, report::operations));
    let records = records(&rows);
    let proofs = stamps(operations.iter());
    for (stamp, count) in &records {
        assert!(proofs.get(stamp).is_some_and(|proofs| proofs <= count), "{stamp}");
    }
}

fn summary(report: &Report) {
    for format in [Format::Table, Format::Json, Format::Csv] {
        let mut out: Vec<u8> = Vec::new();
        report::summary::write(report, format, &TimeZone::UTC, &mut out).expect("memory takes all");
        assert!(!out.is_empty());
    }
    let summary = report.summary();
    assert_eq!(summary.states.iter().sum::<u64>(), summary.sessions);
}

/// The page, with each kind of rows that the command line allows.
fn pages(report: &Report, is_at: bool) {
    for rows in [Rows::Sessions, Rows::Guests, Rows::Operations, Rows::Counts] {
        if rows == Rows::Operations && is_at {
            continue;
        }
        let options = report::page::Options {
            title: None,
            zone: TimeZone::UTC,
            now: 0,
            verdict: report::page::Verdict::NotChecked,
            rows,
            proof: true,
        };
        let mut page = Vec::new();
        report::page::write(report, &options, &mut page).expect("memory takes all");
        assert!(String::from_utf8(page).is_ok_and(|page| page.trim_end().ends_with("</html>")));
    }
}
