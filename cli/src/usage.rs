//! What the argument parser has to say, as this program says things: help on standard output,
//! errors as one line.

use crate::console;
use crate::failure::Failure;
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
    let mut help = "viraudit --help".to_owned();
    for part in text.lines().map(str::trim).filter(|part| !part.is_empty()) {
        if let Some(usage) = part.strip_prefix("Usage: ") {
            help = format!("{} --help", command(usage));
            break;
        }
        if part.starts_with("For more information") {
            break;
        }
        let part = part.strip_prefix("error: ").unwrap_or(part);
        if !line.is_empty() {
            let listed = line.ends_with(':');
            line.push_str(if listed {
                " "
            } else if part.starts_with("tip:") {
                "; "
            } else {
                ", "
            });
        }
        line.push_str(part);
    }
    format!("{line} (see {help})")
}

/// The command in front of a usage's options and arguments.
fn command(usage: &str) -> String {
    let words = usage.split(' ').take_while(|word| !word.starts_with(['-', '<', '[']));
    words.collect::<Vec<_>>().join(" ")
}
