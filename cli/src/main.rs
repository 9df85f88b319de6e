//! The command-line tool.

mod config;
mod failure;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

/// Emit, check, watch and report audit records of virtual machines
#[derive(Debug, Parser)]
#[command(name = "viraudit", version)]
enum Cli {
    /// Look at and change the settings of auditing
    Config(config::Args),
}

fn main() -> ExitCode {
    let Cli::Config(args) = Cli::parse();
    match config::run(&args, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Without standard error, the exit status has to do.
            let _ = writeln!(io::stderr(), "viraudit: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
