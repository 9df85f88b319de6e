//! The program `auvirt` of audit 3.0.9, byte for byte: its output, its messages and its exit
//! status, faults included, because scripts depend on them.
//!
//! Data goes one way; ARCHITECTURE.md lists the modules and what each uses.

mod anomaly;
mod assembler;
mod auditd;
mod calendar;
mod complaint;
mod correlator;
mod ctime;
mod denial;
mod dispatch;
mod entry;
mod event;
mod filter;
mod guests;
mod interner;
mod interpret;
mod ledger;
mod lines;
mod numbers;
mod options;
mod proof;
mod record;
mod record_type;
mod rows;
mod stamp;
mod summary;
mod times;
mod users;
mod virt;

pub use calendar::adopt_locale;

use assembler::Assembler;
use auditd::Settings;
use complaint::{Complaint, failed};
use correlator::Correlator;
use ledger::Ledger;
use options::Options;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::os::unix::ffi::OsStringExt;

const USAGE: &str = "usage: auvirt [--stdin] [--all-events] [--summary] [--start start-date \
[start-time]] [--end end-date [end-time]] [--file file-name] [--show-uuid] [--proof] [--debug] \
[--uuid uuid] [--vm vm-name]\n";

/// Runs auvirt with the arguments after its name; returns its exit status.
///
/// Dates are read in the process's locale, see [`adopt_locale`]. Errors of output are ignored, as
/// by auvirt.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let args: Vec<Vec<u8>> = args.into_iter().map(OsString::into_vec).collect();
    let mut options = Options::default();
    let result = options.read(&args).and_then(|()| report(&options, stdin, stdout, stderr));
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

/// Prints what the options ask for.
fn report(
    options: &Options,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<(), Complaint> {
    if options.help {
        let _ = stdout.write_all(USAGE.as_bytes());
        return Ok(());
    }
    if options.debug {
        let _ = stderr.write_all(&options.dump());
    }
    let mut timeout = auditd::TIMEOUT;
    let mut file;
    let mut sources: Vec<&mut dyn Read> = Vec::new();
    let mut logs;
    if options.stdin {
        sources.push(stdin);
    } else if let Some(name) = &options.file {
        file = File::open(OsString::from_vec(name.clone())).map_err(|error| failed(&error))?;
        sources.push(&mut file);
    } else {
        let settings = Settings::of_host();
        timeout = settings.timeout;
        logs = settings.logs().map_err(|error| [b"No log file\n", &failed(&error)[..]].concat())?;
        sources.extend(logs.iter_mut().map(|log| log as &mut dyn Read));
    }
    let ledger = read(options, timeout, sources, stderr);
    let mut out = BufWriter::with_capacity(1 << 16, stdout);
    let _ = if options.summary {
        summary::write(&ledger, &mut out)
    } else {
        rows::write(&ledger, options, &mut out)
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
        // Starts and stops don't depend on resources, which neither are printed nor counted.
        (false, false) => |kind| is_virt(kind) && kind != record_type::VIRT_RESOURCE,
    };
    let mut assembler = Assembler::new(timeout, wanted);
    for source in sources {
        lines::for_each(source, |line| {
            assembler.line(line, &mut |event| correlator.event(event));
        });
    }
    assembler.finish(&mut |event| correlator.event(event));
    correlator.ledger
}

fn is_virt(kind: i32) -> bool {
    (record_type::VIRT_CONTROL..=record_type::VIRT_MACHINE_ID).contains(&kind)
}

fn is_related(kind: i32) -> bool {
    is_virt(kind) || kind == record_type::AVC || record_type::is_anomaly(kind)
}
