//! The verdict of `viraudit verify` on the logs of a page.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit_trail::input::{Source, Sources};
use viraudit_trail::time::Clock;
use viraudit_trail::verify::{Counts, Damage, verify};

/// The findings that are named.
const NAMED: usize = 20;

/// The result of verify.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Not looked: the log came through a pipe, which can be read only once.
    NotChecked,
    /// The log was checked.
    Checked {
        /// The counts.
        counts: Box<Counts>,
        /// The number of findings of each kind, by the kind's name.
        kinds: Vec<(&'static str, u64)>,
        /// The first findings, as verify prints them.
        first: Vec<String>,
    },
}

impl Verdict {
    /// Verifies the logs, unless one of them can't be read a second time.
    pub(crate) fn new(sources: &Sources, clock: &Clock) -> Self {
        let again = |source: &Source| !matches!(source, Source::Stdin);
        if !sources.list.iter().all(again) || sources.size().is_none() {
            return Self::NotChecked;
        }
        let mut kinds: Vec<(Damage, u64)> = Vec::new();
        let mut first = Vec::new();
        let progress = Arc::new(AtomicU64::new(0));
        let (counts, _) = verify(sources, clock, &progress, |finding| {
            match kinds.iter_mut().find(|(kind, _)| *kind == finding.damage) {
                Some((_, count)) => *count += 1,
                None => kinds.push((finding.damage, 1)),
            }
            if first.len() < NAMED {
                let name = sources.list.get(finding.source).map(Source::name).unwrap_or_default();
                let (line, kind) = (finding.line, finding.damage.name());
                first.push(format!("{name}:{line}: {kind}: {}", finding.message));
            }
        });
        kinds.sort_unstable_by_key(|&(kind, _)| kind);
        let kinds = kinds.into_iter().map(|(kind, count)| (kind.name(), count)).collect();
        Self::Checked { counts: Box::new(counts), kinds, first }
    }
}
