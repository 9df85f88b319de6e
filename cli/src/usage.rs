//! Prints clap's help and errors: help on standard output, an error as one line.

use crate::console;
use crate::exit_status::DONE;
use crate::failure::Failure;
use clap::Command;
use clap::error::ErrorKind;
use std::io::{self, Write};

/// Prints help or the version, or turns a usage error into a failure.
pub(crate) fn answer(error: &clap::Error, root: &Command) -> Result<u8, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let printed = error.print().and_then(|()| io::stdout().flush());
            printed.or_else(|error| console::output_error(&error))?;
            Ok(DONE)
        }
        _ => Err(Failure::bad_input(one_line(&error.render().to_string(), root))),
    }
}

/// clap's message as one line, without its prefix and the usage after it.
fn one_line(text: &str, root: &Command) -> String {
    let mut line = String::new();
    for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if part.starts_with("Usage:") || part.starts_with("For more information") {
            break;
        }
        let part = part.strip_prefix("error: ").unwrap_or(part);
        // The standard library's words for a number that is none.
        let part = part.replace("invalid digit found in string", "expected a number");
        line.push_str(match &*part {
            _ if line.is_empty() => "",
            _ if line.ends_with(':') || part.starts_with('[') => " ",
            _ if part.starts_with("tip:") => "; ",
            _ => ", ",
        });
        line.push_str(&part);
    }
    format!("{line} (see {} --help)", full_name(root))
}

/// The program's name and the subcommands on its command line.
fn full_name(root: &Command) -> String {
    let mut name = root.get_name().to_owned();
    let mut command = root;
    for word in std::env::args_os().skip(1) {
        let Some(found) = word.to_str().and_then(|word| command.find_subcommand(word)) else {
            break;
        };
        command = found;
        name = format!("{name} {}", found.get_name());
    }
    name
}
