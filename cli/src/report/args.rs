//! The arguments of `viraudit report`.

use super::page::Rows;
use super::questions;
use crate::console::shown;
use crate::failure::Failure;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::LazyLock;
use viraudit::Uuid;
use viraudit_trail::report::{
    DeviceAddress, EVENT_KINDS, Failed, Filter, InvalidValue, MacAddress, NamePattern, PathPattern,
    resource_kinds,
};
use viraudit_trail::session::State;
use viraudit_trail::time::{Clock, Edge, parse};

const HELP: &str = "\
A session is one run of a guest, from its start to its stop.

FILE may be a directory or a tar archive, and may be compressed (gzip, zstd or xz). Without FILE, \
auditd's log (log_file in /etc/audit/auditd.conf) and its rotated files are read. HOST=FILE names the \
host of lines that have none. In a directory without files, each directory is a host's.

The lines may be auditd's (raw or enriched, with or without node=), journald's (from journalctl \
--all _TRANSPORT=audit, in json, export or a short format), the kernel's (dmesg), syslog's or a log shipper's (JSON). \
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

KIND is one of: disk, fs, net, chardev, rng, smartcard, dev, hostdev, tpm, tpm-emulator, tpm-external, \
shmem, ivshmem-socket, evdev, mem, vcpu, iothread and cgroup for resources; start, stop, init, label, \
avc, landlock, landlock-domain, seccomp, anomaly, down, boot, create, destroy, migrate-in, migrate-out, \
integrity-check and control for other events.

All options combine. A session must fulfil those about sessions (--vm, --uuid, --host, --state, --at, --with, \
--start, --end), and must have an event that fulfils all the others. --failed starts and --failed operations may be \
written with a blank.

All formats have --guests, --operations and --summary. Only one of the three can be used. --guests and --operations \
can't be used with --all-events, which --summary ignores; --summary can't be used with --changes, which shows \
events. --at is about one moment, and --operations and --changes are about what happened, so they can't be \
combined. A page is not printed on a terminal.

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
  viraudit report --format html --title 'May, all hosts' > page.html
  viraudit report --format json /var/log/audit | jq 'select(.state == \"lost\")'
  journalctl --all -o json _TRANSPORT=audit | viraudit report -";

/// The help behind the options.
static AFTER_HELP: LazyLock<String> = LazyLock::new(|| format!("{HELP}\n\n{}", questions::help()));

/// List the sessions of guests with their start, end, user and reasons.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP.as_str())]
pub(crate) struct ReportArgs {
    /// Logs to read; - is standard input [default: auditd's log].
    #[arg(value_name = "[HOST=]FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Output format: table, json (one object per line), csv or html (a page for a browser).
    #[arg(long, value_enum, default_value = "table", hide_possible_values = true)]
    pub(super) format: Format,
    /// Show the events of each session.
    #[arg(short, long)]
    pub(super) all_events: bool,
    /// Show only counts. In html, they are one section of the page.
    #[arg(short, long)]
    pub(super) summary: bool,
    /// Show the records behind each line, as SECONDS.MILLIS:SERIAL; `ausearch -a SERIAL` prints
    /// them. In json and csv they are always included. The page of html always shows those of
    /// the chosen session or operation; with this option, its table of guests or operations has them too.
    #[arg(long)]
    pub(super) proof: bool,
    /// Show a row for each guest. In html, they are one section of the page.
    #[arg(long, conflicts_with_all = ["summary", "operations", "all_events"])]
    pub(super) guests: bool,
    /// Show a sentence for each operation. In html, they are one section of the page.
    #[arg(long, conflicts_with_all = ["summary", "all_events"])]
    pub(super) operations: bool,
    /// Show only guests that have or had this name: a renamed guest matches its old names too. NAME
    /// may have wildcards (*, ?, [...]), and the option may be repeated.
    #[arg(long, value_name = "NAME")]
    vm: Vec<OsString>,
    /// Show only the guest with this UUID.
    #[arg(long, value_name = "UUID")]
    uuid: Option<String>,
    /// Show only guests on this host (node= in the log, or journald's host name). NAME may have
    /// wildcards, and the option may be repeated.
    #[arg(long, value_name = "NAME")]
    host: Vec<OsString>,
    /// Show only sessions in these states.
    #[arg(
        long, value_name = "STATE,...", value_delimiter = ',', hide_possible_values = true,
        value_parser = state_parser(),
    )]
    state: Vec<State>,
    /// Show only sessions in which the guest ran at TIME. With --kind or --all-events, show what the
    /// guest held then.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["operations", "changes"])]
    at: Option<String>,
    /// Show only guests that ran at the same time and on the same host as this guest (a name, which may
    /// have wildcards, or a UUID), and for how long.
    #[arg(long, value_name = "GUEST")]
    with: Option<OsString>,
    /// Show only sessions with an event about this path and, with --all-events, only these events: a
    /// disk, a shared directory, a device, the target of a denial. PATH/** is everything below PATH.
    /// PATH may have wildcards, and the option may be repeated.
    #[arg(long, value_name = "PATH")]
    path: Vec<OsString>,
    /// The same for a network interface with this address.
    #[arg(long, value_name = "ADDRESS")]
    mac: Vec<OsString>,
    /// The same for a device of the host: the address of a PCI, USB or SCSI device, or the UUID of a
    /// mediated one.
    #[arg(long, value_name = "ADDRESS")]
    device: Vec<OsString>,
    /// The same for resources and events of these kinds.
    #[arg(
        long, value_name = "KIND,...", value_delimiter = ',', hide_possible_values = true,
        value_parser = PossibleValuesParser::new(resource_kinds().chain(EVENT_KINDS)),
    )]
    kind: Vec<String>,
    /// The same for events with these reasons: booted, attach, destroyed, ...
    #[arg(long, value_name = "REASON,...", value_delimiter = ',')]
    reason: Vec<String>,
    /// Show what changed while a guest ran, without the resources of its start.
    #[arg(long, conflicts_with = "summary")]
    changes: bool,
    /// Show only sessions with an event that this user caused and, with --all-events, only these
    /// events: a name or id of the client that the records name, else the daemon's user.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Show only sessions with a failure and, with --all-events, only the failed events. With starts,
    /// show failed starts and why they failed; with operations, failed operations other than starts.
    #[arg(
        long, value_enum, value_name = "starts|operations", num_args = 0..=1, require_equals = true,
        hide_possible_values = true,
    )]
    failed: Option<Option<FailedArg>>,
    /// Read records that syslog has under this tag, besides the audit system's. Any program can use
    /// a tag, so trust only one that no user's program writes.
    #[arg(long = "tag", value_name = "TAG")]
    pub(super) tags: Vec<OsString>,
    /// The heading of the page [default: its hosts].
    #[arg(long, value_name = "TEXT")]
    pub(super) title: Option<String>,
    /// Read and show times in this zone, such as Europe/Berlin or UTC [default: the system's]. In
    /// json and csv, times are in UTC.
    #[arg(long, value_name = "ZONE")]
    timezone: Option<String>,
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
    /// A page for a browser.
    Html,
}

/// The value of `--failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailedArg {
    Starts,
    Operations,
}

/// Parses a state.
fn state_parser() -> impl TypedValueParser<Value = State> {
    let states = || State::ALL.into_iter().chain([State::Unstarted]);
    let names = PossibleValuesParser::new(states().map(State::name));
    names.map(move |name| states().find(|state| state.name() == name).unwrap_or(State::Seen))
}

/// Parses the values of an option.
fn values<T>(
    option: &str,
    texts: &[OsString],
    parse: fn(&[u8]) -> Result<T, InvalidValue>,
) -> Result<Vec<T>, Failure> {
    let value = |text: &OsString| {
        parse(text.as_bytes()).map_err(|error| {
            let text = shown(text.as_ref());
            Failure::bad_input(format!("report: {option} '{text}' {error}"))
        })
    };
    texts.iter().map(value).collect()
}

impl ReportArgs {
    /// Whether the events of sessions are shown.
    pub(super) fn shows_events(&self) -> bool {
        self.all_events || self.changes || self.at.is_some() && !self.kind.is_empty()
    }

    /// The time, in the zone of all times that are read and shown.
    pub(super) fn clock(&self) -> Result<Clock, Failure> {
        let Some(name) = &self.timezone else { return Ok(Clock::system()) };
        let zone = TimeZone::get(name)
            .map_err(|_| Failure::bad_input(format!("report: --timezone '{name}' is not known")))?;
        Ok(Clock::system().with_zone(zone))
    }

    /// The rows that a page has besides the sessions.
    pub(super) fn page_rows(&self) -> Rows {
        if self.guests {
            Rows::Guests
        } else if self.operations {
            Rows::Operations
        } else if self.summary {
            Rows::Counts
        } else {
            Rows::Sessions
        }
    }

    /// The sessions and events to show.
    pub(super) fn filter(&self, clock: &Clock) -> Result<Filter, Failure> {
        let time = |option: &str, text: &Option<String>, edge| {
            let parsed = text.as_deref().map(|text| parse(text, edge, clock)).transpose();
            parsed.map_err(|error| Failure::bad_input(format!("report: {option} {error}")))
        };
        let names = |texts: &[OsString]| {
            texts.iter().map(|text| NamePattern::from(text.as_bytes())).collect::<Vec<_>>()
        };
        let uuid = self.uuid.as_ref().map(|text| {
            Uuid::parse(text.as_bytes())
                .ok_or_else(|| Failure::bad_input(format!("report: --uuid '{text}' is not a UUID")))
        });
        let filter = Filter {
            vms: names(&self.vm),
            uuid: uuid.transpose()?,
            hosts: names(&self.host),
            states: self.state.clone(),
            at: time("--at", &self.at, Edge::Start)?,
            with: self.with.as_ref().map(|text| NamePattern::from(text.as_bytes())),
            user: self.user.clone(),
            failed: self.failed.map(|what| match what {
                None => Failed::Any,
                Some(FailedArg::Starts) => Failed::Starts,
                Some(FailedArg::Operations) => Failed::Operations,
            }),
            kinds: self.kind.clone(),
            reasons: self.reason.clone(),
            paths: values("--path", &self.path, PathPattern::parse)?,
            macs: values("--mac", &self.mac, MacAddress::parse)?,
            devices: values("--device", &self.device, DeviceAddress::parse)?,
            changes: self.changes,
            start: time("--start", &self.start, Edge::Start)?,
            end: time("--end", &self.end, Edge::End)?,
        };
        let is_event = |kind: &&String| resource_kinds().all(|it| it != kind.as_str());
        if let Some(kind) = filter.kinds.iter().find(is_event).filter(|_| filter.at.is_some()) {
            let message = format!("report: --at shows resources, and --kind {kind} is none");
            return Err(Failure::bad_input(message));
        }
        if let (Some(start), Some(end)) = (filter.start, filter.end)
            && start > end
        {
            return Err(Failure::bad_input("report: --start is later than --end"));
        }
        Ok(filter)
    }
}
