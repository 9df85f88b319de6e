//! The operations of a page, for `--operations`.

use super::columns::{Deltas, Plain, Proofs};
use super::words::Words;
use crate::report::wording::{result, user};
use serde::Serialize;
use viraudit_trail::report::{Operation, Report};

/// The most operations in a page. With more, it has the last ones.
const MOST: usize = 100_000;

/// The operations, a row each, by time.
#[derive(Debug, Default, Serialize)]
pub(super) struct Operations {
    /// The position of the session.
    session: Plain,
    time: Deltas,
    host: Plain,
    vm: Plain,
    user: Plain,
    client: Plain,
    result: Plain,
    text: Plain,
    proof: Proofs,
    /// Whether the table has a column for the proof.
    shows_proof: bool,
    /// The number of all operations.
    pub(super) all: usize,
}

impl Operations {
    /// The rows of all operations, or of the last ones.
    pub(super) fn new(report: &Report, shows_proof: bool, words: &mut Words) -> Self {
        let operations = report.operations();
        let all = operations.len();
        let mut rows = Self { shows_proof, all, ..Self::default() };
        let last = all.saturating_sub(MOST)..all;
        operations.range(last).for_each(|operation| rows.push(&operation, words));
        rows
    }

    /// The number of operations in the page.
    pub(super) fn len(&self) -> usize {
        self.time.0.len()
    }

    fn push(&mut self, operation: &Operation<'_>, words: &mut Words) {
        self.session.0.push(operation.session_at as i64);
        self.time.0.push(operation.time);
        self.host.0.push(words.known(operation.host.as_deref()));
        self.vm.0.push(words.id(&operation.vm));
        self.user.0.push(words.known(user(operation.user, operation.by_daemon).as_deref()));
        self.client.0.push(words.client(operation.client));
        self.result.0.push(words.id(result(operation)));
        self.text.0.push(words.id(&operation.text));
        self.proof.push(&operation.proof);
    }
}
