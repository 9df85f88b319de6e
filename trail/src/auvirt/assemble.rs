//! Lines to events: which records belong together, and in which order events are delivered.
//!
//! Events that may go on are kept in numbered slots. Of all that are kept, only the lowest is ever
//! delivered, and only once nothing can follow in it; so an unfinished event holds back those after
//! it. Heaps find it, so that many unfinished events don't make each line slower.

use super::event::Event;
use super::kinds;
use super::record::{self, Record};
use super::stamp::{self, Stamp};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Which types of events are wanted; of the others only the order is kept.
pub(super) type Wanted = fn(i32) -> bool;

/// An event that isn't delivered yet.
#[derive(Default)]
struct Pending {
    key: Key,
    kind: i32,
    /// Its lines, if it is wanted.
    lines: Vec<Vec<u8>>,
    wanted: bool,
    open: bool,
}

type Key = (Stamp, Option<Vec<u8>>);

/// Lines to events.
pub(super) struct Assembler {
    wanted: Wanted,
    /// An event is given this many seconds to go on.
    timeout: i64,
    slots: Vec<Pending>,
    free: BinaryHeap<Reverse<usize>>,
    open: HashMap<Key, usize>,
    /// All that are kept, lowest first.
    order: BinaryHeap<Reverse<(Stamp, usize)>>,
    /// Those that were open when they were kept, oldest first.
    ages: BinaryHeap<Reverse<(i64, usize, Stamp)>>,
}

impl Assembler {
    pub(super) fn new(timeout: i64, wanted: Wanted) -> Self {
        Self {
            wanted,
            timeout,
            slots: Vec::new(),
            free: BinaryHeap::new(),
            open: HashMap::new(),
            order: BinaryHeap::new(),
            ages: BinaryHeap::new(),
        }
    }

    /// Takes in a line, and delivers what is due.
    pub(super) fn line(&mut self, line: &[u8], deliver: &mut impl FnMut(Event<'_>)) {
        let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
        let Some((stamp, host)) = stamp::read(line) else { return };
        let kind = record::kind(line);
        if kind == kinds::AVC && Record::read(line).is_none() {
            return;
        }
        if self.order.is_empty() {
            // Nothing to wait for: the usual case, in which nothing has to be copied.
            if kind == kinds::EOE {
                return;
            }
            if kinds::ends_event(kind) {
                if (self.wanted)(kind) {
                    let records = Record::read(line).into_iter().collect();
                    deliver(Event::new(stamp, kind, records));
                }
                return;
            }
        }
        let key = (stamp, host.map(<[u8]>::to_vec));
        if kind == kinds::EOE && !self.open.contains_key(&key) {
            // The end of nothing isn't even a sign of time.
            return;
        }
        self.close_older(stamp.seconds);
        if self.keep(key, kind, line) {
            self.deliver_complete(deliver);
        }
    }

    /// Delivers all that is left.
    pub(super) fn finish(&mut self, deliver: &mut impl FnMut(Event<'_>)) {
        for slot in &mut self.slots {
            slot.open = false;
        }
        self.open.clear();
        self.deliver_complete(deliver);
    }

    /// Keeps a record with its event; whether that is a new one.
    fn keep(&mut self, key: Key, kind: i32, line: &[u8]) -> bool {
        if let Some(&slot) = self.open.get(&key) {
            let event = &mut self.slots[slot];
            if event.wanted {
                event.lines.push(line.to_vec());
            }
            if kinds::ends_event(kind) {
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
        let open = !kinds::ends_event(kind);
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

    /// Closes the events that were given enough time when a record of `now` arrives.
    fn close_older(&mut self, now: i64) {
        while let Some(&Reverse((seconds, slot, stamp))) = self.ages.peek() {
            if seconds.saturating_add(self.timeout) > now {
                break;
            }
            self.ages.pop();
            let event = &mut self.slots[slot];
            // The slot may have been given to another event meanwhile.
            if event.open && event.key.0 == stamp {
                event.open = false;
                self.open.remove(&event.key);
            }
        }
    }

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

    /// The serial numbers in the order in which they are delivered.
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
    fn what_is_unfinished_holds_back_what_follows() {
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
    fn the_end_of_nothing_is_no_event() {
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
