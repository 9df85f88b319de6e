//! `viraudit report`: the sessions of guests in a log, and what happened in them.

mod csv;
mod json;
mod layout;
mod object;
mod parallel;
mod progress;
mod summary;
mod table;

use crate::console::{self, output_error};
use crate::failure::Failure;
use crate::logs;
use clap::{Args, ValueEnum};
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use viraudit::Uuid;
use viraudit_trail::report::{EventView, Filter, Report};
use viraudit_trail::scan::Wants;
use viraudit_trail::store::Store;
use viraudit_trail::time::{Clock, Edge, UtcTimes, parse};

const HELP: &str = "\
Without FILE: auditd's own log (log_file of /etc/audit/auditd.conf) and its rotations. A FILE may be \
a directory, may be compressed (gzip, zstd, xz), and `-` is standard input. Lines may be auditd's (raw \
or enriched, with or without node=), journald's (journalctl _TRANSPORT=audit, short or -o json) or \
the kernel's.

TIME: 2026-11-21 (with --end: to its last moment), '2026-11-21 10:20', 2026-11-21T10:20:00Z, 10:20, \
@SECONDS, '2 days ago', or one of now recent boot today yesterday this-week week-ago this-month \
this-year. Sessions that only overlap the range are shown too, with a mark: < began before it, \
> ended after it.

On a terminal rows are cut to its width (or COLUMNS), and coloured unless NO_COLOR is set; elsewhere \
they are whole and plain.

States: running, stopped, failed (its start failed), lost (started again without a stop), down (the \
host went down or crashed).

Exit status: 0 done, 1 nothing found, 2 usage, 3 a log can't be read.

Examples:
  viraudit report --start yesterday
  viraudit report --vm web1 --all-events --proof
  viraudit report --format json /var/log/audit | jq 'select(.state == \"lost\")'
  journalctl -o json _TRANSPORT=audit | viraudit report -";

/// Show the sessions of guests: when each was started and stopped, by whom, and what happened.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ReportArgs {
    /// Logs to read [default: auditd's own].
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to show them.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Show every event behind its session.
    #[arg(short, long)]
    all_events: bool,
    /// Show only counts.
    #[arg(short, long)]
    summary: bool,
    /// Show which records say so, as SECONDS.MILLIS:SERIAL for `ausearch -a`; in json and csv they
    /// always stand there.
    #[arg(long)]
    proof: bool,
    /// Only guests with this name; they are followed when they are renamed.
    #[arg(long, value_name = "NAME")]
    vm: Option<std::ffi::OsString>,
    /// Only the guest with this UUID, in upper or lower case.
    #[arg(long, value_name = "UUID")]
    uuid: Option<String>,
    /// Only guests on this host (node= of the log, or journald's host name).
    #[arg(long, value_name = "NAME")]
    host: Option<std::ffi::OsString>,
    /// Only what failed: sessions in which something did, and with --all-events these events.
    #[arg(long)]
    failed: bool,
    /// Nothing that was over before.
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// Nothing that came later.
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
}

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// One JSON object a line
    Json,
    /// For spreadsheets
    Csv,
}

/// Where a report goes, and what broke it off.
type Out<'o> = &'o mut dyn Write;

/// Reads logs and shows what was asked for.
pub(crate) fn run(args: ReportArgs) -> Result<u8, Failure> {
    let clock = Clock::system();
    let filter = filter(&args, &clock)?;
    let sources = logs::find(&args.files, "report")?;
    let details = args.all_events || args.summary;
    let wants = Wants { details, failed: args.failed };
    let bar = progress::Bar::new(&sources);
    let report = Report::read(&sources, wants, &clock, bar.count(), filter);
    bar.finish();
    let found = show(&report, &args).or_else(|error| output_error(&error).map(|()| true))?;
    let Store { tally, errors, .. } = report.store();
    // Of a file that is no log at all one line is enough.
    let is_log = tally.used > 0 || !errors.is_empty();
    if is_log && tally.is_damaged() {
        console::say(format!("{tally}; see viraudit verify"));
    }
    logs::all_read(&sources, errors, "report")?;
    if found {
        return Ok(0);
    }
    console::say(match () {
        () if is_log => "nothing found".to_owned(),
        () if tally.is_damaged() => {
            format!("no audit records about guests: {tally}; see viraudit verify")
        }
        () => "no audit records about guests".to_owned(),
    });
    Ok(1)
}

fn filter(args: &ReportArgs, clock: &Clock) -> Result<Filter, Failure> {
    use std::os::unix::ffi::OsStrExt;
    let time = |option: &str, text: &Option<String>, edge| {
        let parsed = text.as_deref().map(|text| parse(text, edge, clock)).transpose();
        parsed.map_err(|error| Failure::bad_input(format!("report: {option} {error}")))
    };
    let bytes =
        |text: &Option<std::ffi::OsString>| text.as_ref().map(|text| text.as_bytes().to_vec());
    let uuid = args.uuid.as_ref().map(|text| {
        Uuid::parse(text.as_bytes())
            .ok_or_else(|| Failure::bad_input(format!("report: --uuid '{text}' is no UUID")))
    });
    let filter = Filter {
        vm: bytes(&args.vm),
        uuid: uuid.transpose()?,
        host: bytes(&args.host),
        failed: args.failed,
        start: time("--start", &args.start, Edge::Start)?,
        end: time("--end", &args.end, Edge::End)?,
    };
    if let (Some(start), Some(end)) = (filter.start, filter.end)
        && start > end
    {
        return Err(Failure::bad_input("report: --start is later than --end"));
    }
    Ok(filter)
}

/// Shows the report; whether there was anything to show.
fn show(report: &Report, args: &ReportArgs) -> io::Result<bool> {
    let found = !report.is_empty();
    let stdout = io::stdout().lock();
    let mut out = BufWriter::with_capacity(64 * 1024, stdout);
    match args.format {
        _ if args.summary => summary::write(report, args.format, &mut out)?,
        _ if !found => {}
        Format::Table => return table::write(report, args, out).map(|()| true),
        Format::Json => json::write(report, args.all_events, &mut out)?,
        Format::Csv => csv::write(report, args.all_events, &mut out)?,
    }
    out.flush()?;
    Ok(found)
}

/// An event as a line of JSON, for others that show events.
pub(crate) fn event_line(event: &EventView<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    json::append_event(event, &mut UtcTimes::default(), &mut line);
    line
}

/// An event as a row for people.
pub(crate) fn event_text(event: &EventView<'_>) -> Vec<u8> {
    table::live(event)
}
