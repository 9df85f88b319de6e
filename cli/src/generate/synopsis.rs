//! The SYNOPSIS of a man page: every option with its value, which clap_mangen leaves out.

use clap::{Arg, ArgAction, Command};

/// Options of `emit` that are always given together.
const GUEST: [&str; 3] = ["virt", "name", "uuid"];

/// The synopsis of a command, as roff.
pub(super) fn synopsis(command: &Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    if let Some(usage) = command.get_overridden_usage() {
        let usage = usage.to_string();
        let rest = usage.strip_prefix(name).unwrap_or_default();
        return format!("{}{}\n", bold(name), escaped(rest));
    }
    let options = || command.get_arguments().filter(|argument| is_shown_option(argument));
    let (required, optional): (Vec<&Arg>, Vec<&Arg>) =
        options().partition(|option| option.is_required_set());
    let mut in_choice = Vec::new();
    let mut choices = Vec::new();
    for group in command.get_groups().filter(|group| group.is_required_set()) {
        let members = group.get_args().filter_map(|id| options().find(|it| it.get_id() == id));
        let members: Vec<Vec<&Arg>> = members.map(|member| together(command, member)).collect();
        let alternatives =
            members.iter().map(|all| joined(all.iter().copied().map(with_value), " "));
        choices.push(format!("{{{}}}", joined(alternatives, " | ")));
        in_choice.extend(members.into_iter().flatten().map(Arg::get_id));
    }
    let mut words = vec![bold(name)];
    words.extend(required.into_iter().map(with_value));
    words.extend(choices);
    let optional = optional.into_iter().filter(|option| !in_choice.contains(&option.get_id()));
    words.extend(optional.map(|option| format!("[{}]", with_value(option))));
    words.extend(command.get_positionals().map(positional));
    if command.has_subcommands() {
        words.push(italic(command.get_subcommand_value_name().unwrap_or("COMMAND")));
    }
    words.join(" ") + "\n"
}

fn is_shown_option(argument: &Arg) -> bool {
    let prints = matches!(argument.get_action(), ArgAction::Help | ArgAction::Version);
    !argument.is_positional() && !argument.is_hide_set() && !prints
}

/// An alternative of a required group, with the options that it requires.
fn together<'c>(command: &'c Command, member: &'c Arg) -> Vec<&'c Arg> {
    let is_guest = |option: &&Arg| GUEST.contains(&option.get_id().as_str());
    if is_guest(&member) {
        command.get_arguments().filter(is_guest).collect()
    } else {
        vec![member]
    }
}

fn joined(words: impl Iterator<Item = String>, separator: &str) -> String {
    words.collect::<Vec<_>>().join(separator)
}

/// An option and its value: `-v|--verbose`, `--to TARGET`.
fn with_value(option: &Arg) -> String {
    let short = option.get_short().map(|short| bold(&format!("-{short}")) + "|");
    let long = bold(&format!("--{}", option.get_long().unwrap_or_default()));
    let value = option.get_action().takes_values().then(|| format!(" {}", italic(&value(option))));
    [short.unwrap_or_default(), long, value.unwrap_or_default()].concat()
}

fn positional(argument: &Arg) -> String {
    let name = italic(&value(argument));
    let many = argument.get_num_args().is_some_and(|range| range.max_values() > 1);
    let name = if argument.is_required_set() { name } else { format!("[{name}]") };
    if many { name + "..." } else { name }
}

fn value(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    joined(names.iter().map(ToString::to_string), " ")
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escaped(text))
}

fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('-', "\\-")
}
