//! `viraudit verify --seal` and `--chain`: signed digests of logs.

use crate::console::{counted, output_error, reason, shown};
use crate::exit_status::{DAMAGE_FOUND, DONE};
use crate::failure::Failure;
use crate::logs;
use rustix::fs::{FlockOperation, flock};
use serde_json::json;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use viraudit_trail::input::Sources;
use viraudit_trail::seal::{BadKey, Chain, Problem, check, private_key, public_key, seal};
use viraudit_trail::time::{Clock, utc};

/// Appends entries for everything that was not sealed yet.
pub(crate) fn seal_logs(files: &[PathBuf], key: &Path, path: &Path) -> Result<u8, Failure> {
    let key = read_key(key, private_key)?;
    let sources = logs::find(files, "verify")?;
    let failed = |error: io::Error| {
        Failure::not_done(format!("can't write {}: {}", shown(path), reason(&error)))
    };
    let mut options = OpenOptions::new();
    let mut file =
        options.read(true).append(true).create(true).mode(0o600).open(path).map_err(failed)?;
    // Two sealings at once would both follow the same entry.
    flock(&file, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text).map_err(failed)?;
    let (mut chain, problems) = Chain::parse(&text, Some(&key.verifying_key()));
    let mut out = BufWriter::new(io::stdout());
    if !problems.is_empty() {
        return print(&mut out, &problems, path, false, "nothing was sealed");
    }
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim_end();
    if let Some(first) = chain.entries.first()
        && first.host != host
    {
        let message = format!("{}: the chain is of another host: {}", shown(path), first.host);
        return Err(Failure::bad_input(message));
    }
    let time = utc(Clock::system().now().timestamp().as_millisecond());
    let lines = seal(&mut chain, &sources.list, &key, host, &time)
        .map_err(|error| logs::failure(&sources, &error, "verify"))?;
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    let new = counted(lines.len() as u64, "range", "ranges");
    let all = counted(chain.entries.len() as u64, "entry", "entries");
    writeln!(out, "{new} sealed; {all}, head {}", chain.head)
        .and_then(|()| out.flush())
        .or_else(|error| output_error(&error))?;
    Ok(DONE)
}

/// Checks logs against a chain.
pub(crate) fn check_logs(
    files: &[PathBuf],
    path: &Path,
    key: Option<&Path>,
    head: Option<&str>,
    as_json: bool,
) -> Result<u8, Failure> {
    let key = key.map(|key| read_key(key, public_key)).transpose()?;
    let mut text = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut text)).map_err(|error| {
        Failure::not_done(format!("can't read {}: {}", shown(path), reason(&error)))
    })?;
    let sources: Sources = logs::find(files, "verify")?;
    let (chain, mut problems) = Chain::parse(&text, key.as_ref());
    let (found, unsealed, errors) = check(&chain, &sources.list, head);
    problems.extend(found);
    let mut out = BufWriter::new(io::stdout());
    let mut notes = String::new();
    if let Some(last) = chain.entries.last() {
        notes += &format!("last sealed at {}, ", last.time);
    }
    notes += &format!("head {}", chain.head);
    for end in unsealed {
        let file = end.file.escape_debug();
        notes += &format!("\n{file}: {} bytes at the end are not sealed", end.length);
    }
    if key.is_none() {
        notes += "\nsignatures were not checked: no --key";
    }
    let entries = counted(chain.entries.len() as u64, "entry", "entries");
    let findings = counted(problems.len() as u64, "finding", "findings");
    let summary = format!("{entries}, {findings}, {notes}");
    let code = print(&mut out, &problems, path, as_json, &summary)?;
    logs::all_read(&sources, &errors, "verify")?;
    Ok(code)
}

fn read_key<K>(path: &Path, parse: impl Fn(&str) -> Result<K, BadKey>) -> Result<K, Failure> {
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::not_done(format!("can't read {}: {}", shown(path), reason(&error)))
    })?;
    parse(&text).map_err(|error| Failure::bad_input(format!("{}: {error}", shown(path))))
}

fn print(
    out: &mut impl Write,
    problems: &[Problem],
    chain: &Path,
    as_json: bool,
    summary: &str,
) -> Result<u8, Failure> {
    let chain = chain.display().to_string();
    let write = |problem: &Problem, out: &mut dyn Write| {
        let Problem { kind, entry, file, range, message } = problem;
        let (kind, file) = (kind.name(), file.as_deref().unwrap_or(&chain));
        if as_json {
            let (offset, length) = range.unzip();
            let object = json!({
                "kind": kind, "file": file, "entry": entry, "offset": offset, "length": length,
                "message": message,
            });
            return writeln!(out, "{object}");
        }
        let entry = entry.map(|entry| format!(" (entry {entry})")).unwrap_or_default();
        writeln!(out, "{}: {kind}: {}{entry}", file.escape_debug(), message.escape_debug())
    };
    let mut result = problems.iter().try_for_each(|problem| write(problem, out));
    if !as_json {
        result = result.and_then(|()| writeln!(out, "{summary}"));
    }
    result.and_then(|()| out.flush()).or_else(|error| output_error(&error))?;
    Ok(if problems.is_empty() { DONE } else { DAMAGE_FOUND })
}
