//! The program `auvirt` of audit 3.0.9, byte for byte: what it prints, what it says and how it
//! exits, also where that is a fault. Scripts were written around its faults.
//!
//! The way of an event: `source` gives lines, `assemble` makes events of them in the order in
//! which libauparse does, `filter` drops those not asked for, `correlate` and `related` put
//! entries into the `ledger`, `print`(mod@print) writes them.
//!
//! What auvirt finds by walking its list of everything, over and over, is found here by indexes:
//! twice the log takes twice the time.

mod args;
mod assemble;
mod correlate;
mod entry;
mod event;
mod filter;
mod interpret;
mod kinds;
mod ledger;
mod numbers;
mod print;
mod record;
mod related;
mod source;
mod stamp;
mod table;
mod times;

use args::Options;
use assemble::Assembler;
use correlate::Correlator;
use ledger::Ledger;
use source::Settings;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStringExt;

const USAGE: &str = "usage: auvirt [--stdin] [--all-events] [--summary] [--start start-date \
[start-time]] [--end end-date [end-time]] [--file file-name] [--show-uuid] [--proof] [--debug] \
[--uuid uuid] [--vm vm-name]\n";

/// Runs auvirt with the arguments behind its name; gives its exit status.
///
/// Dates are read by the process's locale: see `viraudit::internal::audit_sys::calendar::adopt_locale`.
/// What can't be written is lost without a word, as it is with auvirt.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let args: Vec<Vec<u8>> = args.into_iter().map(OsString::into_vec).collect();
    let mut options = Options::default();
    let result = options.read(&args).and_then(|()| work(&options, stdin, stdout, stderr));
    let code = match result {
        Ok(()) => 0,
        Err(complaint) => {
            let _ = stderr.write_all(&[&complaint[..], b"\n"].concat());
            1
        }
    };
    if options.debug {
        let _ = writeln!(stdout, "Exit code: {code}");
    }
    let _ = stdout.flush();
    code
}

fn work(
    options: &Options,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<(), Vec<u8>> {
    if options.help {
        let _ = stdout.write_all(USAGE.as_bytes());
        return Ok(());
    }
    if options.debug {
        let _ = stderr.write_all(&shown(options));
    }
    let failed = |error: io::Error| format!("Error: {}", reason(&error)).into_bytes();
    let mut timeout = source::TIMEOUT;
    let mut file;
    let mut sources: Vec<&mut dyn Read> = Vec::new();
    let mut logs;
    if options.stdin {
        sources.push(stdin);
    } else if let Some(name) = &options.file {
        file = File::open(OsString::from_vec(name.clone())).map_err(failed)?;
        sources.push(&mut file);
    } else {
        let settings = Settings::of_host();
        timeout = settings.timeout;
        logs = settings.logs().map_err(|error| [b"No log file\n", &failed(error)[..]].concat())?;
        sources.extend(logs.iter_mut().map(|log| log as &mut dyn Read));
    }
    let ledger = read(options, timeout, sources, stderr);
    let mut out = BufWriter::with_capacity(1 << 16, stdout);
    let _ = if options.summary {
        print::summary(&ledger, &mut out)
    } else {
        print::rows(&ledger, options, &mut out)
    };
    let _ = out.flush();
    Ok(())
}

/// Reads all sources into a list of entries.
fn read(
    options: &Options,
    timeout: i64,
    sources: Vec<&mut dyn Read>,
    log: &mut dyn Write,
) -> Ledger {
    let mut correlator = Correlator { options, ledger: Ledger::default(), log };
    let wanted = match (options.related(), options.debug) {
        (true, _) => is_related,
        (false, true) => is_virt,
        // Neither shown nor counted, resources have no part in anything else.
        (false, false) => |kind| is_virt(kind) && kind != kinds::VIRT_RESOURCE,
    };
    let mut assembler = Assembler::new(timeout, wanted);
    for source in sources {
        source::lines(source, |line| {
            assembler.line(line, &mut |event| correlator.event(event));
        });
    }
    assembler.finish(&mut |event| correlator.event(event));
    correlator.ledger
}

fn is_virt(kind: i32) -> bool {
    (kinds::VIRT_CONTROL..=kinds::VIRT_MACHINE_ID).contains(&kind)
}

fn is_related(kind: i32) -> bool {
    is_virt(kind) || kind == kinds::AVC || kinds::is_anomaly(kind)
}

/// The options, as `--debug` shows them.
fn shown(options: &Options) -> Vec<u8> {
    let flag = |name: &str, set: bool| format!("{name}_flag='{}'\n", u8::from(set)).into_bytes();
    let text = |name: &str, value: &Option<Vec<u8>>| {
        let value = value.as_deref().unwrap_or(b"(null)");
        [name.as_bytes(), b"='", value, b"'\n"].concat()
    };
    let time = |name: &str, seconds: i64| {
        let value = if seconds == 0 { Vec::new() } else { print::time(seconds) };
        [name.as_bytes(), b"='", &value, b"'\n"].concat()
    };
    [
        flag("help", options.help),
        flag("stdin", options.stdin),
        flag("all_events", options.all_events),
        flag("summary", options.summary),
        text("uuid", &options.uuid),
        text("vm", &options.vm),
        text("file", &options.file),
        time("start_time", options.start),
        time("end_time", options.end),
    ]
    .concat()
}

/// Why it failed, as `strerror` says it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}
