//! Serial numbers: the kernel numbers events one by one, so a missing number is a missing event.
//!
//! This only holds within one run of the kernel and auditd, and if the log was not filtered. A run is
//! considered filtered if it has only records about guests, or if more than a quarter of its numbers
//! is missing in many gaps. One large gap is a removal.

use super::stretch::{MAX_DROP, MAX_MS, Stretch};
use super::{Damage, LateFinding, Place};
use crate::line::{LineKind, Stamp};
use std::collections::BTreeMap;

/// A filtered log has a gap for at most this many events.
const EVENTS_PER_GAP: u64 = 16;

/// The serial numbers of one run of the kernel and auditd.
#[derive(Debug, Default)]
struct KernelRun {
    /// Ranges of consecutive numbers: by the first, the last and the place of the first.
    ranges: BTreeMap<u64, (u64, Place)>,
    last: Stamp,
    /// Whether there are other records than those about guests.
    mixed: bool,
}

impl KernelRun {
    /// Adds the numbers from `start` to `end`.
    fn add(&mut self, mut start: u64, mut end: u64, mut place: Place) {
        // Ranges that overlap or touch the new one are joined with it.
        while let Some((&from, &(to, at))) = self.ranges.range(..=end + 1).next_back()
            && to + 1 >= start
        {
            self.ranges.remove(&from);
            if from < start {
                (start, place) = (from, at);
            }
            end = end.max(to);
        }
        self.ranges.insert(start, (end, place));
    }

    /// The number of serial numbers that are present, and that should be.
    fn count(&self) -> (u64, u64) {
        let present = self.ranges.iter().map(|(start, (end, _))| end - start + 1).sum();
        let first = self.ranges.first_key_value().map_or(0, |(start, _)| *start);
        let last = self.ranges.last_key_value().map_or(0, |(_, (end, _))| *end + 1);
        (present, last - first)
    }

    fn is_filtered(&self) -> bool {
        let (present, expected) = self.count();
        let gaps = self.ranges.len().saturating_sub(1) as u64;
        let many = gaps * EVENTS_PER_GAP > present;
        gaps > 0 && (!self.mixed || many && expected - present > expected / 4)
    }
}

/// The serial numbers of one host.
#[derive(Debug, Default)]
pub(super) struct Serials {
    runs: Vec<KernelRun>,
}

impl Serials {
    /// Adds the events of a stretch.
    pub(super) fn add(&mut self, stretch: &Stretch, place: Place) {
        let Stretch { first, last, kind, mixed, .. } = *stretch;
        // auditd has its own numbers. While it isn't running, the log has gaps.
        if let LineKind::Daemon(starts) = kind {
            self.run(starts).mixed = true;
            return;
        }
        let before = self.run(false).last;
        // A blocked system call delivers its event late, but not by a year. A clock may be years off
        // after a boot.
        let later = first.ms >= before.ms || before.ms - first.ms > MAX_MS;
        let restarted = first.serial + MAX_DROP < before.serial && later;
        let run = self.run(restarted || kind == LineKind::Boot);
        run.mixed |= mixed;
        run.last = run.last.max(last);
        run.add(first.serial, last.serial, place);
    }

    /// Adds the number of an event whose time is wrong.
    pub(super) fn add_outlier(&mut self, serial: u64, place: Place) {
        self.run(false).add(serial, serial, place);
    }

    /// The last run, or a new one.
    fn run(&mut self, new: bool) -> &mut KernelRun {
        if new || self.runs.is_empty() {
            self.runs.push(KernelRun::default());
        }
        let last = self.runs.len() - 1;
        &mut self.runs[last]
    }

    /// Adds the gaps. Returns whether a part of the log was filtered, where gaps can't be found.
    pub(super) fn gaps(&self, found: &mut Vec<LateFinding>) -> bool {
        let mut filtered = false;
        for run in &self.runs {
            if run.is_filtered() {
                filtered = true;
                continue;
            }
            let starts = run.ranges.iter().skip(1);
            for ((_, (end, _)), (start, (_, place))) in run.ranges.iter().zip(starts) {
                let missing = start - end - 1;
                let which = if missing == 1 {
                    format!("the event with serial number {} is missing", end + 1)
                } else {
                    format!("{missing} events are missing: {} to {}", end + 1, start - 1)
                };
                found.push((*place, Damage::Gap, which, None));
            }
        }
        filtered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(records: &[(i64, u64, LineKind)]) -> (usize, bool) {
        let mut serials = Serials::default();
        for (line, &(ms, serial, kind)) in records.iter().enumerate() {
            let line = line as u64 + 1;
            let stretch = Stretch::new(line, Stamp { ms, serial }, kind, true, None);
            serials.add(&stretch, (0, line));
        }
        let mut gaps = Vec::new();
        let filtered = serials.gaps(&mut gaps);
        (gaps.len(), filtered)
    }

    #[test]
    fn gaps_only_in_logs_that_were_not_filtered() {
        let virt = LineKind::Virt(viraudit::RecordType::VirtControl);
        let other = LineKind::Other;
        let run = |skip: &[u64], kind| -> Vec<_> {
            let numbers = (1000..1020).filter(|n| !skip.contains(n));
            numbers.map(|n| (n as i64, n, kind)).collect()
        };
        assert_eq!(gaps(&run(&[], other)), (0, false), "nothing is missing");
        assert_eq!(gaps(&run(&[1007], other)), (1, false), "one is");
        assert_eq!(gaps(&run(&[1007], virt)), (0, true), "only records of guests");
        let half: Vec<u64> = (1000..1020).step_by(2).collect();
        assert_eq!(gaps(&run(&half, other)), (0, true), "filtered");
        let later = (2000..2020).map(|n| (n as i64, n, other)).collect();
        assert_eq!(
            gaps(&[run(&[], other), later].concat()),
            (1, false),
            "a large gap is a removal"
        );
        let mut mixed = run(&[], other);
        mixed.swap(3, 5);
        mixed.swap(8, 9);
        assert_eq!(gaps(&mixed), (0, false), "out of order");
        let restarted =
            [run(&[], other), vec![(2000, 7, LineKind::Daemon(true)), (2001, 5000, other)]];
        assert_eq!(gaps(&restarted.concat()), (0, false), "auditd was restarted");
        let rebooted = [run(&[], other), vec![(3000, 1, LineKind::Boot), (3001, 2, other)]];
        assert_eq!(gaps(&rebooted.concat()), (0, false), "the host was rebooted");
    }
}
