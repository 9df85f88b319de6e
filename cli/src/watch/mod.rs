//! `viraudit watch`: events of guests, live from the kernel.

mod follow;

use crate::console::{self, output_error, reason};
use crate::exit_status::{DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::status::process::{Process, initial_net_namespace};
use clap::Args;
use follow::{Wanted, follow};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use viraudit::internal::audit_sys::link::Link;
use viraudit::internal::audit_sys::multicast::Listener;

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
    let mut listener = Listener::open().map_err(|error| not_opened(&error))?;
    // Without CAP_AUDIT_CONTROL the state is unknown, and there is no warning.
    if Link::open().and_then(|mut link| link.status()).is_ok_and(|status| status.enabled == 0) {
        console::eprint("auditing is off: no records arrive until it is turned on (auditctl -e 1)");
    }
    if initial_net_namespace() == Some(false) {
        console::eprint(
            "no records will arrive: the kernel reports them only in the host's network \
             namespace (nsenter --net=/proc/1/ns/net)",
        );
    }
    let failed = |error| Failure::not_done(format!("watch: {}", reason(&error)));
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).map_err(failed)?;
    }
    let deadline =
        args.timeout.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let wanted = Wanted { json: args.json, count: args.count, deadline };
    let mut out = io::stdout().lock();
    let (shown, ended) =
        follow(&mut listener, wanted, &stop, &mut out, &mut |line| console::eprint(line))
            .map_err(failed)?;
    ended.or_else(|error| output_error(&error))?;
    let timed_out = shown == 0 && args.timeout.is_some();
    Ok(if timed_out { NOTHING_FOUND } else { DONE })
}

fn not_opened(error: &io::Error) -> Failure {
    let why = match error.kind() {
        ErrorKind::PermissionDenied => {
            "not permitted; run as root, or grant CAP_AUDIT_READ".to_owned()
        }
        // podman's filter returns EINVAL for netlink families that it doesn't allow.
        ErrorKind::InvalidInput if Process::current().seccomp_filter == Some(true) => {
            "a seccomp filter blocks auditing; grant CAP_AUDIT_WRITE (podman run \
             --cap-add=AUDIT_WRITE), or allow AF_NETLINK sockets in the filter"
                .to_owned()
        }
        _ => reason(error),
    };
    Failure::not_done(format!("watch: can't receive audit records from the kernel: {why}"))
}
