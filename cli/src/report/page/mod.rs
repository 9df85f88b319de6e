//! The report as a page: one HTML file with its style, its script and its data, which needs nothing else.
//!
//! Every number on it is counted here; the script only draws. docs/page.md describes the page.

mod columns;
mod events;
mod findings;
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
}

/// The data that the script reads.
#[derive(Serialize)]
struct Data {
    first: i64,
    last: i64,
    zone: zone::Offsets,
    sessions: sessions::Sessions,
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
}

/// Writes the page.
pub(crate) fn write(report: &Report, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let sessions: Vec<SessionView<'_>> = report.sessions().collect();
    let mut words = Words::default();
    let events = events::Events::new(report, &sessions, &mut words);
    let range = range(report, &sessions, &events);
    let timeline = timeline::Timeline::new(report, range, &events);
    let findings = findings::find(&sessions, &timeline, &events);
    let hosts = hosts(&sessions);
    let rows = sessions::Sessions::new(report, &sessions, &events, &timeline, &mut words);
    let causes = sessions::Causes::new(report, &sessions, &mut words);
    let of_findings =
        findings.iter().map(|finding| (finding.name, finding.sessions.clone())).collect();
    let facts = Facts {
        title: options.title.clone().unwrap_or_else(|| title(&hosts)),
        hosts,
        range,
        summary: report.summary(),
        findings,
        events: events.all,
        shortened: events.shortened,
        peak: timeline.peak,
    };
    let zone =
        zone::Offsets::new(&options.zone, range.0.min(options.now), range.1.max(options.now));
    let words = words.into_list();
    let data = Data {
        first: range.0,
        last: range.1,
        zone,
        sessions: rows,
        causes,
        events,
        timeline,
        findings: of_findings,
        words,
    };
    skeleton::write(&facts, &sessions, options, &payload::encoded(&data)?, out)
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

fn title(hosts: &[String]) -> String {
    match hosts {
        [] => "Guests".to_owned(),
        [host] => format!("Guests on {host}"),
        hosts => format!("Guests on {} hosts", hosts.len()),
    }
}
