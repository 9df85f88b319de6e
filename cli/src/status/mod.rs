//! `viraudit status`: whether records are delivered, and how to fix it if they are not.

mod kernel;
pub(crate) mod process;
mod report;
mod settings;
mod verdict;

use crate::console;
use crate::exit_status::{DONE, NOT_DONE};
use crate::failure::Failure;
use clap::Args;
use kernel::Kernel;
use process::Process;
use report::Report;
use settings::Settings;
use std::path::PathBuf;
use verdict::Verdict;

const HELP: &str = "\
The first line is the answer; the other lines are the details behind it. The answer is for a process \
with the privileges of this one: to check a daemon, run it as the daemon's user. Details that this \
process is not permitted to read are shown as unknown. No record is written.

With --json, one object: verdict (ok, no-auditd, off, level-0, refused, unsupported or error), \
delivered (true or false), reason, cure (how to fix it; null if nothing is wrong), notes, kernel, \
process and config.

Exit status:
  0  records are delivered
  2  wrong usage, or FILE is malformed
  3  records are not delivered, or FILE can't be read

Examples:
  viraudit status
  viraudit status --json --config /etc/libvirt/virtqemud.conf
  setpriv --reuid qemu --clear-groups viraudit status";

/// Check whether audit records are delivered, and how to fix it if they are not.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct StatusArgs {
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Settings of the daemon [default: /etc/libvirt/libvirtd.conf, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints the status.
pub(crate) fn run(args: StatusArgs) -> Result<u8, Failure> {
    let settings = Settings::load(args.config)?;
    let kernel = Kernel::ask();
    let process = Process::current();
    let verdict = Verdict::of(&kernel, &process, &settings);
    let code = if verdict.delivered { DONE } else { NOT_DONE };
    let report = Report::new(verdict, &kernel, process, settings);
    let text = if args.json { report.json()? } else { report.text() };
    console::print(text.as_bytes())?;
    Ok(code)
}
