//! Lines to events: which records belong together, and the order in which events are delivered.
//!
//! Pending events are kept in numbered slots. Only the one with the lowest stamp is ever delivered,
//! and only once it is complete: an incomplete event holds back those after it. Heaps find the
//! lowest one, so that many incomplete events don't make each line slower.

use crate::event::Event;
use crate::record::{self, Record};
use crate::record_type;
use crate::stamp::{self, Stamp};
use foldhash::HashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Whether events of a type are delivered. The others only hold back those after them.
pub(crate) type Wanted = fn(i32) -> bool;

/// An event that hasn't been delivered.
#[derive(Default)]
struct Pending {
    key: Key,
    kind: i32,
    /// Its lines, if it is to be delivered.
    lines: Vec<Vec<u8>>,
    wanted: bool,
    /// Whether further records may follow.
    open: bool,
}

type Key = (Stamp, Option<Vec<u8>>);

/// The pending events of a log.
pub(crate) struct Assembler {
    wanted: Wanted,
    /// Seconds after which an event is complete.
    timeout: i64,
    slots: Vec<Pending>,
    /// The slots that aren't in use: the lowest is used first.
    free: BinaryHeap<Reverse<usize>>,
    open: HashMap<Key, usize>,
    /// All pending events, lowest first.
    order: BinaryHeap<Reverse<(Stamp, usize)>>,
    /// The events that were open when they were added, oldest first.
    ages: BinaryHeap<Reverse<(i64, usize, Stamp)>>,
}

impl Assembler {
    pub(crate) fn new(timeout: i64, wanted: Wanted) -> Self {
        Self {
            wanted,
            timeout,
            slots: Vec::new(),
            free: BinaryHeap::new(),
            open: HashMap::default(),
            order: BinaryHeap::new(),
            ages: BinaryHeap::new(),
        }
    }

    /// Takes a line, and delivers the events that are complete.
    pub(crate) fn line(&mut self, line: &[u8], deliver: &mut impl FnMut(Event<'_>)) {
        let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
        let Some((stamp, host)) = stamp::read(line) else { return };
        let kind = record::kind(line);
        if kind == record_type::AVC && Record::read(line).is_none() {
            return;
        }
        if self.order.is_empty() {
            // The usual case: nothing holds back this event, and its line needn't be copied.
            if kind == record_type::EOE {
                return;
            }
            if record_type::ends_event(kind) {
                if (self.wanted)(kind) {
                    let records = Record::read(line).into_iter().collect();
                    deliver(Event::new(stamp, kind, records));
                }
                return;
            }
        }
        let key = (stamp, host.map(<[u8]>::to_vec));
        if kind == record_type::EOE && !self.open.contains_key(&key) {
            // auvirt ignores the end of an unknown event, also as a sign of time.
            return;
        }
        self.close_older(stamp.seconds);
        if self.add(key, kind, line) {
            self.deliver_complete(deliver);
        }
    }

    /// Delivers all pending events.
    pub(crate) fn finish(&mut self, deliver: &mut impl FnMut(Event<'_>)) {
        for slot in &mut self.slots {
            slot.open = false;
        }
        self.open.clear();
        self.deliver_complete(deliver);
    }

    /// Adds a record to its event; returns whether the event is new.
    fn add(&mut self, key: Key, kind: i32, line: &[u8]) -> bool {
        if let Some(&slot) = self.open.get(&key) {
            let event = &mut self.slots[slot];
            if event.wanted {
                event.lines.push(line.to_vec());
            }
            if record_type::ends_event(kind) {
                event.open = false;
                self.open.remove(&key);
            }
            return false;
        }
        let slot = self.free.pop().map_or(self.slots.len(), |Reverse(slot)| slot);
        if slot == self.slots.len() {
            self.slots.push(Pending::default());
        }
        let stamp = key.0;
        let open = !record_type::ends_event(kind);
        if open {
            self.open.insert(key.clone(), slot);
            self.ages.push(Reverse((stamp.seconds, slot, stamp)));
        }
        self.order.push(Reverse((stamp, slot)));
        let wanted = (self.wanted)(kind);
        let lines = if wanted { vec![line.to_vec()] } else { Vec::new() };
        self.slots[slot] = Pending { key, kind, lines, wanted, open };
        true
    }

    /// Closes the events whose time is over when a record of `now` arrives.
    fn close_older(&mut self, now: i64) {
        while let Some(&Reverse((seconds, slot, stamp))) = self.ages.peek() {
            if seconds.saturating_add(self.timeout) > now {
                break;
            }
            self.ages.pop();
            let event = &mut self.slots[slot];
            // By now the slot may be another event's.
            if event.open && event.key.0 == stamp {
                event.open = false;
                self.open.remove(&event.key);
            }
        }
    }

    /// Delivers complete events, up to the first that isn't.
    fn deliver_complete(&mut self, deliver: &mut impl FnMut(Event<'_>)) {
        while let Some(&Reverse((stamp, slot))) = self.order.peek() {
            if self.slots[slot].open {
                break;
            }
            self.order.pop();
            self.free.push(Reverse(slot));
            let event = std::mem::take(&mut self.slots[slot]);
            if event.wanted {
                let records = event.lines.iter().filter_map(|line| Record::read(line)).collect();
                deliver(Event::new(stamp, event.kind, records));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The serial numbers of events in the order of delivery.
    fn order(lines: &[(&str, &str)]) -> Vec<u64> {
        let mut serials = Vec::new();
        let mut assembler = Assembler::new(2, |_| true);
        for (kind, stamp) in lines {
            let line = format!("type={kind} msg=audit({stamp}): uid=0");
            assembler.line(line.as_bytes(), &mut |event| serials.push(event.stamp.serial));
        }
        assembler.finish(&mut |event| serials.push(event.stamp.serial));
        serials
    }

    #[test]
    fn incomplete_events_hold_back_later_ones() {
        let lines = [
            ("SYSCALL", "1710930000.100:3"),
            ("VIRT_CONTROL", "1710930000.300:5"),
            ("VIRT_CONTROL", "1710930000.200:4"),
            ("VIRT_CONTROL", "1710930002.000:6"),
            ("VIRT_CONTROL", "1710930000.000:2"),
        ];
        assert_eq!(order(&lines), [3, 4, 5, 6, 2]);
    }

    #[test]
    fn the_end_of_an_unknown_event_is_ignored() {
        let lines = [
            ("SYSCALL", "1710930000.100:3"),
            ("EOE", "1710990000.000:9"),
            ("VIRT_CONTROL", "1710930000.000:2"),
            ("EOE", "1710930000.100:3"),
            ("VIRT_CONTROL", "1710930000.050:1"),
        ];
        assert_eq!(order(&lines), [2, 1, 3]);
    }
}
