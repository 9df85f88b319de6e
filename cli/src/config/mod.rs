//! `viraudit config`: checks and changes libvirt's audit settings.

mod attributes;
mod check;
mod replace;
mod set;

use crate::console;
use crate::exit_status::DONE;
use crate::failure::Failure;
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use viraudit::config::DEFAULT_PATH;

/// Check or change libvirt's audit settings.
#[derive(Args, Debug)]
#[command(
    arg_required_else_help = false,
    after_help = "\
Settings (if a key is set more than once, libvirt uses the first line):
  audit_level=0    send no audit records
  audit_level=1    send audit records if the kernel supports
                   auditing (default)
  audit_level=2    as 1, but a daemon that can't audit
                   refuses to start
  audit_logging=0  don't copy audit records to the log of
                   the daemon (default)
  audit_logging=1  copy audit records to the log of the
                   daemon too

A daemon reads its settings only when it starts, so restart it after a change."
)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a file as libvirt does, and print its audit settings
    #[command(after_help = "\
libvirt rejects a file for a mistake in any line, so the syntax of the whole file is checked. Types \
are checked for audit_level and audit_logging only. If the file doesn't exist, libvirt's defaults \
apply.

Exit status:
  0  libvirt accepts the file, or it doesn't exist
  2  libvirt rejects the file; the error shows the line
  3  the file can't be read

Examples:
  viraudit config check
  viraudit config check /etc/libvirt/virtqemud.conf --json")]
    Check {
        /// File to check; - is standard input
        #[arg(default_value = DEFAULT_PATH)]
        file: PathBuf,
        /// Print one JSON object instead of text
        #[arg(long)]
        json: bool,
    },
    /// Change audit settings in a file, and keep the rest of the file
    #[command(
        override_usage = "viraudit config set KEY=VALUE... [FILE]",
        after_help = "\
If the file already sets a key, its line gets the new value. Otherwise a new line is added: after \
the line where the key is commented out, or else at the end. Comments and order are kept, and so are \
owner, mode, ACL and other extended attributes. The file is replaced atomically; concurrent changes \
wait for one another. A missing file is created. A file that libvirt rejects is not changed.

Exit status:
  0  the file has these settings
  2  a setting is wrong, or libvirt rejects the file
  3  the file can't be read or written

Examples:
  viraudit config set audit_level=2
  viraudit config set audit_level=1 audit_logging=1 /etc/libvirt/virtqemud.conf"
    )]
    Set {
        /// Settings: audit_level=NUMBER (0 to 4294967295) or audit_logging=0|1. The last argument
        /// may be the FILE to change [default: /etc/libvirt/libvirtd.conf]; if its name contains =,
        /// give it with a slash, as in ./a=b.conf
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
