//! `viraudit watch`: events of guests, live from the kernel.

mod follow;
mod plugin;

use crate::console::{self, output_error, reason};
use crate::exit_status::{DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::listen::{ListenArgs, give_sign, seconds, stdin, stop_flag};
use clap::{Args, ValueEnum};
use follow::{Live, Wanted, follow};
use plugin::EventFile;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use viraudit::Uuid;
use viraudit_trail::expect::Selection;
use viraudit_trail::listen::{Wake, silence};

const HELP: &str = "\
Records from the kernel need only CAP_AUDIT_READ, and other listeners are unaffected. \
auditd need not run, but auditing must be on (viraudit status shows whether it is). Records from auditd \
(--from its log, or the socket of its af_unix plugin) need no capability. When auditd closes the socket, \
watch reports it and connects again.

--format json prints the keys of `viraudit report --format json --all-events`. For a record of a program, \
it adds virt, exe and text, which is the program's whole text.

With --plugin, auditd starts the command: see plugins.d/viraudit.conf in the examples. Records are read \
from standard input, and events are appended to FILE, as JSON unless --format is given. SIGHUP, which \
auditd passes on, opens FILE again. SIGTERM ends the command after the records that have arrived. If FILE \
can't be written, events are dropped, because auditd must not wait. Messages go to the system log.

KEY is a field of the record as audit.log shows it (see viraudit-expect(1)), and VALUE is decoded. An \
event that is not a record of a program, such as a denial, has the keys that --format json prints.

If records arrive faster than the output is read, the kernel drops records. A line on standard error \
then shows how many. When the reader of the output has gone, the command ends.

Exit status:
  0  done, also after Ctrl-C
  1  fewer events than --count, or no event before the --timeout
  2  wrong usage
  3  not permitted, or an I/O error

Examples:
  viraudit watch
  viraudit watch --json | jq 'select(.kind == \"stop\")'
  viraudit watch --vm web1 res=failed
  viraudit watch --count 1 --timeout 60
  viraudit watch --from /run/audit/audispd_events";

/// Show events of guests live, as the kernel reports them.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct WatchArgs {
    /// Fields that a record must have: KEY=VALUE, or KEY~REGEX for a part of the value.
    #[arg(value_name = "KEY=VALUE")]
    fields: Vec<String>,
    /// Show only events of the guest with this name.
    #[arg(long, value_name = "NAME")]
    vm: Option<OsString>,
    /// Show only events of the guest with this UUID.
    #[arg(long, value_name = "UUID")]
    uuid: Option<String>,
    /// Show only records of this type, such as VIRT_RESOURCE.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Output format: text, or json (one object per event) [default: text].
    #[arg(long, value_enum, hide_possible_values = true)]
    format: Option<Format>,
    /// The same as --format json.
    #[arg(long)]
    json: bool,
    /// Run as a plugin of auditd: append events to FILE.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from", "ready_fd"])]
    plugin: Option<PathBuf>,
    /// End after this number of events.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this number of seconds, which may have a fraction.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,
    #[command(flatten)]
    listen: ListenArgs,
}

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Rows for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl WatchArgs {
    /// What `follow` needs to know.
    fn wanted<'w>(&self, selection: &'w Selection, default: Format, drain: bool) -> Wanted<'w> {
        let deadline = self.timeout.and_then(|wait| Instant::now().checked_add(wait));
        let json = self.json || self.format.unwrap_or(default) == Format::Json;
        Wanted { json, count: self.count, deadline, selection, drain }
    }

    /// The exit status after this number of events.
    fn status(&self, shown: u64) -> u8 {
        let all = match self.count {
            Some(count) => shown >= count,
            None => shown > 0 || self.timeout.is_none(),
        };
        if all { DONE } else { NOTHING_FOUND }
    }

    /// The records to show.
    fn selection(&self) -> Result<Selection, String> {
        let mut selection = Selection::new();
        if let Some(name) = &self.vm {
            selection = selection.vm(name.as_bytes());
        }
        if let Some(text) = &self.uuid {
            let uuid = Uuid::parse(text.as_bytes());
            selection =
                selection.uuid(uuid.ok_or_else(|| format!("--uuid '{text}' is not a UUID"))?);
        }
        if let Some(name) = &self.kind {
            selection = selection.kind(name)?;
        }
        self.fields.iter().try_fold(selection, |selection, field| selection.field(field))
    }
}

/// Prints events until the count, the timeout or a signal ends it.
pub(crate) fn run(args: &WatchArgs) -> Result<u8, Failure> {
    let ready = args.listen.ready_fd("watch")?;
    let selection = args.selection().map_err(|why| Failure::bad_input(format!("watch: {why}")))?;
    if let Some(path) = &args.plugin {
        return run_plugin(args, &selection, path).inspect_err(|failure| {
            plugin::log(&failure.message);
        });
    }
    let failed = |error| Failure::not_done(format!("watch: {}", reason(&error)));
    let stop = stop_flag().map_err(failed)?;
    let source = args.listen.open("watch")?;
    if source.is_kernel()
        && let Some(why) = silence()
    {
        console::eprint(why);
    }
    give_sign(ready);
    let stdout = io::stdout();
    let mut out = stdout.lock();
    let reader = Some(Wake { fd: stdout.as_fd(), readable: false });
    let mut live = Live { source, reader, gone: false };
    let wanted = args.wanted(&selection, Format::Text, false);
    let (shown, ended) =
        follow(&mut live, wanted, &stop, &mut out, &mut |line| console::eprint(line))
            .map_err(failed)?;
    let gone = live.gone || ended.is_err();
    ended.or_else(|error| output_error(&error))?;
    Ok(if gone { DONE } else { args.status(shown) })
}

/// Appends the events of auditd's records to a file.
fn run_plugin(args: &WatchArgs, selection: &Selection, path: &Path) -> Result<u8, Failure> {
    let failed = |error| Failure::not_done(format!("watch: {}", reason(&error)));
    let stop = stop_flag().map_err(failed)?;
    let mut file = EventFile::open(path).map_err(|error| {
        let name = console::shown(path);
        Failure::not_done(format!("watch: can't write to {name}: {}", reason(&error)))
    })?;
    let mut live = Live { source: stdin("watch")?, reader: None, gone: false };
    let wanted = args.wanted(selection, Format::Json, true);
    let (shown, _) =
        follow(&mut live, wanted, &stop, &mut file, &mut plugin::warn).map_err(failed)?;
    Ok(args.status(shown))
}
