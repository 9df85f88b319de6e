//! `viraudit expect`: whether the records that a test expects come.

mod args;
mod child;
mod hear;
mod verdict;

pub(crate) use args::ExpectArgs;

use crate::console::{self, reason};
use crate::exit_status::{COMMAND_FAILED, DONE, NOT_DONE, NOTHING_FOUND};
use crate::failure::Failure;
use crate::listen::{give_sign, stop_flag};
use child::Child;
use hear::Attempt;
use std::io::ErrorKind;
use std::sync::atomic::Ordering;
use viraudit_trail::expect::{Answer, Hearing, Matcher, Verdict};
use viraudit_trail::listen::silence;

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
    if source.is_kernel()
        && let Some(why) = silence()
    {
        console::eprint(why);
    }
    let mut attempt = Attempt { hearing: Hearing::new(source), matcher };
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
    let ended = attempt.run(child, options.within, &stop).map_err(|error| {
        if error.kind() == ErrorKind::Interrupted && stop.load(Ordering::Acquire) {
            return Failure::not_done("expect: interrupted before all records came");
        }
        let name = options.listen.name();
        Failure::not_done(format!("expect: can't read {name}: {}", reason(&error)))
    })?;

    let Attempt { hearing, matcher } = &attempt;
    let answer = hearing.answer(matcher);
    let (code, word) = match answer {
        _ if matches!(ended, Some(Err(_))) => (COMMAND_FAILED, "command-failed"),
        Answer::Met => (DONE, answer.name()),
        Answer::Unmet | Answer::Unwanted => (NOTHING_FOUND, answer.name()),
        Answer::Lost | Answer::Deaf => (NOT_DONE, answer.name()),
    };
    if let Some(Err(how)) = &ended {
        console::eprint(format!("expect: the command failed: {how}"));
    }
    let verdict = matcher.verdict();
    if !matches!(verdict, Verdict::Met) {
        console::lines(&verdict);
    }
    if let Some(loss) = hearing.loss(answer) {
        console::eprint(loss);
    }
    if let Some(doubt) = matcher.doubt() {
        console::eprint(doubt);
    }
    if code != DONE {
        console::eprint(hearing.count());
    }
    if options.json {
        console::print(verdict::json(word, &attempt).as_bytes())?;
    }
    Ok(code)
}
