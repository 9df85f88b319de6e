//! `viraudit config`: look at and change the settings of auditing.

mod check;
mod set;

use crate::console;
use crate::exit_status::DONE;
use crate::failure::Failure;
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use viraudit::config::DEFAULT_PATH;

/// The arguments of `viraudit config`.
#[derive(Args, Debug)]
#[command(
    arg_required_else_help = false,
    after_help = "\
The settings, as libvirtd reads them (the first line with a key counts):
  audit_level=0    no audit records
  audit_level=1    audit records, where the kernel can take them (default)
  audit_level=2    audit records, or no daemon: without, it refuses to start
  audit_logging=1  copy each record to the daemon's log; 0 (default): don't

A running daemon reads its file again only when it is restarted."
)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say how libvirt reads a file, or why it refuses it
    #[command(after_help = "\
Exit status: 0 when libvirt accepts the file, 2 when it doesn't (standard error says the line and \
what was expected there), 3 when the file can't be read. A file that doesn't exist is fine: the \
defaults hold. Only the types of audit_level and audit_logging are checked, but the syntax of all \
of the file, as libvirt refuses to start for a mistake anywhere in it.

Examples:
  viraudit config check
  viraudit config check /etc/libvirt/virtqemud.conf --json")]
    Check {
        /// The file; - for standard input
        #[arg(default_value = DEFAULT_PATH)]
        file: PathBuf,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Change settings in a file, and leave the rest of it as it is
    #[command(
        override_usage = "viraudit config set KEY=VALUE... [FILE]",
        after_help = "\
A key that is set gets its new value where it stands. One that isn't gets a line of its own, behind \
the line that has it commented out, or else at the end. Comments, order, mode and owner stay; whoever \
reads the file meanwhile sees all of the old or all of the new one. A file that doesn't exist is made. \
A file that libvirt would refuse isn't written.

Exit status: 0 when the file says what it should, 2 for a wrong setting or a file that libvirt \
refuses, 3 when the file can't be read or written.

Examples:
  viraudit config set audit_level=2
  viraudit config set audit_level=1 audit_logging=1 /etc/libvirt/virtqemud.conf"
    )]
    Set {
        /// audit_level=NUMBER (0 to 4294967295) or audit_logging=0|1, as many as needed, then the
        /// FILE [default: /etc/libvirt/libvirtd.conf]; one with = in its name needs a slash too
        #[arg(required = true, value_name = "KEY=VALUE", num_args = 1..)]
        arguments: Vec<OsString>,
    },
}

/// Runs the command.
pub(crate) fn run(args: &ConfigArgs) -> Result<u8, Failure> {
    console::print(output(args)?.as_bytes()).map(|()| DONE)
}

/// Runs the command; returns its output.
fn output(args: &ConfigArgs) -> Result<String, Failure> {
    match &args.command {
        Command::Check { file, json } => check::run(file, *json),
        Command::Set { arguments } => set::run(arguments).map(|()| String::new()),
    }
}

#[cfg(test)]
mod tests;
