//! The command line as a whole.

use crate::config::ConfigArgs;
use crate::emit::EmitArgs;
use crate::generate::{CompletionsArgs, ManArgs};
use crate::report::ReportArgs;
use crate::status::StatusArgs;
use crate::verify::VerifyArgs;
use crate::watch::WatchArgs;
use clap::{Parser, Subcommand};
use std::sync::LazyLock;

const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  nothing found; for verify, something
  2  usage, or bad input
  3  not permitted, or an error of input or output

Errors are one line on standard error. Standard input is read only for `-`.";

/// This program's version, and those of what it was built with.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (program, library, soname) =
        (env!("CARGO_PKG_VERSION"), viraudit::VERSION, viraudit::SONAME);
    format!("{program} (library {library}, C interface {soname})")
});

/// Audit records of virtual machines: libvirt's VIRT_* records, for any daemon and any script.
#[derive(Debug, Parser)]
#[command(
    name = "viraudit",
    version = VERSION.as_str(),
    arg_required_else_help = false,
    after_help = EXIT_STATUS,
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Emit(Box<EmitArgs>),
    /// Look at and change the settings of auditing.
    Config(ConfigArgs),
    Status(StatusArgs),
    Report(Box<ReportArgs>),
    /// What auvirt 3.0.9 printed, to the byte: for scripts that call it
    #[command(disable_help_flag = true)]
    Auvirt {
        /// auvirt's own arguments (`viraudit auvirt --help` shows them)
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    Watch(WatchArgs),
    Verify(VerifyArgs),
    Completions(CompletionsArgs),
    #[command(hide = true)]
    Man(ManArgs),
}
