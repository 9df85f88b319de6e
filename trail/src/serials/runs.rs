//! Serial numbers: the kernel numbers events one by one, so a missing number is a missing event.
//!
//! This only holds within one run of the kernel, and if the log was not filtered. auditd may end and
//! start again in between: the kernel's numbers go on, and auditd's own records have numbers of their
//! own. A run is considered filtered if it has gaps and only records of the kinds that one filters for,
//! or if more than a quarter of its numbers is missing in many gaps. One large gap is a removal.

use super::stretch::{MAX_DROP, MAX_MS, Stretch};
use super::{Gap, Irregularity, Kind, Place};
use crate::line::{LineKind, Stamp};
use std::collections::BTreeMap;

/// A filtered log has a gap for at most this many events.
const EVENTS_PER_GAP: u64 = 16;

/// When a host starts, auditd starts at most this much earlier than the record of the boot, in
/// milliseconds.
const BOOT_MS: i64 = 600_000;

/// The most gaps of a run. With more, the run was filtered.
const MAX_RANGES: usize = 1 << 16;

/// How a run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Began {
    /// With the log, or with much lower numbers than before.
    #[default]
    Unseen,
    /// With a record of the boot.
    Boot,
    /// With the start of auditd at this time. The kernel may be the one of the run before.
    Daemon(i64),
}

/// Consecutive serial numbers.
#[derive(Clone, Copy, Debug)]
struct Range {
    end: u64,
    place: Place,
    /// The times of the first and the last event.
    times: (i64, i64),
}

/// The serial numbers of one run of the kernel and auditd.
#[derive(Debug, Default)]
struct KernelRun {
    began: Began,
    /// By the first number.
    ranges: BTreeMap<u64, Range>,
    last: Stamp,
    /// Whether there are other records than those that one filters for.
    mixed: bool,
    /// Whether the host went down.
    down: bool,
    /// Whether it has so many gaps that they are no longer kept.
    given_up: bool,
}

impl KernelRun {
    /// Adds the numbers from `start` to the end of the range.
    fn add(&mut self, mut start: u64, mut new: Range) {
        if self.given_up {
            return;
        }
        // Ranges that overlap or touch the new one are joined with it.
        while let Some((&from, &old)) = self.ranges.range(..=new.end + 1).next_back()
            && old.end + 1 >= start
        {
            self.ranges.remove(&from);
            if from < start {
                (start, new.place, new.times.0) = (from, old.place, old.times.0);
            }
            if old.end > new.end {
                (new.end, new.times.1) = (old.end, old.times.1);
            }
        }
        self.ranges.insert(start, new);
        if self.ranges.len() > MAX_RANGES {
            self.given_up = true;
            self.ranges.clear();
        }
    }

    /// The first and the last number.
    fn bounds(&self) -> Option<(u64, u64)> {
        let (start, _) = self.ranges.first_key_value()?;
        let (_, last) = self.ranges.last_key_value()?;
        Some((*start, last.end))
    }

    /// The number of serial numbers that are present, and that should be.
    fn count(&self) -> (u64, u64) {
        let present = self.ranges.iter().map(|(start, range)| range.end - start + 1).sum();
        (present, self.bounds().map_or(0, |(first, last)| last - first + 1))
    }

    fn is_filtered(&self) -> bool {
        let (present, expected) = self.count();
        let gaps = self.ranges.len().saturating_sub(1) as u64;
        let many = gaps * EVENTS_PER_GAP > present;
        self.given_up || gaps > 0 && (!self.mixed || many && expected - present > expected / 4)
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
        let Stretch { first, last, kind, mixed, down, .. } = *stretch;
        // auditd has its own numbers. While it isn't running, the log has gaps.
        if let LineKind::Daemon(starts) = kind {
            if starts {
                self.begin(Began::Daemon(first.ms));
            }
            return;
        }
        let before = self.run().last;
        // A blocked system call delivers its event late, but not by a year. A clock may be years off
        // after a boot.
        let later = first.ms >= before.ms || before.ms - first.ms > MAX_MS;
        if kind == LineKind::Boot {
            self.begin(Began::Boot);
        } else if first.serial + MAX_DROP < before.serial && later {
            self.begin(Began::Unseen);
        }
        let run = self.run();
        run.mixed |= mixed;
        run.down |= down;
        run.last = run.last.max(last);
        let times = (first.ms, last.ms);
        run.add(first.serial, Range { end: last.serial, place, times });
    }

    /// Adds the number of an event whose time is wrong.
    pub(super) fn add_outlier(&mut self, serial: u64, place: Place) {
        let ms = self.run().last.ms;
        self.run().add(serial, Range { end: serial, place, times: (ms, ms) });
    }

    /// The last run.
    fn run(&mut self) -> &mut KernelRun {
        if self.runs.is_empty() {
            self.runs.push(KernelRun::default());
        }
        let last = self.runs.len() - 1;
        &mut self.runs[last]
    }

    /// Begins a run, unless the last one has no numbers yet.
    fn begin(&mut self, began: Began) {
        if !self.run().ranges.is_empty() || self.run().given_up {
            self.runs.push(KernelRun::default());
        }
        self.run().began = began;
    }

    /// Whether the kernel or auditd was started again.
    pub(super) fn has_restarts(&self) -> bool {
        self.runs.len() > 1
    }

    /// Whether a silence at the end means something: the host has not gone down, and the log was not
    /// filtered.
    pub(super) fn may_be_silent(&self) -> bool {
        self.runs.last().is_some_and(|run| run.mixed && !run.down && !run.is_filtered())
    }

    /// Adds the gaps. Returns whether a part of the log was filtered, where gaps can't be found.
    pub(super) fn gaps(&self, host: &[u8], found: &mut Vec<Irregularity>) -> bool {
        let mut filtered = false;
        for (at, run) in self.runs.iter().enumerate() {
            let next = self.runs.get(at + 1);
            let before = self.before(at, next);
            if run.is_filtered() {
                filtered = true;
                continue;
            }
            if let Some(before) = before
                && let Some((_, end)) = before.ranges.last_key_value()
                && let Some((start, range)) = run.ranges.first_key_value()
                && *start > end.end + 1
            {
                let more = "; auditd was restarted";
                found.push(gap(host, end, (*start, range), more));
            }
            let starts = run.ranges.iter().skip(1);
            for ((_, end), (start, range)) in run.ranges.iter().zip(starts) {
                found.push(gap(host, end, (*start, range), ""));
            }
        }
        filtered
    }

    /// The run before, if it is of the same kernel and nothing was filtered.
    fn before(&self, at: usize, next: Option<&KernelRun>) -> Option<&KernelRun> {
        let Began::Daemon(start) = self.runs[at].began else { return None };
        let before = self.runs.get(at.checked_sub(1)?)?;
        // When a host starts, auditd runs before the boot is recorded.
        let boots = next.is_some_and(|next| {
            let boot = next.ranges.first_key_value().map(|(_, range)| range.times.0);
            let soon = boot.is_some_and(|boot| boot.abs_diff(start) <= BOOT_MS as u64);
            next.began == Began::Boot && soon
        });
        (!before.down && !boots && !before.is_filtered()).then_some(before)
    }
}

/// The gap between two ranges.
fn gap(host: &[u8], before: &Range, (start, after): (u64, &Range), more: &str) -> Irregularity {
    let (first, last) = (before.end + 1, start - 1);
    let message = match last - before.end {
        1 => format!("the event with serial number {first} is missing{more}"),
        missing => format!("{missing} events are missing: {first} to {last}{more}"),
    };
    let (from, until) = (before.times.1, after.times.0);
    let gap = Gap { host: host.to_vec(), from, until, after: Some(start), in_order: true };
    Irregularity { place: after.place, kind: Kind::Gap(gap), message, stamp: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(records: &[(i64, u64, LineKind)]) -> (usize, bool) {
        let mut serials = Serials::default();
        for (line, &(ms, serial, kind)) in records.iter().enumerate() {
            let line = line as u64 + 1;
            let stretch = Stretch::new(line, Stamp { ms, serial }, kind, true);
            serials.add(&stretch, (0, line));
        }
        let mut gaps = Vec::new();
        let filtered = serials.gaps(b"", &mut gaps);
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
        let rebooted = [run(&[], other), vec![(3000, 1, LineKind::Boot), (3001, 2, other)]];
        assert_eq!(gaps(&rebooted.concat()), (0, false), "the host was rebooted");
    }

    #[test]
    fn numbers_go_on_when_auditd_is_restarted() {
        let virt = LineKind::Virt(viraudit::RecordType::VirtControl);
        let (other, daemon) = (LineKind::Other, LineKind::Daemon);
        let run = |from: u64, skip: u64, kind| -> Vec<_> {
            let numbers = (from..from + 20).filter(|&n| n != skip);
            numbers.map(|n| (n as i64, n, kind)).collect()
        };
        let restarted = |kind, skip, more: &[(i64, u64, LineKind)], next| {
            let daemons = vec![(1100, 7, daemon(false)), (1200, 8, daemon(true))];
            gaps(&[run(1000, skip, kind), more.to_vec(), daemons, next].concat())
        };
        let none = &[][..];
        assert_eq!(
            restarted(other, 0, none, run(1020, 0, other)),
            (0, false),
            "nothing is missing"
        );
        assert_eq!(restarted(other, 0, none, run(1024, 0, other)), (1, false), "four events are");
        assert_eq!(restarted(virt, 0, none, run(1024, 0, virt)), (1, false), "of a quiet host");
        assert_eq!(restarted(virt, 1007, none, run(1024, 0, virt)), (0, true), "filtered");
        assert_eq!(
            restarted(other, 0, none, run(1, 0, other)),
            (0, false),
            "a boot: lower numbers"
        );
        let boot = [run(1050, 0, other), vec![(1300, 1070, LineKind::Boot)]].concat();
        assert_eq!(
            restarted(other, 0, none, boot),
            (0, false),
            "a boot, which its record shows later"
        );
        let late = [run(1050, 0, other), vec![(9_000_000, 1, LineKind::Boot)]].concat();
        assert_eq!(restarted(other, 0, none, late), (1, false), "a boot long after");
        let down = [(1050, 1020, LineKind::Shutdown)];
        assert_eq!(restarted(other, 0, &down, run(1050, 0, other)), (0, false), "a shutdown");
        let twice = [run(1000, 0, other), vec![(1100, 7, daemon(true)), (1200, 8, daemon(true))]];
        assert_eq!(gaps(&[twice.concat(), run(1024, 0, other)].concat()), (1, false), "twice");
    }
}
