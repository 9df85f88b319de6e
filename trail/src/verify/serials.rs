//! Serial numbers: the kernel numbers events one by one, so a missing number is a missing event.
//!
//! This only holds within one run of the kernel and auditd, and if the log was not filtered. A run is
//! considered filtered if more than a quarter of its numbers is missing, or if it has only records
//! about guests.

use crate::line::{LineKind, Stamp};
use std::collections::{BTreeMap, HashMap};

/// The index of a source, and a line in it.
type Place = (usize, u64);

/// The tolerance for records out of order. A larger drop of the number starts a new run.
const MAX_DROP: u64 = 1000;

/// Ranges of consecutive numbers: by the first, the last and the place of the first.
type Ranges = BTreeMap<u64, (u64, Place)>;

/// The serial numbers of one run of the kernel and auditd.
#[derive(Debug, Default)]
struct KernelRun {
    ranges: Ranges,
    last: Stamp,
    /// Whether there are other records than those about guests.
    mixed: bool,
}

impl KernelRun {
    fn add(&mut self, serial: u64, place: Place) {
        let before = self.ranges.range_mut(..=serial).next_back();
        let start = match before {
            Some((_, (end, _))) if *end >= serial => return,
            Some((&start, (end, _))) if *end + 1 == serial => {
                *end = serial;
                start
            }
            _ => {
                self.ranges.insert(serial, (serial, place));
                serial
            }
        };
        if let Some((end, _)) = self.ranges.remove(&(serial + 1))
            && let Some(range) = self.ranges.get_mut(&start)
        {
            range.0 = end;
        }
    }

    /// The number of serial numbers that are present, and that should be.
    fn count(&self) -> (u64, u64) {
        let present = self.ranges.iter().map(|(start, (end, _))| end - start + 1).sum();
        let first = self.ranges.first_key_value().map_or(0, |(start, _)| *start);
        let last = self.ranges.last_key_value().map_or(0, |(_, (end, _))| *end + 1);
        (present, last - first)
    }
}

/// The serial numbers of all hosts.
#[derive(Debug, Default)]
pub(super) struct Serials {
    hosts: HashMap<Vec<u8>, Vec<KernelRun>>,
}

impl Serials {
    /// Adds a record.
    pub(super) fn add(&mut self, host: &[u8], stamp: Stamp, kind: LineKind, place: Place) {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_vec(), vec![KernelRun::default()]);
        }
        let Some(runs) = self.hosts.get_mut(host) else { return };
        // auditd has its own numbers. While it isn't running, the log has gaps.
        if let LineKind::Daemon(starts) = kind {
            if starts {
                runs.push(KernelRun::default());
            }
            if let Some(run) = runs.last_mut() {
                run.mixed = true;
            }
            return;
        }
        let last = runs.last().map_or(Stamp::default(), |run| run.last);
        let restarted = stamp.serial + MAX_DROP < last.serial && stamp.ms >= last.ms;
        if restarted || kind == LineKind::Boot {
            runs.push(KernelRun::default());
        }
        let Some(run) = runs.last_mut() else { return };
        run.mixed |= !matches!(kind, LineKind::Virt(_) | LineKind::UnknownVirt);
        run.last = run.last.max(stamp);
        run.add(stamp.serial, place);
    }

    /// The gaps, and whether a part of the log was filtered, where gaps can't be found.
    pub(super) fn gaps(&self) -> (Vec<(Place, String)>, bool) {
        let mut gaps = Vec::new();
        let mut filtered = false;
        for run in self.hosts.values().flatten() {
            let (present, expected) = run.count();
            if present == expected {
                continue;
            }
            if !run.mixed || (expected - present) > expected / 4 {
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
                gaps.push((*place, which));
            }
        }
        gaps.sort();
        (gaps, filtered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(records: &[(i64, u64, LineKind)]) -> (usize, bool) {
        let mut serials = Serials::default();
        for (line, &(ms, serial, kind)) in records.iter().enumerate() {
            serials.add(b"", Stamp { ms, serial }, kind, (0, line as u64 + 1));
        }
        let (gaps, filtered) = serials.gaps();
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
