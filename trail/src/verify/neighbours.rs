//! The order of events: a time or a serial number that fits neither neighbour, and reversed lines.
//!
//! Small disorder is normal: the kernel's queues and a system call that blocks for a long time
//! deliver events late. So a finding needs both neighbours, or a long reversed run.

use super::serials::Serials;
use super::stretch::{MAX_DROP, MAX_MS, Stretch, breaks};
use super::{Damage, LateFinding, Place};
use crate::line::{LineKind, Stamp};
use std::collections::HashMap;

/// The length from which reversed events can't be normal disorder.
const MIN_REVERSED: u64 = 8;

/// The events of all hosts.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    hosts: HashMap<Vec<u8>, Host>,
}

impl Hosts {
    pub(super) fn add(&mut self, host: &[u8], stretch: &Stretch, place: Place) {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_vec(), Host::default());
        }
        if let Some(host) = self.hosts.get_mut(host) {
            host.add(stretch.clone(), place);
        }
    }

    /// Adds all findings to `found`. Returns whether a part of the log was filtered.
    pub(super) fn finish(self, found: &mut Vec<LateFinding>) -> bool {
        let mut filtered = false;
        for mut host in self.hosts.into_values() {
            if let Some((stretch, place)) = host.pending.take() {
                host.accept(&stretch, place);
            }
            host.reversed.end(&mut host.found);
            found.append(&mut host.found);
            filtered |= host.serials.gaps(found);
        }
        filtered
    }
}

/// The events of one host.
#[derive(Debug, Default)]
struct Host {
    serials: Serials,
    reversed: Reversed,
    /// The last stamp before the pending stretch, if its number is related.
    before: Option<Stamp>,
    /// The last stretch, whose other neighbour isn't known yet.
    pending: Option<(Stretch, Place)>,
    found: Vec<LateFinding>,
}

impl Host {
    fn add(&mut self, next: Stretch, place: Place) {
        // The end of a block, or another host's record, splits an event or a stretch.
        if let Some((pending, at)) = &mut self.pending
            && at.0 == place.0
            && pending.extend(next.first, next.kind, next.native)
        {
            pending.last = next.last;
            pending.mixed |= next.mixed;
            return;
        }
        if let Some((stretch, at)) = self.pending.take()
            && !self.is_outlier(&stretch, at, next.first, breaks(next.kind))
        {
            self.accept(&stretch, at);
        }
        self.pending = Some((next, place));
    }

    /// Whether an event fits neither neighbour. If so, the finding is added.
    fn is_outlier(&mut self, stretch: &Stretch, at: Place, next: Stamp, unrelated: bool) -> bool {
        let event = stretch.first;
        let Some(before) = self.before else { return false };
        let near = next.serial > before.serial && next.serial - before.serial <= MAX_DROP;
        if event != stretch.last || breaks(stretch.kind) || unrelated || !near {
            return false;
        }
        let in_order = (before.serial + 1..next.serial).contains(&event.serial);
        let far = |ms: i64| ms.abs_diff(event.ms) > MAX_MS as u64;
        if in_order {
            if !far(before.ms) || !far(next.ms) || before.ms.abs_diff(next.ms) > MAX_MS as u64 {
                return false;
            }
            let message = "the time is years from the times before and after it".into();
            self.found.push((at, Damage::Time, message, Some(event)));
            // The number is present, and the wrong time must not count as a restart.
            self.serials.add_outlier(event.serial, at);
            return true;
        }
        let distance = before.serial.abs_diff(event.serial).min(next.serial.abs_diff(event.serial));
        // An event that a blocked system call delivers late has an old time.
        if distance <= MAX_DROP || !(before.ms..=next.ms).contains(&event.ms) {
            return false;
        }
        let message = format!(
            "the serial number {} is between {} and {}",
            event.serial, before.serial, next.serial
        );
        self.found.push((at, Damage::Serial, message, Some(event)));
        true
    }

    fn accept(&mut self, stretch: &Stretch, place: Place) {
        self.before = (!breaks(stretch.kind)).then_some(stretch.last);
        self.serials.add(stretch, place);
        if !matches!(stretch.kind, LineKind::Daemon(_)) {
            self.reversed.add(stretch, place, &mut self.found);
        }
    }
}

/// Events whose serial numbers and times both go down.
#[derive(Debug, Default)]
struct Reversed {
    /// The place and the stamp of the first of them, and the stamp of the last one.
    run: Option<(Place, Stamp, Stamp)>,
    events: u64,
    /// Whether the run began with the first event of its source.
    from_start: bool,
}

impl Reversed {
    fn add(&mut self, stretch: &Stretch, place: Place, found: &mut Vec<LateFinding>) {
        let single = stretch.first.serial == stretch.last.serial && stretch.native;
        match &mut self.run {
            Some((first, _, last)) if first.0 == place.0 => {
                let down = stretch.first.serial < last.serial && stretch.first.ms <= last.ms;
                if single && down {
                    *last = stretch.last;
                    self.events += 1;
                    return;
                }
                // The rest of the source is in another order.
                self.from_start = false;
                self.end(found);
            }
            _ => {
                self.end(found);
                self.from_start = true;
            }
        }
        self.from_start &= single;
        self.events = 1;
        self.run = Some((place, stretch.first, stretch.last));
    }

    /// Ends the run, which is a finding if it is long or a whole source.
    fn end(&mut self, found: &mut Vec<LateFinding>) {
        let Some((place, first, last)) = self.run.take() else { return };
        let whole = self.from_start && self.events >= 3;
        if (self.events >= MIN_REVERSED || whole) && last.ms < first.ms {
            let message = format!("{} events are in reverse order", self.events);
            found.push((place, Damage::Order, message, Some(first)));
        }
    }
}
