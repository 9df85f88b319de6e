//! The arguments of `viraudit report`.

use crate::failure::Failure;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use viraudit::Uuid;
use viraudit_trail::report::Filter;
use viraudit_trail::time::{Clock, Edge, parse};

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
    pub(super) files: Vec<PathBuf>,
    /// How to show them.
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Format,
    /// Show every event behind its session.
    #[arg(short, long)]
    pub(super) all_events: bool,
    /// Show only counts.
    #[arg(short, long)]
    pub(super) summary: bool,
    /// Show which records say so, as SECONDS.MILLIS:SERIAL for `ausearch -a`; in json and csv they
    /// always stand there.
    #[arg(long)]
    pub(super) proof: bool,
    /// Only guests with this name; they are followed when they are renamed.
    #[arg(long, value_name = "NAME")]
    vm: Option<OsString>,
    /// Only the guest with this UUID, in upper or lower case.
    #[arg(long, value_name = "UUID")]
    uuid: Option<String>,
    /// Only guests on this host (node= of the log, or journald's host name).
    #[arg(long, value_name = "NAME")]
    host: Option<OsString>,
    /// Only what failed: sessions in which something did, and with --all-events these events.
    #[arg(long)]
    pub(super) failed: bool,
    /// Nothing that was over before.
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// Nothing that came later.
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
}

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// One JSON object a line
    Json,
    /// For spreadsheets
    Csv,
}

impl ReportArgs {
    /// The sessions and events to show.
    pub(super) fn filter(&self, clock: &Clock) -> Result<Filter, Failure> {
        let time = |option: &str, text: &Option<String>, edge| {
            let parsed = text.as_deref().map(|text| parse(text, edge, clock)).transpose();
            parsed.map_err(|error| Failure::bad_input(format!("report: {option} {error}")))
        };
        let bytes = |text: &Option<OsString>| text.as_ref().map(|text| text.as_bytes().to_vec());
        let uuid = self.uuid.as_ref().map(|text| {
            Uuid::parse(text.as_bytes())
                .ok_or_else(|| Failure::bad_input(format!("report: --uuid '{text}' is no UUID")))
        });
        let filter = Filter {
            vm: bytes(&self.vm),
            uuid: uuid.transpose()?,
            host: bytes(&self.host),
            failed: self.failed,
            start: time("--start", &self.start, Edge::Start)?,
            end: time("--end", &self.end, Edge::End)?,
        };
        if let (Some(start), Some(end)) = (filter.start, filter.end)
            && start > end
        {
            return Err(Failure::bad_input("report: --start is later than --end"));
        }
        Ok(filter)
    }
}
