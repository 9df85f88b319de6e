//! `viraudit config`: checks and changes libvirt's audit settings.

mod attributes;
mod check;
mod diff;
mod get;
mod kind;
mod replace;
mod set;

use crate::console;
use crate::exit_status::DONE;
use crate::failure::Failure;
use crate::settings::{DaemonChoice, Target, targets};
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

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

The settings are in the file of the daemon: libvirtd.conf of libvirtd, or, on hosts with a daemon for \
each driver, virtqemud.conf and virtlxcd.conf. A daemon reads its file only when it starts, so \
restart it after a change."
)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: Command,
}

/// The files to read, and the form of the output.
#[derive(Args, Debug)]
struct Readable {
    /// File to read; - is standard input [default: the files of the daemons on this host]
    #[arg(conflicts_with = "daemon")]
    file: Option<PathBuf>,
    /// Read the file of this daemon
    #[arg(long, value_name = "NAME")]
    daemon: Option<DaemonChoice>,
    /// Print one JSON object for each file instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check a file as libvirt does, and print its audit settings
    #[command(after_help = "\
Without a FILE, the files of the daemons on this host are checked: of those that run (their option \
-f counts), and of those that systemd starts; else of those that are installed. Without a file, \
libvirt's defaults apply.

A daemon exits if any line of its file has a mistake, or if any key that it knows has a value that \
it doesn't take. So the syntax of the whole file is checked, and the values of all keys that libvirt \
9 to 12 know. Also refused are numbers beyond 2^63-1, for which libvirt 11 and 12 reject the file. \
Not checked are the existence of users, groups and files, and the format of log_filters and \
log_outputs. In qemu.conf and other files of drivers, audit settings have no effect, and only the \
syntax is checked. In viraudit.conf, viraudit's own settings are checked. Every mistake is reported.

Exit status:
  0  libvirt accepts the file, or it doesn't exist
  2  libvirt rejects the file; each error shows its line
  3  the file can't be read

Examples:
  viraudit config check
  viraudit config check --daemon virtqemud
  viraudit config check /etc/libvirt/virtqemud.conf --json
  viraudit config check /etc/viraudit/viraudit.conf")]
    Check(Readable),
    /// Print the value of a setting
    #[command(after_help = "\
The value is printed as libvirt reads it: of a key that is set more than once, the first. A setting \
of auditing that isn't set has its default. With several daemons, each line begins with the file.

Exit status:
  0  the value was printed
  1  the key isn't set, and isn't a setting of auditing
  2  libvirt rejects the file
  3  the file can't be read

Examples:
  viraudit config get audit_level
  viraudit config get log_outputs /etc/libvirt/virtqemud.conf")]
    Get {
        /// Name of the setting
        key: String,
        #[command(flatten)]
        readable: Readable,
    },
    /// Change audit settings in a file, and keep the rest of the file
    #[command(
        override_usage = "viraudit config set [OPTIONS] KEY=VALUE... [FILE]",
        after_help = "\
If the file already sets a key, its line gets the new value. Otherwise a new line is added: after \
the line where the key is commented out, or else at the end. Comments and order are kept, and so are \
owner, mode, ACL and other extended attributes. The file is replaced atomically; concurrent changes \
wait for one another. A missing file is created. A file with a syntax error is not changed; a value \
for which the daemon exits, and a file that no daemon reads, are warnings.

Without a FILE, the file of the daemon on this host is changed. If several daemons are there, \
--daemon is needed. The output is the file, and each value before and after, or \"unchanged\".

Exit status:
  0  the file has these settings; with --check: it has them already
  1  with --check: the file would change
  2  a setting is wrong, or libvirt rejects the file
  3  the file can't be read or written

Examples:
  viraudit config set audit_level=2
  viraudit config set --daemon all audit_level=1 audit_logging=1
  viraudit config set --check --diff audit_level=2
  viraudit config set audit_level=2 /etc/libvirt/virtqemud.conf"
    )]
    Set {
        /// Settings: audit_level=NUMBER (0 to 4294967295) or audit_logging=0|1. The last argument
        /// may be the FILE to change [default: the file of the daemon on this host]; if its name
        /// contains =, give it with a slash, as in ./a=b.conf
        #[arg(required = true, value_name = "KEY=VALUE", num_args = 1..)]
        arguments: Vec<OsString>,
        #[command(flatten)]
        options: EditOptions,
    },
    /// Remove audit settings from a file, so that the defaults apply
    #[command(
        override_usage = "viraudit config unset [OPTIONS] KEY... [FILE]",
        after_help = "\
Every line that sets the key is removed. Everything else is as for config set.

Exit status:
  0  the file doesn't set the key; with --check: it didn't before
  1  with --check: the file would change
  2  wrong usage, or libvirt rejects the file
  3  the file can't be read or written

Examples:
  viraudit config unset audit_logging
  viraudit config unset audit_level audit_logging --diff"
    )]
    Unset {
        /// Settings: audit_level or audit_logging. The last argument may be the FILE to change
        /// [default: the file of the daemon on this host]
        #[arg(required = true, value_name = "KEY", num_args = 1..)]
        arguments: Vec<OsString>,
        #[command(flatten)]
        options: EditOptions,
    },
}

/// How to change a file.
#[derive(Args, Debug)]
struct EditOptions {
    /// Change the file of this daemon.
    #[arg(long, value_name = "NAME")]
    daemon: Option<DaemonChoice>,
    /// Write nothing; exit with 1 if the file would change.
    #[arg(long)]
    check: bool,
    /// Print the change as a unified diff too.
    #[arg(long)]
    diff: bool,
    /// Print one JSON object for each file instead of text.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ConfigArgs) -> Result<u8, Failure> {
    let (text, code) = output(args, Path::new("/"))?;
    console::print(text.as_bytes()).map(|()| code)
}

/// Runs the command on the host whose root directory is `root`; returns its output and status.
fn output(args: &ConfigArgs, root: &Path) -> Result<(String, u8), Failure> {
    let of = |readable: &Readable| match &readable.file {
        Some(file) => vec![Target { file: file.clone(), daemon: None }],
        None => targets(root, readable.daemon),
    };
    match &args.command {
        Command::Check(files) => check::run(&of(files), files.json).map(|text| (text, DONE)),
        Command::Get { key, readable } => get::run(key, &of(readable), readable.json),
        Command::Set { arguments, options } => set::set(arguments, options, root),
        Command::Unset { arguments, options } => set::unset(arguments, options, root),
    }
}

#[cfg(test)]
mod tests;
