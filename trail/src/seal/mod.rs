//! Sealed logs: signed digests of logs in a chain, so that later changes are found.
//!
//! Each entry of a chain covers a range of whole lines of one log. It holds the digest of the entry
//! before, and is signed with Ed25519: checking a chain needs only the public key. A log is identified
//! by the digest of its first line, because rotation changes its name and may compress it.

mod chain;
mod check;
mod content;
mod problem;

pub use chain::{BadKey, Chain, Entry, private_key, public_key};
pub use check::{Unsealed, check};
pub use ed25519_dalek::{SigningKey, VerifyingKey};
pub use problem::{Problem, ProblemKind};

use crate::input::Source;
use content::OpenLog;
use std::io;

/// The new ranges of all sources: an entry for each log that has grown since it was sealed. The
/// entries are added to the chain, and returned as lines. An error comes with its source's index.
pub fn seal(
    chain: &mut Chain,
    sources: &[Source],
    key: &SigningKey,
    host: &str,
    time: &str,
) -> Result<Vec<String>, (usize, io::Error)> {
    let mut lines = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let failed = |error| (at, error);
        let log = OpenLog::open(source).map_err(failed)?;
        let Some(id) = log.id.clone() else { continue };
        let offset = chain.sealed_to(&id);
        let Some(range) = content::whole_lines(log, offset).map_err(failed)? else { continue };
        let entry = Entry {
            number: chain.entries.len() as u64 + 1,
            previous: chain.head.clone(),
            time: time.to_owned(),
            host: host.to_owned(),
            file: source.name(),
            log: id,
            offset,
            length: range.length,
            lines: range.lines,
            sha256: range.sha256,
            first: range.first,
            last: range.last,
        };
        lines.push(chain.push(entry, key));
    }
    Ok(lines)
}
