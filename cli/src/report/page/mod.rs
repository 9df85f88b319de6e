//! The report as a page: one HTML file with its style, its script and its data, which needs nothing else.
//!
//! Every number on it is counted here; the script only draws. docs/page.md describes the page.

mod columns;
mod events;
mod findings;
mod guests;
mod operations;
mod payload;
mod policy;
mod sessions;
mod skeleton;
mod timeline;
mod verdict;
mod words;
mod zone;

pub(crate) use verdict::Verdict;

use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use viraudit_trail::report::{Report, SessionView, Summary};
use words::Words;

/// The heading, times and verdict of a page.
#[derive(Debug)]
pub(crate) struct Options {
    /// The heading; without it, the hosts are named.
    pub(crate) title: Option<String>,
    /// The zone of all times.
    pub(crate) zone: TimeZone,
    /// The time at which it is written, in milliseconds since 1970.
    pub(crate) now: i64,
    /// The result of verify for the same logs.
    pub(crate) verdict: Verdict,
    /// The rows that the page has besides the sessions.
    pub(crate) rows: Rows,
    /// Whether the table of these rows has a column for their records.
    pub(crate) proof: bool,
}

/// The rows that a page has besides the sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// No others.
    Sessions,
    /// The guests, for `--guests`.
    Guests,
    /// The operations, for `--operations`.
    Operations,
    /// The counts, for `--summary`.
    Counts,
}

/// The data that the script reads.
#[derive(Serialize)]
struct Data {
    first: i64,
    last: i64,
    zone: zone::Offsets,
    sessions: sessions::Sessions,
    #[serde(skip_serializing_if = "Option::is_none")]
    guests: Option<guests::Guests>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operations: Option<operations::Operations>,
    causes: sessions::Causes,
    events: events::Events,
    timeline: timeline::Timeline,
    /// The sessions of each finding.
    findings: BTreeMap<&'static str, Vec<usize>>,
    words: Vec<String>,
}

/// Everything that the skeleton shows without a script.
struct Facts {
    title: String,
    hosts: Vec<String>,
    range: (i64, i64),
    summary: Summary,
    findings: Vec<findings::Finding>,
    /// The number of all events, and whether only the notable ones are in the page.
    events: usize,
    shortened: bool,
    peak: Option<(i64, u32)>,
    /// The number of operations in the page, and of all.
    operations: (usize, usize),
}

/// Writes the page; returns whether there was anything to show. A page about nothing is one, too.
pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<bool> {
    let sessions: Vec<SessionView<'_>> = report.sessions().collect();
    let mut words = Words::default();
    let events = events::Events::new(report, &sessions, &mut words);
    let range = range(report, &sessions, &events);
    let timeline = timeline::Timeline::new(report, range, &events);
    let findings = findings::find(&sessions, &timeline, &events);
    let hosts = hosts(&sessions);
    let rows = sessions::Sessions::new(report, &sessions, &events, &timeline, &mut words);
    let causes = sessions::Causes::new(report, &sessions, &mut words);
    let guests = (options.rows == Rows::Guests)
        .then(|| guests::Guests::new(report, options.proof, &mut words));
    let operations = (options.rows == Rows::Operations)
        .then(|| operations::Operations::new(report, options.proof, &mut words));
    let found = match (&guests, &operations) {
        (Some(guests), _) => guests.len() > 0,
        (_, Some(operations)) => operations.len() > 0,
        _ => !report.is_empty(),
    };
    let of_findings =
        findings.iter().map(|finding| (finding.name, finding.sessions.clone())).collect();
    let facts = Facts {
        title: options.title.clone().unwrap_or_else(|| title(options.rows, &hosts)),
        hosts,
        range,
        summary: report.summary(),
        findings,
        events: events.all,
        shortened: events.shortened,
        peak: timeline.peak,
        operations: operations.as_ref().map_or((0, 0), |rows| (rows.len(), rows.all)),
    };
    let zone =
        zone::Offsets::new(&options.zone, range.0.min(options.now), range.1.max(options.now));
    let words = words.into_list();
    let data = Data {
        first: range.0,
        last: range.1,
        zone,
        sessions: rows,
        guests,
        operations,
        causes,
        events,
        timeline,
        findings: of_findings,
        words,
    };
    skeleton::write(&facts, &sessions, options, &payload::encoded(&data)?, out)?;
    Ok(found)
}

/// The time that the page is about: the selected one, as far as the log goes.
fn range(report: &Report, sessions: &[SessionView<'_>], events: &events::Events) -> (i64, i64) {
    let mut range: Option<(i64, i64)> = events.range;
    let mut add = |ms: i64| {
        let (from, until) = range.unwrap_or((ms, ms));
        range = Some((from.min(ms), until.max(ms)));
    };
    for session in sessions {
        let (from, until) = report.extent(session);
        if !session.begins_before {
            add(from);
        }
        if !session.ends_after {
            until.into_iter().for_each(&mut add);
        }
    }
    range.unwrap_or_default()
}

/// The hosts of all sessions, by name.
fn hosts(sessions: &[SessionView<'_>]) -> Vec<String> {
    let mut hosts: Vec<&str> = Vec::new();
    for session in sessions {
        let host = session.host.as_deref().unwrap_or_default();
        if hosts.last() != Some(&host) {
            hosts.push(host);
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    hosts.retain(|host| !host.is_empty());
    hosts.into_iter().map(str::to_owned).collect()
}

fn title(rows: Rows, hosts: &[String]) -> String {
    let what = if rows == Rows::Operations { "Operations" } else { "Guests" };
    match hosts {
        [] => what.to_owned(),
        [host] => format!("{what} on {host}"),
        hosts => format!("{what} on {} hosts", hosts.len()),
    }
}
