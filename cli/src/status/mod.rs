//! `viraudit status`: will records get through, and if not, why, and what cures it.

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
The first line is the answer for a process with this one's rights; the others say what it rests on. \
Asking leaves no record. What takes a capability that this process lacks is shown as unknown: run \
it as root, or as the daemon's user, to see what holds there.

With --json: one object with verdict (ok, no-auditd, off, level-0, refused, unsupported, error), \
delivered (true or false), reason, cure (null when nothing is wrong), notes, kernel, process and \
config.

Exit status: 0 records get through; 3 they don't; 2 FILE is wrong.

Examples:
  viraudit status
  viraudit status --json --config /etc/libvirt/virtqemud.conf
  setpriv --reuid qemu --clear-groups viraudit status";

/// Say whether records get through, and if not, why and what cures it.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct StatusArgs {
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// The daemon's settings; a file that doesn't exist means the defaults, unless it is named
    /// here [default: /etc/libvirt/libvirtd.conf].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Looks, and says what was found.
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
