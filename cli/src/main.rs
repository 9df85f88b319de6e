//! The command-line tool: thin subcommands over the library.
//!
//! Each subcommand is a module with its arguments and a `run`, which returns the exit status, or a
//! [`Failure`]: one line for standard error and its exit status. To add one, add it to
//! [`cli::Command`] and to [`run`]. `auvirt` has a command line of its own, so `main` handles it
//! before anything is parsed.

mod auvirt;
mod cli;
mod config;
mod console;
mod emit;
mod exit_status;
mod expect;
mod failure;
mod generate;
mod listen;
mod logs;
mod report;
mod seal;
mod settings;
mod status;
mod terminal;
mod usage;
mod verify;
mod watch;

use clap::{CommandFactory, Parser};
use cli::{Cli, Command};
use failure::Failure;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A message may quote a record.
    std::panic::set_hook(Box::new(|panic| console::eprint(format!("internal error: {panic}"))));
    if let Some(args) = auvirt::called() {
        return run_auvirt(args).into();
    }
    let result = match Cli::try_parse_from(report::joined(std::env::args_os())) {
        Ok(cli) => run(cli.command),
        Err(error) => usage::answer(&error, &Cli::command()),
    };
    match result {
        Ok(code) => code.into(),
        Err(Failure { code, message }) => {
            console::eprint(message);
            code.into()
        }
    }
}

fn run(command: Command) -> Result<u8, Failure> {
    match command {
        Command::Emit(args) => emit::run(*args),
        Command::Config(args) => config::run(&args),
        Command::Status(args) => status::run(args),
        Command::Report(args) => report::run(*args),
        // `main` has handled it already; the variant puts it into the list of commands.
        Command::Auvirt { args } => Ok(run_auvirt(args)),
        Command::Watch(args) => watch::run(&args),
        Command::Expect(args) => expect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Completions(args) => generate::completions(args, Cli::command()),
        Command::Man(args) => generate::man(&args, Cli::command()),
    }
}

fn run_auvirt(args: Vec<OsString>) -> u8 {
    auvirt::run(args, &mut console::bytes(io::stdout()), &mut console::bytes(io::stderr()))
}
