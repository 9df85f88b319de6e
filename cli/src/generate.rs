//! Generates shell completions and man pages from the command line's definition.

mod synopsis;

use crate::console::{self, reason};
use crate::exit_status::DONE;
use crate::failure::Failure;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Print a shell completion script.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  viraudit completions bash > /etc/bash_completion.d/viraudit")]
pub(crate) struct CompletionsArgs {
    /// Shell to complete for.
    shell: Shell,
}

/// Write the man pages.
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// The directory to write them to.
    directory: PathBuf,
}

/// Prints a shell completion script.
pub(crate) fn completions(args: CompletionsArgs, mut root: Command) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut root, "viraudit", &mut script);
    console::print(&script)?;
    Ok(DONE)
}

/// Writes a page for each command.
pub(crate) fn man(args: &ManArgs, root: Command) -> Result<u8, Failure> {
    let directory = &args.directory;
    let mut command = root.disable_help_subcommand(true);
    // Gives the subcommands their full names.
    command.build();
    fs::create_dir_all(directory).and_then(|()| pages(command, directory)).map_err(|error| {
        let name = directory.display();
        Failure::not_done(format!("can't write man pages to {name}: {}", reason(&error)))
    })?;
    Ok(DONE)
}

/// The date of the last change to a page; constant, so that pages are reproducible.
const DATE: &str = "2026-11-25";

fn pages(command: Command, directory: &Path) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        pages(subcommand.clone(), directory)?;
    }
    let version = concat!("viraudit ", env!("CARGO_PKG_VERSION"));
    let see_also = see_also(command.get_display_name().unwrap_or_default());
    let synopsis = synopsis::synopsis(&command);
    let man = Man::new(command).date(DATE).source(version).manual("viraudit");
    let mut page = Vec::new();
    man.render(&mut page)?;
    let page = with_synopsis(&String::from_utf8_lossy(&page), &synopsis)
        // The text after the options.
        .replace(".SH EXTRA", ".SH NOTES\n.ad l")
        // An empty line is a paragraph; `.br` around it does nothing.
        .replace("\n.br\n\n.br\n", "\n.sp\n");
    fs::write(directory.join(man.get_filename()), page + &see_also)
}

/// Replaces the synopsis of a page.
fn with_synopsis(page: &str, synopsis: &str) -> String {
    const HEADING: &str = ".SH SYNOPSIS\n";
    let Some((before, old)) = page.split_once(HEADING) else { return page.to_owned() };
    let after = old.find(".SH ").map_or("", |at| &old[at..]);
    format!("{before}{HEADING}{synopsis}{after}")
}

/// The SEE ALSO section of the page of a command, by its full name.
fn see_also(command: &str) -> String {
    const TABLE: [(&str, &str); 5] = [
        ("viraudit-expect", "viraudit-watch(1) viraudit-records(5) auditctl(8)"),
        ("viraudit-config", "viraudit.conf(5)"),
        ("viraudit-status", "viraudit.conf(5) auditctl(8) auditd(8)"),
        ("viraudit-completions", ""),
        ("viraudit-", "viraudit-records(5) ausearch(8) auditd(8)"),
    ];
    let known = TABLE.iter().find(|(start, _)| command.starts_with(start));
    let pages = match known {
        Some((_, more)) => format!("viraudit(1) {more}"),
        None => "viraudit(3) viraudit.conf(5) viraudit-records(5) auditctl(8) auditd(8)".into(),
    };
    let shown = pages.split_whitespace().filter_map(|page| {
        let (name, section) = page.split_once('(')?;
        Some(format!("\\fB{}\\fR({section}", name.replace('-', "\\-")))
    });
    format!(".SH \"SEE ALSO\"\n{}\n", shown.collect::<Vec<_>>().join(",\n"))
}
