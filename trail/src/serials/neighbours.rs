//! The order of events: a time or a serial number that fits neither neighbour, and reversed lines.
//!
//! Small disorder is normal: the kernel's queues and a system call that blocks for a long time
//! deliver events late. So a finding needs both neighbours, or a long reversed run.

use super::runs::Serials;
use super::stretch::{MAX_DROP, MAX_MS, Stretch, breaks};
use super::{Gap, Irregularity, Kind, Place};
use crate::line::{LineKind, Stamp};
use crate::time::utc;
use std::collections::HashMap;

/// The length from which reversed events can't be normal disorder.
const MIN_REVERSED: u64 = 8;

/// A shorter silence of a host is normal, in milliseconds.
const MIN_SILENCE: i64 = 3_600_000;

/// The number of events after which it is known how often a host writes.
const MIN_EVENTS: u64 = 10;

/// The events of all hosts.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    hosts: HashMap<Vec<u8>, Host>,
}

impl Hosts {
    pub(crate) fn add(&mut self, host: &[u8], stretch: &Stretch, place: Place) {
        if !self.hosts.contains_key(host) {
            self.hosts.insert(host.to_vec(), Host::default());
        }
        if let Some(host) = self.hosts.get_mut(host) {
            host.add(stretch.clone(), place);
        }
    }

    /// The first and the last moment of each host, of whatever type its records are.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (&[u8], (i64, i64))> {
        self.hosts.iter().filter_map(|(name, host)| {
            let pending = host.pending.as_ref().map(|(stretch, _)| stretch.span());
            let spans = [host.span, pending].into_iter().flatten();
            Some((&**name, spans.reduce(union)?))
        })
    }

    /// Adds everything irregular to `found`. Returns whether a part of the log was filtered.
    pub(crate) fn finish(mut self, found: &mut Vec<Irregularity>) -> bool {
        let mut filtered = false;
        for host in self.hosts.values_mut() {
            if let Some((stretch, place)) = host.pending.take() {
                host.accept(&stretch, place);
            }
            host.reversed.end(&mut host.found);
        }
        let newest = self.hosts.values().map(|host| host.last).max().unwrap_or_default();
        for (name, mut host) in self.hosts {
            let first = found.len();
            filtered |= host.serials.gaps(&name, found);
            if host.is_backwards && host.serials.has_restarts() {
                for irregularity in &mut found[first..] {
                    if let Kind::Gap(gap) = &mut irregularity.kind {
                        gap.in_order = false;
                    }
                }
            }
            found.append(&mut host.found);
            found.extend(host.silence(&name, newest));
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
    /// The last number that the kernel gave.
    number: u64,
    /// The last stretch, whose other neighbour isn't known yet.
    pending: Option<(Stretch, Place)>,
    /// The first and the last time of all events.
    span: Option<(i64, i64)>,
    /// The last event's time, and its place.
    last: i64,
    last_place: Place,
    /// The longest time between two events.
    pause: i64,
    events: u64,
    /// Whether a log is older than the one read before.
    is_backwards: bool,
    found: Vec<Irregularity>,
}

impl Host {
    fn add(&mut self, next: Stretch, place: Place) {
        // The end of a block, or another host's record, splits an event or a stretch.
        if let Some((pending, at)) = &mut self.pending
            && at.0 == place.0
            && pending.continues_with(next.first, next.kind, next.native)
        {
            pending.join(&next);
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
            self.finds(at, Kind::Time, message, event);
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
        self.finds(at, Kind::Serial, message, event);
        true
    }

    fn finds(&mut self, place: Place, kind: Kind, message: String, event: Stamp) {
        self.found.push(Irregularity { place, kind, message, stamp: Some(event) });
    }

    /// The silence of a host that stopped writing while others went on until `newest`.
    fn silence(&self, name: &[u8], newest: i64) -> Option<Irregularity> {
        let silence = newest - self.last;
        let usual = MIN_SILENCE.max(2 * self.pause);
        if silence <= usual || self.events < MIN_EVENTS || !self.serials.may_be_silent() {
            return None;
        }
        let message = format!(
            "host {} has no records after {}, while others have until {}",
            name.escape_ascii(),
            utc(self.last),
            utc(newest)
        );
        let (host, from) = (name.to_vec(), self.last);
        let gap = Gap { host, from, until: newest, after: None, in_order: true };
        Some(Irregularity { place: self.last_place, kind: Kind::Gap(gap), message, stamp: None })
    }

    fn accept(&mut self, stretch: &Stretch, place: Place) {
        let is_next_source = self.events > 0 && place.0 != self.last_place.0;
        // A clock may be set back between two logs, but then the numbers go on.
        let step = stretch.first.serial.checked_sub(self.number);
        let goes_on = step.is_some_and(|step| (1..=MAX_DROP).contains(&step));
        self.is_backwards |= is_next_source && stretch.first.ms < self.last && !goes_on;
        if !matches!(stretch.kind, LineKind::Daemon(_)) {
            self.number = stretch.last.serial;
        }
        if self.events > 0 {
            self.pause = self.pause.max(stretch.first.ms - self.last);
        }
        self.pause = self.pause.max(stretch.pause);
        self.events += stretch.events;
        self.span = Some(self.span.map_or(stretch.span(), |span| union(span, stretch.span())));
        (self.last, self.last_place) = (self.last.max(stretch.last.ms), place);
        self.before = (!breaks(stretch.kind)).then_some(stretch.last);
        self.serials.add(stretch, place);
        if !matches!(stretch.kind, LineKind::Daemon(_)) {
            self.reversed.add(stretch, place, &mut self.found);
        }
    }
}

/// The span from the earlier beginning to the later end.
fn union(one: (i64, i64), other: (i64, i64)) -> (i64, i64) {
    (one.0.min(other.0), one.1.max(other.1))
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
    fn add(&mut self, stretch: &Stretch, place: Place, found: &mut Vec<Irregularity>) {
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
    fn end(&mut self, found: &mut Vec<Irregularity>) {
        let Some((place, first, last)) = self.run.take() else { return };
        let whole = self.from_start && self.events >= 3;
        if (self.events >= MIN_REVERSED || whole) && last.ms < first.ms {
            let message = format!("{} events are in reverse order", self.events);
            found.push(Irregularity { place, kind: Kind::Order, message, stamp: Some(first) });
        }
    }
}
