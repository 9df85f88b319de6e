//! `viraudit watch`: what happens to guests, as it happens.

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
Records come from the kernel itself, so auditd need not run; auditing must be on (viraudit status \
tells). It takes CAP_AUDIT_READ, and nothing else: auditd and other listeners hear everything too.

With --json: the events of `report --format json --all-events`, one object a line.

When records come faster than the output is read, the kernel's buffer overflows; then a line on \
standard error says how many records were lost.

Exit status: 0 done (also after Ctrl-C), 1 nothing came before the --timeout, 2 usage, 3 not \
permitted.

Examples:
  viraudit watch
  viraudit watch --json | jq 'select(.kind == \"stop\")'
  viraudit watch --count 1 --timeout 60";

/// Show what happens to guests, live from the kernel.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct WatchArgs {
    /// Print one JSON object for each event.
    #[arg(long)]
    json: bool,
    /// End after this many events.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this many seconds.
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

/// Listens until it is told to end.
pub(crate) fn run(args: &WatchArgs) -> Result<u8, Failure> {
    let mut listener = Listener::open().map_err(|error| not_opened(&error))?;
    // Who may not ask has to wait and see.
    if Link::open().and_then(|mut link| link.status()).is_ok_and(|status| status.enabled == 0) {
        console::eprint("auditing is off: nothing comes until it is turned on (auditctl -e 1)");
    }
    if initial_net_namespace() == Some(false) {
        console::eprint(
            "this is a network namespace of its own, and the kernel tells listeners in the \
             host's only: nothing will come (nsenter --net=/proc/1/ns/net)",
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
        // What podman's answers for every family of netlink that it doesn't know.
        ErrorKind::InvalidInput if Process::current().seccomp_filter == Some(true) => {
            "a seccomp filter hides auditing; grant CAP_AUDIT_WRITE (podman run \
             --cap-add=AUDIT_WRITE), or allow AF_NETLINK sockets in the filter"
                .to_owned()
        }
        _ => reason(error),
    };
    Failure::not_done(format!("watch: can't listen to the kernel's audit records: {why}"))
}
