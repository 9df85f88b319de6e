//! `viraudit watch`: what happens to guests, as it happens.

use crate::console::{self, output_error, reason};
use crate::failure::Failure;
use crate::report::{event_line, event_text};
use clap::Args;
use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use viraudit::audit_sys::multicast::{Heard, Listener};
use viraudit_trail::report::EventView;
use viraudit_trail::time::Clock;
use viraudit_trail::watch::Watcher;

const HELP: &str = "\
Records come from the kernel itself, so auditd need not run; auditing must be on (viraudit status
tells). It takes CAP_AUDIT_READ, and nothing else: auditd and other listeners hear everything too.

With --json: the events of `report --format json --all-events`, one object a line.

When the kernel is faster than the output is read, records are lost; then a line on standard error
says how many.

Exit status: 0 done (also after Ctrl-C), 1 nothing came before the --timeout, 2 usage, 3 not
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

/// How long an event may lack its end, and how soon a signal is heeded.
const PATIENCE: Duration = Duration::from_millis(500);

/// Listens until it is told to end.
pub(crate) fn run(args: &WatchArgs) -> Result<u8, Failure> {
    let mut listener = Listener::open().map_err(|error| not_opened(&error))?;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| Failure::not_done(format!("watch: {}", reason(&error))))?;
    }
    let deadline =
        args.timeout.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let mut watcher = Watcher::new(Clock::system());
    let mut rows = Rows { json: args.json, left: args.count, shown: 0, ended: None };
    // The serial number before records were lost.
    let mut lost_after = None;
    while !stop.load(Ordering::Acquire) && rows.ended.is_none() {
        let now = Instant::now();
        let left = deadline.map_or(PATIENCE, |deadline| deadline.saturating_duration_since(now));
        if left.is_zero() {
            break;
        }
        match listener.next(left.min(PATIENCE)) {
            Ok(Heard::Nothing) => watcher.flush(&mut |event| rows.show(event)),
            Ok(Heard::Lost) => {
                lost_after.get_or_insert(watcher.last_serial());
            }
            Ok(Heard::Record(kind, text)) => {
                let before = watcher.last_serial();
                watcher.record(kind, &text, &mut |event| rows.show(event));
                if let Some(last) = lost_after.filter(|_| watcher.last_serial() > before) {
                    say_lost(last, watcher.last_serial());
                    lost_after = None;
                }
            }
            Err(error) => {
                return Err(Failure::not_done(format!("watch: {}", reason(&error))));
            }
        }
    }
    if let Some(last) = lost_after {
        say_lost(last, 0);
    }
    match rows.ended {
        Some(Err(error)) => output_error(&error).map(|()| 0),
        None if rows.shown == 0 && args.timeout.is_some() => Ok(1),
        _ => Ok(0),
    }
}

fn not_opened(error: &io::Error) -> Failure {
    let why = match error.kind() {
        ErrorKind::PermissionDenied => {
            "not permitted; run as root, or grant CAP_AUDIT_READ".to_owned()
        }
        _ => reason(error),
    };
    Failure::not_done(format!("watch: can't listen to the kernel's audit records: {why}"))
}

/// The kernel counts events; what lies between is what was lost.
fn say_lost(last: u64, next: u64) {
    match next.checked_sub(last + 1).filter(|&lost| lost > 0 && last > 0) {
        Some(lost) => console::say(format!("up to {lost} events were lost: they came too fast")),
        None => console::say("some records were lost: they came too fast"),
    }
}

struct Rows {
    json: bool,
    left: Option<u64>,
    shown: u64,
    /// No more rows are wanted, or can be written.
    ended: Option<io::Result<()>>,
}

impl Rows {
    fn show(&mut self, event: &EventView<'_>) {
        if self.ended.is_some() {
            return;
        }
        let text = if self.json { event_line(event) } else { event_text(event) };
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(&text).and_then(|()| out.flush()) {
            self.ended = Some(Err(error));
            return;
        }
        self.shown += 1;
        if self.left.is_some_and(|left| self.shown >= left) {
            self.ended = Some(Ok(()));
        }
    }
}
