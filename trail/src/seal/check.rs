//! The check of logs against a chain.

use super::chain::{Chain, Entry};
use super::content::{self, OpenLog};
use super::problem::{Problem, ProblemKind};
use crate::input::Source;
use crate::input::blocks::ReadError;
use std::collections::{BTreeMap, BTreeSet};

/// The end of a log, of which no seal exists yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// The log.
    pub file: String,
    /// Its length in bytes.
    pub length: u64,
}

/// A log that begins with a sealed first line: its name, its length, and the digests of its ranges.
type Candidate = (String, u64, Vec<Option<String>>);

/// Checks that every sealed range is in one of the logs. `head` is the digest of an entry that the chain
/// must have: without it, entries that were removed from the end are not found.
pub fn check(
    chain: &Chain,
    sources: &[Source],
    head: Option<&str>,
) -> (Vec<Problem>, Vec<Unsealed>, Vec<ReadError>) {
    let (mut problems, mut unsealed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(head) = head
        && !chain.digests.iter().any(|digest| digest.eq_ignore_ascii_case(head))
    {
        let message = "the chain has no entry with the digest of --head".into();
        let kind = ProblemKind::Chain;
        problems.push(Problem { kind, entry: None, file: None, range: None, message });
    }
    let mut logs: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &chain.entries {
        logs.entry(&entry.log).or_default().push(entry);
    }
    let mut candidates: BTreeMap<&str, Vec<Candidate>> = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for (at, source) in sources.iter().enumerate() {
        let name = source.name();
        let found = OpenLog::open(source).and_then(|log| {
            let entries = log.id.as_deref().and_then(|id| logs.get_key_value(id));
            let ranges: Vec<_> = entries.map_or(Vec::new(), |(_, entries)| {
                entries.iter().map(|entry| (entry.offset, entry.length)).collect()
            });
            let (digests, length) = content::ranges(log, &ranges)?;
            Ok((entries, digests, length))
        });
        let (entries, digests, length) = match found {
            Ok(found) => found,
            Err(error) => {
                errors.push((at, error));
                continue;
            }
        };
        let end = entries.map_or(0, |(id, _)| chain.sealed_to(id));
        if length > end {
            unsealed.push(Unsealed { file: name.clone(), length: length - end });
        }
        match entries {
            Some((id, _)) => candidates.entry(id).or_default().push((name, length, digests)),
            None => drop(unknown.insert(name)),
        }
    }
    for (id, entries) in logs {
        let candidates = candidates.get(id).map(Vec::as_slice).unwrap_or_default();
        if candidates.is_empty() {
            problems.push(missing_log(&entries, &unknown));
            continue;
        }
        for (at, entry) in entries.iter().enumerate() {
            let is_sealed =
                |(_, _, digests): &&Candidate| digests[at].as_ref() == Some(&entry.sha256);
            if !candidates.iter().any(|candidate| is_sealed(&candidate)) {
                problems.push(of_range(entry, &candidates[0]));
            }
        }
    }
    problems.sort_by_key(|problem| problem.entry);
    (problems, unsealed, errors)
}

/// The problem of a log that was not found.
fn missing_log(entries: &[&Entry], unknown: &BTreeSet<String>) -> Problem {
    let (first, last) = (entries[0], entries[entries.len() - 1]);
    let end = entries.iter().map(|entry| entry.offset.saturating_add(entry.length)).max();
    let length = end.unwrap_or(0);
    let lines: u64 = entries.iter().map(|entry| entry.lines).sum();
    let records = match (&first.first, &last.last) {
        (Some(first), Some(last)) => format!(", records {first} to {last}"),
        _ => String::new(),
    };
    // The active log has its name again after each rotation, so a name alone proves nothing.
    let (kind, what) = match unknown.contains(&last.file) {
        true => (
            ProblemKind::Changed,
            "the log with this name has another first line, and no other has it",
        ),
        false => (ProblemKind::Missing, "no log has its first line"),
    };
    let message = format!("{what}: {lines} lines sealed until {}{records}", last.time);
    let file = Some(last.file.clone());
    Problem { kind, entry: Some(first.number), file, range: Some((0, length)), message }
}

/// The problem of a range that isn't in its log.
fn of_range(entry: &Entry, (file, length, _): &Candidate) -> Problem {
    let end = entry.offset.saturating_add(entry.length);
    let (kind, message) = if end > *length {
        let message = format!("sealed until byte {end}, but the log ends at byte {length}");
        (ProblemKind::Missing, message)
    } else {
        let message =
            format!("bytes {} to {end} are not those sealed at {}", entry.offset, entry.time);
        (ProblemKind::Changed, message)
    };
    let range = Some((entry.offset, entry.length));
    Problem { kind, entry: Some(entry.number), file: Some(file.clone()), range, message }
}
