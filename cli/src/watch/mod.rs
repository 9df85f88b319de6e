//! `viraudit watch`: events of guests, live from the kernel.

mod follow;

use crate::console::{self, output_error, reason};
use crate::exit_status::{DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::listen::{deaf, not_opened, stop_flag};
use clap::Args;
use follow::{Wanted, follow};
use std::io;
use std::time::{Duration, Instant};
use viraudit_trail::listen::Source;

const HELP: &str = "\
The records come from the kernel. This needs only CAP_AUDIT_READ, and other listeners are unaffected. \
auditd need not run, but auditing must be on (viraudit status shows whether it is).

If records arrive faster than the output is read, the kernel drops records. A line on standard error \
then shows how many.

Exit status:
  0  done, also after Ctrl-C
  1  no event before the --timeout
  2  wrong usage
  3  not permitted, or an I/O error

Examples:
  viraudit watch
  viraudit watch --json | jq 'select(.kind == \"stop\")'
  viraudit watch --count 1 --timeout 60";

/// Show events of guests live, as the kernel reports them.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct WatchArgs {
    /// Print one JSON object per event, as `report --format json --all-events` does.
    #[arg(long)]
    json: bool,
    /// End after this number of events.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this number of seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// Prints events until the count, the timeout or a signal ends it.
pub(crate) fn run(args: &WatchArgs) -> Result<u8, Failure> {
    let mut source = Source::kernel().map_err(|error| not_opened("watch", &error))?;
    if let Some(why) = deaf() {
        console::eprint(why);
    }
    let failed = |error| Failure::not_done(format!("watch: {}", reason(&error)));
    let stop = stop_flag().map_err(failed)?;
    let deadline =
        args.timeout.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let wanted = Wanted { json: args.json, count: args.count, deadline };
    let mut out = io::stdout().lock();
    let (shown, ended) =
        follow(&mut source, wanted, &stop, &mut out, &mut |line| console::eprint(line))
            .map_err(failed)?;
    ended.or_else(|error| output_error(&error))?;
    let timed_out = shown == 0 && args.timeout.is_some();
    Ok(if timed_out { NOTHING_FOUND } else { DONE })
}
