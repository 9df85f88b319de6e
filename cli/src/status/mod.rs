//! `viraudit status`: whether records are delivered, and how to fix it if they are not.

mod daemon;
mod host;
mod kernel;
pub(crate) mod process;
mod report;
mod settings;
mod verdict;

use crate::console;
use crate::exit_status::{DONE, NOT_DONE};
use crate::failure::Failure;
use clap::Args;
use host::Host;
use kernel::Kernel;
use process::Process;
use report::Report;
use settings::Settings;
use std::path::{Path, PathBuf};
use verdict::{NeedsAuditd, Verdict};

const HELP: &str = "\
The first line is the answer; the other lines are the details behind it. The answer is for a process \
with the privileges of this one: to check a daemon, run `viraudit status` as the daemon's user. Details that this \
process is not permitted to read are shown as unknown. No record is written.

The settings are those of libvirt's daemons on this host (libvirtd, virtqemud, virtlxcd): of those \
that run, whose option -f counts, and of those that systemd starts; else of those that are installed. \
If one of them has audit_level 0, the answer is no. A daemon reads its file only when it starts: a \
note shows a file that was changed later.

The kernel's rules (auditctl -l) may drop records. A rule that drops every record of a type makes the \
answer no. A rule that depends on the sending process, such as its user, is a note. Reading rules \
needs CAP_AUDIT_CONTROL.

With --json, one object:
  verdict    ok, no-auditd, auditd-unknown, excluded, off,
             level-0, refused, unsupported or error
  delivered  true or false
  reason     where records go, or why they don't
  cure       how to fix it; null if nothing is wrong
  notes      other problems
  kernel     supported, on, status (as auditctl -s),
             status_error, hz, backlog_wait_seconds, rules
             (each with rule, removal, types and certain),
             rules_error, security_modules and auditd; null
             if unknown
  process    capabilities, namespaces and label
  config     the settings that decide, with their daemon: its
             name, state, pid, since, preloaded (viraudit is)
             and stale (the file changed after the start)
  daemons    the same of every daemon on this host

Exit status:
  0  records are delivered
  2  wrong usage, or FILE is malformed
  3  records are not delivered, or FILE can't be read

Examples:
  viraudit status
  viraudit status --require-auditd
  viraudit status --json --config /etc/libvirt/virtqemud.conf
  setpriv --reuid qemu --clear-groups viraudit status";

/// Check whether audit records are delivered, and how to fix it if they are not.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct StatusArgs {
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Fail unless auditd is known to run.
    #[arg(long)]
    require_auditd: bool,
    /// Settings of the daemon [default: the files of the daemons on this host].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints the status.
pub(crate) fn run(args: StatusArgs) -> Result<u8, Failure> {
    let settings = Settings::load(args.config, Path::new("/"))?;
    let kernel = Kernel::ask();
    let process = Process::current();
    let host = Host::current();
    let auditd = if args.require_auditd { NeedsAuditd::Yes } else { NeedsAuditd::No };
    let verdict = Verdict::of(&kernel, &process, &host, &settings, auditd);
    let code = if verdict.delivered { DONE } else { NOT_DONE };
    let report = Report::new(verdict, &kernel, process, host, &settings);
    let text = if args.json { report.json()? } else { report.text() };
    console::print(text.as_bytes())?;
    Ok(code)
}
