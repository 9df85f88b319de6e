//! `viraudit expect`: whether the records that a test expects come.

mod args;
mod child;
mod hear;
mod verdict;

pub(crate) use args::ExpectArgs;

use crate::console::{self, counted, reason};
use crate::exit_status::{COMMAND_FAILED, DONE, NOT_DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::listen::{deaf, give_sign, stop_flag};
use child::Child;
use hear::Hearing;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use viraudit_trail::expect::{Matcher, Verdict};

/// Listens, runs the command, and compares.
pub(crate) fn run(args: &ExpectArgs) -> Result<u8, Failure> {
    let options = &args.options;
    let ready = options.listen.ready_fd("expect")?;
    let has_ready_fd = ready.is_some();
    let matcher = Matcher::new(args.groups.clone())
        .map_err(|why| Failure::bad_input(format!("expect: {why}")))?;
    let failed = |error| Failure::not_done(format!("expect: {}", reason(&error)));
    let stop = stop_flag().map_err(failed)?;
    let source = options.listen.open("expect")?;
    let from_kernel = source.is_kernel();
    if from_kernel && let Some(why) = deaf() {
        console::eprint(why);
    }
    let mut hearing = Hearing::new(source, matcher);
    give_sign(ready);
    if options.command.is_empty() && !has_ready_fd {
        console::print(if options.json { b"{\"kind\":\"ready\"}\n" } else { b"ready\n" })?;
    }
    let child = match Child::start(&options.command, !options.listen.is_stdin()) {
        Ok(child) => child,
        Err(message) => {
            return Err(Failure { code: COMMAND_FAILED, message: format!("expect: {message}") });
        }
    };
    let ended = hearing.run(child, options.within, &stop).map_err(|error| {
        if error.kind() == ErrorKind::Interrupted && stop.load(Ordering::Acquire) {
            return Failure::not_done("expect: interrupted before all records came");
        }
        let name = options.listen.name();
        Failure::not_done(format!("expect: can't read {name}: {}", reason(&error)))
    })?;

    let verdict = hearing.matcher.verdict();
    let lost = hearing.lost();
    let silent = || from_kernel.then(deaf).flatten();
    let (code, word) = match &verdict {
        _ if matches!(ended, Some(Err(_))) => (COMMAND_FAILED, "command-failed"),
        Verdict::Unwanted { .. } => (NOTHING_FOUND, "unwanted"),
        // Neither that a record didn't come nor that none came is certain.
        Verdict::Unmet { .. } if lost.is_some() => (NOT_DONE, "lost"),
        Verdict::Met if lost.is_some() && hearing.matcher.waits() => (NOT_DONE, "lost"),
        Verdict::Unmet { .. } if silent().is_some() => (NOT_DONE, "deaf"),
        Verdict::Met if hearing.matcher.waits() && silent().is_some() => (NOT_DONE, "deaf"),
        Verdict::Unmet { .. } => (NOTHING_FOUND, "unmet"),
        Verdict::Met => (DONE, "met"),
    };
    if let Some(Err(how)) = &ended {
        console::eprint(format!("expect: the command failed: {how}"));
    }
    if !matches!(verdict, Verdict::Met) {
        console::lines(&verdict);
    }
    if let Some(lost) = lost {
        let what = match u64::from(lost) {
            0 => "records were lost".to_owned(),
            lost => format!("{} lost", counted(lost, "record was", "records were")),
        };
        console::eprint(match (from_kernel, code) {
            (_, DONE) => format!("{what}, but not those that were expected"),
            (true, _) => {
                format!("{what}: they arrived faster than they were read; the verdict is uncertain")
            }
            (false, _) => {
                "the log was truncated: records may be lost, and the verdict is uncertain".into()
            }
        });
    }
    if code != DONE {
        let heard = match hearing.matcher.heard() {
            0 => "no record about a guest was heard".to_owned(),
            heard => format!(
                "{} heard",
                counted(heard, "record about guests was", "records about guests were")
            ),
        };
        let others = match hearing.others() {
            0 => String::new(),
            others => format!(", and {}", counted(others, "other record", "other records")),
        };
        console::eprint(format!("{heard}{others}"));
    }
    if options.json {
        console::print(verdict::json(word, &hearing).as_bytes())?;
    }
    Ok(code)
}
