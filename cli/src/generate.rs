//! Shell completions and man pages, made from the command line's own definition.

use crate::cli::Cli;
use crate::console::{self, reason};
use crate::failure::Failure;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::fs;
use std::path::PathBuf;

/// Print a shell's completions.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  viraudit completions bash > /etc/bash_completion.d/viraudit")]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Write the man pages.
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The directory to write them to.
    directory: PathBuf,
}

/// Prints a shell's completions.
pub(crate) fn completions(args: CompletionsArgs) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "viraudit", &mut script);
    console::print(&script)?;
    Ok(0)
}

/// Writes a page for each command.
pub(crate) fn man(args: &ManArgs) -> Result<u8, Failure> {
    let directory = &args.directory;
    fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), directory))
        .map_err(|error| {
            let name = directory.display();
            Failure::not_done(format!("can't write man pages to {name}: {}", reason(&error)))
        })?;
    Ok(0)
}
