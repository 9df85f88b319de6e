//! What a trail says about guests, in little memory: one small entry for each event, texts side by
//! side in one buffer, and each repeated text once.

mod event;
mod intern;
mod users;

use event::{Detail, order};
pub(crate) use event::{Event, EventKind};
pub use intern::Interner;
pub(crate) use users::{SenderCache, User, Users};

use super::LineCounts;
use super::{
    AuxRecord, Found, FoundRecord, RecordContent, Scanner, Sender, Span, VirtSpans, Wants,
};
use crate::input::Sources;
use crate::input::blocks::{self, Block, ReadError};
use crate::line::fields::{find, number};
use crate::line::{Aux, Op, Stamp};
use crate::time::Clock;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit::Uuid;

/// No guest: the event is about a host, or isn't matched yet.
pub(crate) const NOBODY: u32 = u32::MAX;

/// A guest on a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guest {
    pub(crate) uuid: Uuid,
    pub(crate) host: u32,
    pub(crate) virt: u32,
    pub(crate) name: u32,
}

/// How far a host's log has come, to tell a clock that was set back from lines out of order.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    source: usize,
    last: Stamp,
}

/// A clock that was set back leaves the serial numbers rising; lines out of order don't. A rise
/// beyond this is another boot's.
const NEAR: u64 = 10_000;

/// There is room for more guests, but not before they come.
const GUESTS_EXPECTED: u64 = 1 << 20;

/// All that is known.
#[derive(Debug, Default)]
pub struct Store {
    pub(crate) wants: Wants,
    pub(crate) guests: Vec<Guest>,
    pub(crate) events: Vec<Event>,
    pub(crate) words: Interner,
    pub(crate) users: Users,
    /// Guests that had another name before or later, with it.
    pub(crate) renamed: HashSet<(u32, u32)>,
    details: Vec<Detail>,
    texts: Vec<u8>,
    /// Guests by host and UUID. Only their numbers: a table of a million is looked into at random.
    by_uuid: HashTable<u32>,
    hasher: RandomState,
    progress: HashMap<u32, Progress>,
    /// No event needs to be moved, and none was read twice.
    pub(crate) in_order: bool,
    /// The progress of the host whose lines are being read.
    current: (u32, Progress),
    last_guest: u32,
    /// What became of the lines.
    pub line_counts: LineCounts,
    /// Logs that could not be read to their end.
    pub errors: Vec<ReadError>,
    /// This host's own user names apply.
    pub local: bool,
}

impl Store {
    /// An empty one.
    pub fn new(wants: Wants) -> Self {
        Self { wants, in_order: true, ..Self::default() }
    }

    /// Reads all sources. `look` sees what is known after each block.
    pub(crate) fn read(
        sources: &Sources,
        wants: Wants,
        clock: &Clock,
        progress: &Arc<AtomicU64>,
        mut look: impl FnMut(&Self) + Send,
    ) -> Self {
        let scanner = Scanner::new(wants, clock.clone());
        let mut store = Self { local: sources.local, ..Self::new(wants) };
        // A guest's session is some KiB of log; room for less would have to grow again and again.
        let guests = sources.size().unwrap_or(0) / 4096;
        store.by_uuid = HashTable::with_capacity(guests.min(GUESTS_EXPECTED) as usize);
        store.errors = blocks::run(
            &sources.list,
            progress,
            |text, found| scanner.scan(text, found),
            |before, block, after| {
                store.absorb(before, block, after);
                look(&store);
            },
        );
        store.order();
        store
    }

    /// Reads one text, on this thread: what reading makes of a log that is one block.
    pub fn of_text(text: &[u8], wants: Wants, clock: &Clock) -> Self {
        let mut found = Found::default();
        Scanner::new(wants, clock.clone()).scan(text, &mut found);
        let mut store = Self { line_counts: found.line_counts, ..Self::new(wants) };
        let mut senders = SenderCache::default();
        for fact in &found.facts {
            store.add(0, fact, &found, &mut senders, |stamp, node, take| {
                told_more(&found, stamp, node, take);
            });
        }
        store.order();
        store
    }

    /// Takes in what was found in a block. Records that tell more about an event may stand in
    /// the blocks around it.
    fn absorb(
        &mut self,
        before: Option<&Block<Found>>,
        block: &Block<Found>,
        after: Option<&Block<Found>>,
    ) {
        self.line_counts += block.found.line_counts;
        let around = [before, Some(block), after];
        let mut senders = SenderCache::default();
        for fact in &block.found.facts {
            self.add(block.source, fact, &block.found, &mut senders, |stamp, node, take| {
                for block in around.into_iter().flatten() {
                    told_more(&block.found, stamp, node, take);
                }
            });
        }
    }

    /// Takes in one fact of those that were found. `more` finds what else is told about an event.
    pub(crate) fn add(
        &mut self,
        source: usize,
        fact: &FoundRecord,
        found: &Found,
        senders: &mut SenderCache,
        more: impl Fn(Stamp, Option<&[u8]>, &mut Take<'_>),
    ) {
        let part = |span: Span| found.text(span);
        let (host, who) = senders.of(fact.sender, || {
            let Sender { node, uid, auid, names } = found.sender_of(fact);
            let host = node.map_or(0, |node| self.words.id(part(node)));
            (host, self.users.id(uid, auid, part(names)))
        });
        let key = self.key(source, host, fact.stamp);
        let event = Event::new(key, fact.stamp, host, who);
        let event = match fact.what {
            RecordContent::Virt(virt) => self.virt(event, &virt, part),
            RecordContent::Down => event,
            RecordContent::Boot => Event { kind: EventKind::Boot, ..event },
            RecordContent::Avc(body, names) | RecordContent::Anomaly(_, _, body, names) => {
                let (kind, what) = match fact.what {
                    RecordContent::Anomaly(number, name, ..) => {
                        (EventKind::Anomaly(number), self.words.id(part(name)))
                    }
                    _ => (EventKind::Avc, 0),
                };
                let event = Event { kind, ..event };
                self.observed(event, what, part(body), part(names), |take| {
                    if fact.stamp.serial > 0 {
                        more(fact.stamp, found.sender_of(fact).node.map(part), take);
                    }
                })
            }
        };
        self.in_order &= self.events.last().is_none_or(|last| order(last) < order(&event));
        self.events.push(event);
    }

    /// The event of a VIRT_* record. Events are handed on by value, so that they can stay in
    /// registers until they are put to the others: what is written to memory field by field, and
    /// copied from there as a whole, is waited for.
    #[inline(always)]
    fn virt<'b>(
        &mut self,
        event: Event,
        virt: &VirtSpans,
        part: impl Fn(Span) -> &'b [u8] + Copy,
    ) -> Event {
        let (guest, name) = self.guest(event.host, virt, part);
        let event = Event { guest, name, success: virt.success, ..event }.with_pid(virt.pid);
        if !virt.shown {
            return Event { kind: EventKind::Seen, ..event };
        }
        let reason = self.words.id(part(virt.reason));
        let event = Event { kind: EventKind::Virt(virt.op), reason, ..event };
        // What a start or a stop says is all in the entry itself.
        if matches!(virt.op, Op::Start | Op::Stop) {
            return event;
        }
        let what = self.words.id(part(virt.what));
        let at = self.texts.len();
        self.texts.extend_from_slice(part(virt.tail));
        Event { detail: self.put_detail(what, at), ..event }
    }

    /// An event that a security module or the kernel saw. Its text is that of its records, each
    /// further one behind a byte 0x1E and its kind's letter.
    fn observed(
        &mut self,
        event: Event,
        what: u32,
        body: &[u8],
        names: &[u8],
        more: impl Fn(&mut Take<'_>),
    ) -> Event {
        let at = self.texts.len();
        self.texts.extend_from_slice(body);
        let texts = &mut self.texts;
        let mut told = (body, names);
        let mut by = (Vec::new(), Vec::new());
        more(&mut |aux, body, names| {
            let letter = match aux.kind {
                Aux::Syscall => b'S',
                Aux::Cwd => b'C',
                Aux::Path => b'P',
            };
            texts.extend_from_slice(&[0x1E, letter]);
            texts.extend_from_slice(body);
            if aux.kind == Aux::Syscall {
                by = (body.to_vec(), names.to_vec());
            }
        });
        if !by.0.is_empty() {
            told = (&by.0, &by.1);
        }
        let id = |key: &[u8]| find(told.0, key).and_then(number::<u32>);
        let auid = id(b"auid").filter(|&auid| auid != u32::MAX);
        let who = self.users.id(id(b"uid"), auid, told.1);
        Event { who, detail: self.put_detail(what, at), ..event }
    }

    /// Keeps what the texts hold from `at` on as an event's.
    fn put_detail(&mut self, what: u32, at: usize) -> u32 {
        self.details.push(Detail { at: at as u64, len: (self.texts.len() - at) as u32, what });
        self.details.len() as u32 - 1
    }

    fn detail(&self, event: &Event) -> Detail {
        self.details.get(event.detail as usize).copied().unwrap_or_default()
    }

    /// An event's text.
    pub(crate) fn text(&self, event: &Event) -> &[u8] {
        let Detail { at, len, .. } = self.detail(event);
        &self.texts[at as usize..][..len as usize]
    }

    /// Has the processor fetch the first of some events, all at once. Those of guests that ran side
    /// by side are far from each other.
    pub(crate) fn fetch(&self, events: &[u32]) {
        const AHEAD: usize = 64;
        let events = || events.iter().take(AHEAD).map(|&id| &self.events[id as usize]);
        let details = events().fold(0, |sum, event| sum ^ self.detail(event).at);
        let texts = events().fold(0, |sum, event| {
            sum ^ self.texts.get(self.detail(event).at as usize).copied().unwrap_or(0)
        });
        std::hint::black_box((details, texts));
    }

    /// `op=`, `resrc=`, or an anomaly's type.
    pub(crate) fn what(&self, event: &Event) -> u32 {
        self.detail(event).what
    }

    fn key(&mut self, source: usize, host: u32, stamp: Stamp) -> i64 {
        if self.current.0 != host {
            let (old, progress) = self.current;
            self.progress.insert(old, progress);
            self.current = (host, self.progress.get(&host).copied().unwrap_or_default());
        }
        let progress = &mut self.current.1;
        let last = progress.last;
        let set_back = progress.source == source
            && stamp.ms < last.ms
            && stamp.serial > last.serial
            && stamp.serial - last.serial < NEAR
            && last.serial > 0;
        if set_back {
            progress.last.serial = stamp.serial;
            return last.ms;
        }
        if progress.source != source || stamp.ms >= last.ms {
            *progress = Progress { source, last: stamp };
        }
        stamp.ms
    }

    /// The guest and its name in this record.
    fn guest<'b>(
        &mut self,
        host: u32,
        record: &VirtSpans,
        part: impl Fn(Span) -> &'b [u8],
    ) -> (u32, u32) {
        let (uuid, name) = (record.uuid, part(record.vm));
        // Records about a guest mostly come in a row.
        let last = self.guests.get(self.last_guest as usize);
        let id = if last.is_some_and(|last| last.uuid == uuid && last.host == host) {
            self.last_guest
        } else {
            let guests = &self.guests;
            let is_it = |&id: &u32| {
                let guest = &guests[id as usize];
                (guest.host, guest.uuid) == (host, uuid)
            };
            let hash = |host: u32, uuid: Uuid| self.hasher.hash_one((host, uuid));
            let rehash = |&id: &u32| {
                let guest = &guests[id as usize];
                hash(guest.host, guest.uuid)
            };
            match self.by_uuid.entry(hash(host, uuid), is_it, rehash) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(free) => {
                    let id = guests.len() as u32;
                    free.insert(id);
                    // Hardly any other guest has the same name, so it isn't looked for.
                    let name = self.words.push(name);
                    let virt = self.words.id(part(record.virt));
                    self.guests.push(Guest { uuid, host, virt, name });
                    self.last_guest = id;
                    return (id, name);
                }
            }
        };
        self.last_guest = id;
        let known = self.guests[id as usize].name;
        if self.words.get(known) == name {
            return (id, known);
        }
        let name = self.words.id(name);
        self.renamed.insert((id, name));
        (id, name)
    }

    /// Puts the events in order, and forgets those that were read twice.
    pub(crate) fn order(&mut self) {
        self.by_uuid = HashTable::new();
        if self.in_order {
            return;
        }
        if !self.events.is_sorted_by_key(order) {
            self.events.sort_by_key(order);
        }
        let mut events = std::mem::take(&mut self.events);
        events.dedup_by(|a, b| {
            a.stamp == b.stamp
                && a.stamp.serial > 0
                && (a.kind, a.guest, a.host) == (b.kind, b.guest, b.host)
                && (self.what(a), self.text(a)) == (self.what(b), self.text(b))
        });
        self.events = events;
    }
}

/// Gets a record that tells more, its fields and the interpreted ones.
type Take<'t> = dyn FnMut(&AuxRecord, &[u8], &[u8]) + 't;

/// What else some lines tell about an event.
fn told_more(found: &Found, stamp: Stamp, node: Option<&[u8]>, take: &mut Take<'_>) {
    let from = found.aux.partition_point(|aux| aux.stamp < stamp);
    for aux in found.aux[from..].iter().take_while(|aux| aux.stamp == stamp) {
        let text = |span| found.text(span);
        if aux.node.map(text) == node {
            take(aux, text(aux.body), text(aux.names));
        }
    }
}
