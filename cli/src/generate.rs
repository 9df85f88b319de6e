//! Shell completions and man pages, made from the command line's own definition.

use crate::console::{self, reason};
use crate::exit_status::DONE;
use crate::failure::Failure;
use clap::{Args, Command};
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
    // Gives the subcommands their whole names.
    command.build();
    fs::create_dir_all(directory).and_then(|()| pages(command, directory)).map_err(|error| {
        let name = directory.display();
        Failure::not_done(format!("can't write man pages to {name}: {}", reason(&error)))
    })?;
    Ok(DONE)
}

/// The day of the last change to a page: a constant, so that the same source makes the same pages.
const DATE: &str = "2026-11-22";

fn pages(command: Command, directory: &Path) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        pages(subcommand.clone(), directory)?;
    }
    let version = concat!("viraudit ", env!("CARGO_PKG_VERSION"));
    let see_also = see_also(command.get_display_name().unwrap_or_default());
    let man = Man::new(command).date(DATE).source(version).manual("viraudit");
    let mut page = Vec::new();
    man.render(&mut page)?;
    let page = String::from_utf8_lossy(&page)
        // Examples and exit status stand there.
        .replace(".SH EXTRA", ".SH NOTES\n.ad l")
        // An empty line is one already; `.br` around it does nothing.
        .replace("\n.br\n\n.br\n", "\n.sp\n");
    fs::write(directory.join(man.get_filename()), page + &see_also)
}

/// The section that leads to other pages, from that of the command with this whole name.
fn see_also(command: &str) -> String {
    const TABLE: [(&str, &str); 4] = [
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
