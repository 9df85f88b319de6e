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
A session is one run of a guest, from its start to its stop.

FILE may be a directory or a tar archive, and may be compressed (gzip, zstd or xz). Without FILE, \
auditd's log (log_file in /etc/audit/auditd.conf) and its rotated files are read. HOST=FILE names the \
host of lines that have none. In a directory without files, each directory is a host's.

The lines may be auditd's (raw or enriched, with or without node=), journald's (from journalctl \
_TRANSPORT=audit, in any format with times), the kernel's (dmesg), syslog's or a log shipper's (JSON). \
docs/logs.md has the formats. Lines with records that are not read are counted and named.

TIME is one of:
  2026-11-21            midnight; for --end, end of day
  '2026-11-21 10:20'    local time
  2026-11-21T10:20:00Z  UTC
  10:20                 local time today
  @SECONDS              seconds since 1970-01-01 UTC
  '2 days ago'          also with hours, minutes, ...
  now, recent, boot, this-hour, today, yesterday, this-week, week-ago,
  this-month or this-year, as for ausearch

A session that is partly in the range is shown with a mark: < if it began before --start, > if it \
ended after --end.

The state of a session is one of:
  running  not ended yet
  stopped  ended by a stop
  failed   the start failed
  lost     the guest was started again without a stop
  down     the host went down or crashed
  seen     no record starts or stops the guest; whether
           it runs is not known

A ? after the state: records are missing while the session was open, so it may have ended then. A start \
that was never completed is no session; --all-events shows it as unstarted.

On a terminal, rows are cut to its width (or to COLUMNS) and coloured unless NO_COLOR is set. \
Elsewhere rows are whole and not coloured.

Exit status:
  0  sessions were found
  1  nothing was found
  2  wrong usage
  3  a log can't be read

Examples:
  viraudit report --start yesterday
  viraudit report --vm web1 --all-events --proof
  viraudit report --format json /var/log/audit | jq 'select(.state == \"lost\")'
  journalctl -o json _TRANSPORT=audit | viraudit report -";

/// List the sessions of guests with their start, end, user and reasons.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ReportArgs {
    /// Logs to read; - is standard input [default: auditd's log].
    #[arg(value_name = "[HOST=]FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Output format: table, json (one object per line) or csv.
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub(super) format: Format,
    /// Show the events of each session.
    #[arg(short, long)]
    pub(super) all_events: bool,
    /// Show only counts.
    #[arg(short, long)]
    pub(super) summary: bool,
    /// Show the records behind each line, as SECONDS.MILLIS:SERIAL; `ausearch -a SERIAL` prints
    /// them. In json and csv they are always included.
    #[arg(long)]
    pub(super) proof: bool,
    /// Show only guests that have or had this name: a renamed guest matches its old names too.
    #[arg(long, value_name = "NAME")]
    vm: Option<OsString>,
    /// Show only the guest with this UUID.
    #[arg(long, value_name = "UUID")]
    uuid: Option<String>,
    /// Show only guests on this host (node= in the log, or journald's host name).
    #[arg(long, value_name = "NAME")]
    host: Option<OsString>,
    /// Show only sessions with an event that this user caused and, with --all-events, only these
    /// events: a name or id of the client that the records name, else the daemon's user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Show only sessions with a failure and, with --all-events, only the failed events.
    #[arg(long)]
    pub(super) failed: bool,
    /// Read records that syslog has under this tag, besides the audit system's. Any program can use
    /// a tag, so trust only one that no user's program writes.
    #[arg(long = "tag", value_name = "TAG")]
    pub(super) tags: Vec<OsString>,
    /// Omit what ended before TIME.
    #[arg(long, value_name = "TIME")]
    start: Option<String>,
    /// Omit what began after TIME.
    #[arg(long, value_name = "TIME")]
    end: Option<String>,
}

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people.
    Table,
    /// One JSON object a line.
    Json,
    /// Comma-separated values for spreadsheets.
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
                .ok_or_else(|| Failure::bad_input(format!("report: --uuid '{text}' is not a UUID")))
        });
        let filter = Filter {
            vm: bytes(&self.vm),
            uuid: uuid.transpose()?,
            host: bytes(&self.host),
            user: self.user.clone(),
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
