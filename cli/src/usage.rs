//! What the argument parser has to say, as this program says things: help on standard output,
//! errors as one line.

use crate::cli::Cli;
use crate::console;
use crate::failure::Failure;
use clap::CommandFactory;
use clap::error::ErrorKind;
use std::io::{self, Write};

/// Prints help or the version, or turns an error of usage into one line.
pub(crate) fn answer(error: &clap::Error) -> Result<u8, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let printed = error.print().and_then(|()| io::stdout().flush());
            printed.or_else(|error| console::output_error(&error))?;
            Ok(0)
        }
        _ => Err(Failure::bad_input(one_line(&error.render().to_string()))),
    }
}

/// clap's message without its prefix, and without the usage that follows.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if part.starts_with("Usage:") || part.starts_with("For more information") {
            break;
        }
        let part = part.strip_prefix("error: ").unwrap_or(part);
        line.push_str(match part {
            _ if line.is_empty() => "",
            _ if line.ends_with(':') || part.starts_with('[') => " ",
            _ if part.starts_with("tip:") => "; ",
            _ => ", ",
        });
        line.push_str(part);
    }
    format!("{line} (see {} --help)", command())
}

/// The command that was called, with the subcommands that it was called with.
fn command() -> String {
    let mut name = "viraudit".to_owned();
    let root = Cli::command();
    let mut command = &root;
    for word in std::env::args_os().skip(1) {
        let Some(found) = word.to_str().and_then(|word| command.find_subcommand(word)) else {
            break;
        };
        command = found;
        name = format!("{name} {}", found.get_name());
    }
    name
}
