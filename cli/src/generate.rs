//! Shell completions and man pages, made from the command line's own definition.

use crate::cli::Cli;
use crate::console::{self, reason};
use crate::failure::Failure;
use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;
use std::path::{Path, PathBuf};
use std::{fs, io};

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
    let mut command = Cli::command().disable_help_subcommand(true);
    // Gives the subcommands their whole names.
    command.build();
    fs::create_dir_all(directory).and_then(|()| pages(command, directory)).map_err(|error| {
        let name = directory.display();
        Failure::not_done(format!("can't write man pages to {name}: {}", reason(&error)))
    })?;
    Ok(0)
}

fn pages(command: Command, directory: &Path) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        pages(subcommand.clone(), directory)?;
    }
    let version = concat!("viraudit ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).source(version).manual("viraudit");
    let mut page = Vec::new();
    man.render(&mut page)?;
    // Examples and exit status stand there.
    let page = String::from_utf8_lossy(&page).replace(".SH EXTRA", ".SH NOTES\n.ad l");
    fs::write(directory.join(man.get_filename()), page)
}
