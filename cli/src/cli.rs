//! The command line as a whole.

use crate::config::ConfigArgs;
use crate::emit::EmitArgs;
use crate::expect::ExpectArgs;
use crate::generate::{CompletionsArgs, ManArgs};
use crate::report::ReportArgs;
use crate::status::StatusArgs;
use crate::verify::VerifyArgs;
use crate::watch::WatchArgs;
use clap::{Parser, Subcommand};
use std::sync::LazyLock;

const EXIT_STATUS: &str = "\
Exit status:
  0  success
  1  report: nothing found; watch, expect: not all
     records came; verify: damage found
  2  wrong usage, or malformed input
  3  not permitted, or an I/O error; status: records are
     not delivered; expect: records were lost
     or cut
  4  expect: the command that it ran failed

An error is one line on standard error. Standard input is read only if an argument is -.";

/// The versions of the program, the library and the C interface.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let (program, library, soname) =
        (env!("CARGO_PKG_VERSION"), viraudit::VERSION, viraudit::internal::SONAME);
    format!("{program} (library {library}, C interface {soname})")
});

/// Emit, watch, report and verify audit records about virtual machines.
#[derive(Debug, Parser)]
#[command(
    name = "viraudit",
    version = VERSION.as_str(),
    arg_required_else_help = false,
    after_help = EXIT_STATUS,
)]
pub(crate) struct Cli {
    /// The subcommand.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Emit(Box<EmitArgs>),
    Config(ConfigArgs),
    Status(StatusArgs),
    Report(Box<ReportArgs>),
    /// Print exactly what auvirt 3.0.9 of the audit package prints, for scripts that call it
    #[command(disable_help_flag = true)]
    Auvirt {
        /// Options of auvirt; `viraudit auvirt --help` lists them
        #[arg(value_name = "OPTION", trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<std::ffi::OsString>,
    },
    Watch(WatchArgs),
    Expect(Box<ExpectArgs>),
    Verify(VerifyArgs),
    Completions(CompletionsArgs),
    #[command(hide = true)]
    Man(ManArgs),
}
