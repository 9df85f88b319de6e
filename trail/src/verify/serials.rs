//! Serial numbers: the kernel counts events up by one, so a missing number is a missing event.
//!
//! That only holds within one run of the kernel and of auditd, and in a log that nobody has
//! filtered. A stretch of which more than a quarter is missing, or that holds nothing but records
//! about guests, has been.

use crate::line::{Kind, Stamp};
use std::collections::{BTreeMap, HashMap};

/// A source and a line in it.
type Place = (usize, u64);

/// Lower numbers than this many before are another run's.
const BACK: u64 = 1000;

/// Numbers in a row: the first, the last, and where the first stands.
type Rows = BTreeMap<u64, (u64, Place)>;

#[derive(Debug, Default)]
struct KernelRun {
    rows: Rows,
    last: Stamp,
    /// Something besides records about guests.
    mixed: bool,
}

impl KernelRun {
    fn add(&mut self, serial: u64, place: Place) {
        let before = self.rows.range_mut(..=serial).next_back();
        let start = match before {
            Some((_, (end, _))) if *end >= serial => return,
            Some((&start, (end, _))) if *end + 1 == serial => {
                *end = serial;
                start
            }
            _ => {
                self.rows.insert(serial, (serial, place));
                serial
            }
        };
        if let Some((end, _)) = self.rows.remove(&(serial + 1))
            && let Some(row) = self.rows.get_mut(&start)
        {
            row.0 = end;
        }
    }

    /// How many there are, and how many there should be.
    fn count(&self) -> (u64, u64) {
        let there = self.rows.iter().map(|(start, (end, _))| end - start + 1).sum();
        let first = self.rows.first_key_value().map_or(0, |(start, _)| *start);
        let last = self.rows.last_key_value().map_or(0, |(_, (end, _))| *end + 1);
        (there, last - first)
    }
}

/// The serial numbers of all hosts.
#[derive(Debug, Default)]
pub(super) struct Serials {
    hosts: HashMap<Vec<u8>, Vec<KernelRun>>,
}

impl Serials {
    /// A record.
    pub(super) fn add(&mut self, host: &[u8], stamp: Stamp, kind: Kind, place: Place) {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_vec(), vec![KernelRun::default()]);
        }
        let Some(runs) = self.hosts.get_mut(host) else { return };
        // auditd numbers its own records by itself; while it doesn't run, nothing is written.
        if let Kind::Daemon(starts) = kind {
            if starts {
                runs.push(KernelRun::default());
            }
            if let Some(run) = runs.last_mut() {
                run.mixed = true;
            }
            return;
        }
        let last = runs.last().map_or(Stamp::default(), |run| run.last);
        let again = stamp.serial + BACK < last.serial && stamp.ms >= last.ms;
        if again || kind == Kind::Boot {
            runs.push(KernelRun::default());
        }
        let Some(run) = runs.last_mut() else { return };
        run.mixed |= !matches!(kind, Kind::Virt(_) | Kind::UnknownVirt);
        run.last = run.last.max(stamp);
        run.add(stamp.serial, place);
    }

    /// What is missing, where that can be known, and whether there is a stretch where it can't.
    pub(super) fn gaps(&self) -> (Vec<(Place, String)>, bool) {
        let mut gaps = Vec::new();
        let mut filtered = false;
        for run in self.hosts.values().flatten() {
            let (there, range) = run.count();
            if there == range {
                continue;
            }
            if !run.mixed || (range - there) > range / 4 {
                filtered = true;
                continue;
            }
            let starts = run.rows.iter().skip(1);
            for ((_, (end, _)), (start, (_, place))) in run.rows.iter().zip(starts) {
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

    fn gaps(records: &[(i64, u64, Kind)]) -> (usize, bool) {
        let mut serials = Serials::default();
        for (line, &(ms, serial, kind)) in records.iter().enumerate() {
            serials.add(b"", Stamp { ms, serial }, kind, (0, line as u64 + 1));
        }
        let (gaps, filtered) = serials.gaps();
        (gaps.len(), filtered)
    }

    #[test]
    fn gaps_only_where_they_can_be_known() {
        let virt = Kind::Virt(viraudit::RecordType::VirtControl);
        let other = Kind::Other;
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
        let restarted = [run(&[], other), vec![(2000, 7, Kind::Daemon(true)), (2001, 5000, other)]];
        assert_eq!(gaps(&restarted.concat()), (0, false), "auditd was restarted");
        let again = [run(&[], other), vec![(3000, 1, Kind::Boot), (3001, 2, other)]];
        assert_eq!(gaps(&again.concat()), (0, false), "the host was");
    }
}
