//! The guests of a page, for `--guests`.

use super::columns::{Plain, Proofs};
use super::sessions::state_number;
use super::words::Words;
use crate::report::wording::user;
use serde::Serialize;
use viraudit_trail::report::{GuestRow, Report};

/// The guests, a row each, in the order of the report.
#[derive(Debug, Default, Serialize)]
pub(super) struct Guests {
    vm: Plain,
    uuid: Plain,
    /// The hosts as one text.
    hosts: Plain,
    state: Plain,
    runs: Plain,
    running: Plain,
    last_start: Vec<Option<i64>>,
    last_start_reason: Plain,
    last_stop: Vec<Option<i64>>,
    last_stop_reason: Plain,
    idle_since: Vec<Option<i64>>,
    user: Plain,
    failed_starts: Plain,
    denials: Plain,
    /// Only if the page shows them.
    proof: Option<Proofs>,
}

impl Guests {
    /// The rows of all guests.
    pub(super) fn new(report: &Report, proof: bool, words: &mut Words) -> Self {
        let mut rows = Self { proof: proof.then(Proofs::default), ..Self::default() };
        report.guests().iter().for_each(|guest| rows.push(&guest, words));
        rows
    }

    /// The number of guests.
    pub(super) fn len(&self) -> usize {
        self.vm.0.len()
    }

    fn push(&mut self, guest: &GuestRow<'_>, words: &mut Words) {
        self.vm.0.push(words.id(&guest.vm));
        self.uuid.0.push(words.id(&guest.uuid.to_string()));
        self.hosts.0.push(words.id(&guest.hosts.join(" ")));
        self.state.0.push(state_number(guest.state));
        self.runs.0.push(guest.runs as i64);
        self.running.0.push(guest.running_time);
        self.last_start.push(guest.last_start);
        self.last_start_reason.0.push(words.known(guest.last_start_reason.as_deref()));
        self.last_stop.push(guest.last_stop);
        self.last_stop_reason.0.push(words.known(guest.last_stop_reason.as_deref()));
        self.idle_since.push(guest.idle_since);
        self.user.0.push(words.known(user(guest.user, guest.by_daemon).as_deref()));
        self.failed_starts.0.push(guest.failed_starts as i64);
        self.denials.0.push(guest.denials as i64);
        if let Some(proof) = &mut self.proof {
            proof.push(&guest.proof);
        }
    }
}
