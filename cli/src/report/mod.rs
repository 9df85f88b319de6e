//! `viraudit report`: the sessions of guests in a log, and their events.

mod args;
mod counts;
mod csv;
mod gaps;
mod grid;
mod guests;
mod json;
mod layout;
mod listing;
mod object;
mod operations;
mod page;
mod parallel;
mod progress;
mod questions;
mod state;
mod summary;
mod table;
mod wording;

pub(crate) use args::ReportArgs;

use crate::console::{self, counted, output_error, shown};
use crate::exit_status::{DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::logs;
use args::Format;
use jiff::tz::TimeZone;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use viraudit_trail::events::{Store, Wants};
use viraudit_trail::expect::HeardRecord;
use viraudit_trail::input::Sources;
use viraudit_trail::report::{EventView, Report};
use viraudit_trail::time::{Clock, UtcFormatCache, local};

/// Reads the logs and prints the report.
pub(crate) fn run(args: ReportArgs) -> Result<u8, Failure> {
    let clock = args.clock()?;
    let is_page = args.format == Format::Html;
    if is_page && io::stdout().is_terminal() {
        return Err(Failure::bad_input(
            "report: a page is for a browser: viraudit report --format html > page.html",
        ));
    }
    let filter = args.filter(&clock)?;
    let mut sources = logs::find(&args.files, "report")?;
    sources.tags = logs::tags(&args.tags);
    let rows_of_events =
        args.shows_events() || args.summary || args.guests || args.operations || is_page;
    let details = rows_of_events || filter.needs_details();
    let wants = Wants { details, failed: filter.failed.is_some() };
    let bar = progress::Bar::new(&sources);
    let report = Report::read(&sources, wants, &clock, bar.count(), filter);
    bar.finish();
    let found = match args.format {
        Format::Html => page(&report, &args, &sources, &clock),
        _ => show(&report, &args, clock.now().time_zone()),
    };
    let found = found.or_else(|error| output_error(&error).map(|()| true))?;
    let Store { line_counts, remarks, overlap, errors, programs, .. } = report.store();
    for (program, records) in programs {
        let program = shown(Path::new(OsStr::from_bytes(program)));
        let records = counted(*records, "record", "records");
        console::eprint(format!("{records} of {program}: not from libvirt, and about no guest"));
    }
    // A file that is not a log gets one line only.
    let is_log = line_counts.used > 0 || !errors.is_empty();
    let mut notes: Vec<String> = remarks.iter().map(ToString::to_string).collect();
    notes.extend(overlap.map(|logs| logs::overlap(&sources, logs, "report")));
    notes.extend(gaps::note(&report, clock.now().time_zone()));
    if line_counts.is_damaged() {
        notes.push(format!("{line_counts}; see viraudit verify"));
    }
    if is_log {
        notes.iter().for_each(console::eprint);
    }
    logs::all_read(&sources, errors, "report")?;
    if found {
        return Ok(DONE);
    }
    if !is_log && (line_counts.lines == 0 || line_counts.is_damaged()) {
        notes.splice(0..0, logs::kinds(&sources));
    }
    console::eprint(match notes.as_slice() {
        _ if is_log => nothing_found(&report, clock.now().time_zone()),
        [] => "no audit records about guests".to_owned(),
        notes => format!("no audit records about guests: {}", notes.join("; ")),
    });
    Ok(NOTHING_FOUND)
}

/// The message if nothing was found. Nothing is known about a time before or after the log's.
fn nothing_found(report: &Report, zone: &TimeZone) -> String {
    let Some((first, last)) = report.missed_range() else { return "nothing found".to_owned() };
    let (first, last) = (local(first, zone), local(last, zone));
    format!("nothing found: the log's records are from {first} to {last}")
}

/// Prints the report; returns whether there was anything to print.
fn show(report: &Report, args: &ReportArgs, zone: &TimeZone) -> io::Result<bool> {
    let mut found = !report.is_empty();
    let stdout = io::stdout().lock();
    let mut out = BufWriter::with_capacity(64 * 1024, stdout);
    match args.format {
        _ if args.summary => summary::write(report, args.format, zone, &mut out)?,
        _ if !found => {}
        _ if args.guests => found = listing::write(&report.guests(), args, zone, &mut out)?,
        _ if args.operations => {
            found = listing::write(&report.operations(), args, zone, &mut out)?;
        }
        Format::Table => return table::write(report, args, zone, out).map(|()| true),
        Format::Json => json::write(report, args.shows_events(), &mut out)?,
        Format::Csv => csv::write(report, args.shows_events(), &mut out)?,
        Format::Html => {}
    }
    out.flush()?;
    Ok(found)
}

/// The words of a command line, with `--failed starts` and `--failed operations` as one word each: what
/// follows a lone `--failed` has always been a log.
pub(crate) fn joined(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut joined: Vec<OsString> = Vec::new();
    for word in words {
        let of_report = joined.get(1).is_some_and(|command| command == "report");
        match joined.last_mut() {
            Some(last)
                if of_report
                    && last == "--failed"
                    && (word == "starts" || word == "operations") =>
            {
                last.push("=");
                last.push(word);
            }
            _ => joined.push(word),
        }
    }
    joined
}

/// Writes the page; returns whether there was anything to show.
fn page(report: &Report, args: &ReportArgs, sources: &Sources, clock: &Clock) -> io::Result<bool> {
    let options = page::Options {
        title: args.title.clone(),
        zone: clock.now().time_zone().clone(),
        now: clock.now().timestamp().as_millisecond(),
        verdict: page::Verdict::new(sources, clock),
        rows: args.page_rows(),
        proof: args.proof,
    };
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    let found = page::write(report, &options, &mut out)?;
    out.flush()?;
    Ok(found)
}

/// An event as a line of JSON, for `watch`, with fields of the record that reports don't keep.
pub(crate) fn event_line(event: &EventView<'_>, record: Option<&HeardRecord>) -> Vec<u8> {
    let mut line = Vec::new();
    let key = event.session().map(|key| key.to_string());
    let mut ids = Vec::new();
    json::append_ids(&event.uuid, key.as_deref(), &mut ids);
    json::append_event(event, &ids, record, &mut UtcFormatCache::default(), &mut line);
    line
}

/// An event as a row of text, for `watch`.
pub(crate) fn event_text(event: &EventView<'_>) -> Vec<u8> {
    table::live(event)
}
