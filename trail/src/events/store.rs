//! The events of a log: a small entry for each, their texts in one buffer, and each repeated text
//! once.

mod batch;
mod common;
mod details;
mod event;
mod events;
mod guests;
mod interner;
mod texts;
mod timeline;
mod users;

pub(crate) use batch::Batch;
pub(crate) use event::{Event, EventKind};
use events::Events;
use guests::Guests;
pub(crate) use users::User;

use super::scan::{FoundRecord, RecordContent, Span, VirtSpans};
use super::{EventId, Found, LineCounts, Scanner, Wants, WordId, prefetch};
use crate::input::blocks::{self, ReadError};
use crate::input::{Sources, overlapping};
use crate::line::fields::{find, number};
use crate::line::foreign::ForeignReader;
use crate::line::{AuxKind, Denial, Op, Remarks};
use crate::serials::{Hosts, Irregularity, Kind};
use crate::time::Clock;
use details::Details;
use interner::Interner;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use timeline::Timeline;
use users::Users;

/// Where records are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The host; empty if the log doesn't have it.
    pub host: Vec<u8>,
    /// The time from which on they are missing, in milliseconds since 1970.
    pub from: i64,
    /// The time until which they are missing.
    pub until: i64,
    /// Whether the host has no records any more, while others have.
    pub is_silence: bool,
    /// The host's first event after it, in the order of events.
    pub(crate) next: (i64, u64),
}

/// The events of a log.
#[derive(Debug, Default)]
pub struct Store {
    pub(crate) wants: Wants,
    pub(crate) events: Events,
    pub(crate) guests: Guests,
    pub(crate) words: Interner,
    pub(crate) users: Users,
    details: Details,
    timeline: Timeline,
    hosts: Hosts,
    /// The first and the last moment of each host in the log, of whatever type the records are.
    pub(crate) host_spans: HashMap<WordId, (i64, i64)>,
    /// Where records are missing, by time.
    pub gaps: Vec<Gap>,
    /// Whether the events have come in their order, each once.
    pub(crate) in_order: bool,
    /// Counts of the lines that were read.
    pub line_counts: LineCounts,
    /// Remarks about lines that were not read, or not for certain.
    pub remarks: Remarks,
    /// Other programs than libvirt, with the number of their VIRT_* records about no guest. Docker
    /// logs each call of its API so.
    pub programs: BTreeMap<Vec<u8>, u64>,
    /// Logs that could not be read to their end.
    pub errors: Vec<ReadError>,
    /// Whether the logs are this host's own: its user database applies.
    pub local: bool,
    /// Two logs that don't name their host and have events of the same time, by their indexes.
    pub overlap: Option<(usize, usize)>,
    /// The first event of each log.
    starts: Vec<(usize, usize)>,
}

impl Store {
    /// An empty store.
    pub(crate) fn new(wants: Wants, local: bool) -> Self {
        Self { wants, local, in_order: true, ..Self::default() }
    }

    /// Reads all sources. `after_block` gets the store after each block.
    pub(crate) fn read(
        sources: &Sources,
        wants: Wants,
        clock: &Clock,
        progress: &Arc<AtomicU64>,
        mut after_block: impl FnMut(&Self) + Send,
    ) -> Self {
        let scanner = Scanner::new(wants, ForeignReader::new(clock.clone(), &sources.tags));
        let mut store = Self::new(wants, sources.local);
        store.guests.reserve_for(sources.size().unwrap_or(0));
        store.errors = blocks::run(
            &sources.list,
            progress,
            |text, found| scanner.scan(text, found),
            |before, block, after| {
                let around = [before, after].map(|block| block.map(|block| &block.output));
                let host = store.words.intern(sources.host(block.source));
                store.add_all(Batch::new(block.source, host, &block.output, around));
                after_block(&store);
            },
        );
        store.overlap = store.find_overlap(sources);
        store.sort();
        if store.overlap.is_some() {
            // The numbers of several hosts say nothing.
            store.gaps.clear();
        }
        store
    }

    /// Reads one text on this thread, with the same result as reading it from a file.
    pub fn of_text(text: &[u8], wants: Wants, clock: &Clock) -> Self {
        let mut found = Found::default();
        Scanner::new(wants, ForeignReader::new(clock.clone(), &[])).scan(text, &mut found);
        let mut store = Self::new(wants, false);
        store.add_all(Batch::new(0, WordId::EMPTY, &found, [None, None]));
        store.sort();
        store
    }

    /// Adds all records of a batch.
    fn add_all(&mut self, mut batch: Batch<'_>) {
        self.remarks.append(&batch.found.remarks, self.line_counts.lines);
        self.line_counts += batch.found.line_counts;
        if self.starts.last().is_none_or(|last| last.0 != batch.source) {
            self.starts.push((batch.source, self.events.len()));
        }
        for (program, records) in &batch.found.programs {
            *self.programs.entry(program.clone()).or_default() += records;
        }
        for (host, numbers) in batch.found.numbers() {
            let position = self.events.len() as u64 + numbers.line;
            let host = host.unwrap_or(self.words.get(batch.host));
            self.hosts.add(host, numbers, (batch.source, position));
        }
        for record in &batch.found.records {
            self.add(record, &mut batch);
        }
    }

    /// Adds a record of a batch.
    #[inline(always)] // as `virt` is
    pub(crate) fn add(&mut self, record: &FoundRecord, batch: &mut Batch<'_>) {
        let found = batch.found;
        let (host, user) = batch.sender(record, &mut self.words, &mut self.users);
        let key = self.timeline.key(batch.source, host, record.stamp);
        let event = Event::new(key, record.stamp, host, user);
        // By reference: the content is large, and a copy isn't always optimized out.
        let event = match &record.content {
            RecordContent::Virt(virt) => self.virt(event, virt, |span| found.text(span)),
            RecordContent::Down => event,
            RecordContent::Boot => Event { kind: EventKind::Boot, ..event },
            RecordContent::Avc { body, names } => {
                let event = Event { kind: EventKind::Avc, ..event };
                self.denial(event, WordId::EMPTY, [*body, *names], record, batch)
            }
            RecordContent::Anomaly { number, name, body, names } => {
                let event = Event { kind: EventKind::Anomaly(*number), ..event };
                let name = self.words.intern(found.text(*name));
                self.denial(event, name, [*body, *names], record, batch)
            }
        };
        self.in_order &= self.events.last_order().is_none_or(|last| last < event.order());
        self.events.push(event, &self.guests);
    }

    /// Completes the event of a VIRT_* record.
    // Inlined, and events are passed by value so that they stay in registers: a struct that is
    // written field by field and copied as a whole is a store-forwarding stall.
    #[inline(always)]
    fn virt<'b>(
        &mut self,
        event: Event,
        virt: &VirtSpans,
        part: impl Fn(Span) -> &'b [u8] + Copy,
    ) -> Event {
        let (guest, name) = self.guests.intern(event.host, virt, part, &mut self.words);
        let VirtSpans { success, sign, .. } = *virt;
        let event = Event { guest: Some(guest), name, success, sign, pid: virt.pid, ..event };
        if !virt.shown {
            return Event { kind: EventKind::Seen, ..event };
        }
        let reason = self.words.intern(part(virt.reason));
        let event = Event { kind: EventKind::Virt(virt.op), reason, ..event };
        // The entry itself has all fields of a start and a stop.
        if matches!(virt.op, Op::Start | Op::Stop) {
            return event;
        }
        let what = self.words.intern(part(virt.what));
        Event { what, text: Some(self.details.add(part(virt.tail))), ..event }
    }

    /// Completes the event of a denial or an anomaly with its auxiliary records.
    fn denial(
        &mut self,
        event: Event,
        what: WordId,
        [body, names]: [Span; 2],
        record: &FoundRecord,
        batch: &Batch<'_>,
    ) -> Event {
        let found = batch.found;
        let own = self.details.add_own(found.text(body));
        let (mut fields, mut names) = (found.text(body), found.text(names));
        for (found, aux) in batch.aux_of(record) {
            let body = found.text(aux.body);
            self.details.add_aux(own, aux.kind, body);
            // The record of the system call has the user of the process.
            if aux.kind == AuxKind::Syscall && !body.is_empty() {
                (fields, names) = (body, found.text(aux.names));
            }
        }
        let id = |key: &[u8]| find(fields, key).and_then(number::<u32>);
        let auid = id(b"auid").filter(|&auid| auid != u32::MAX);
        let user = self.users.intern(id(b"uid"), auid, names, b"");
        Event { user, what, text: Some(own), ..event }
    }

    /// Removes the event that was added last, if it is a denial or an anomaly. Returns whether it was.
    pub(crate) fn forget_denial(&mut self) -> bool {
        let is_denial = |last: &Event| matches!(last.kind, EventKind::Avc | EventKind::Anomaly(_));
        let last = self.events.pop_if(&self.guests, is_denial);
        if let Some(event) = last {
            self.details.remove_last(event.text);
        }
        last.is_some()
    }

    /// Two logs without a host that have events of the same time. The events must be in the order of
    /// their logs.
    fn find_overlap(&self, sources: &Sources) -> Option<(usize, usize)> {
        if self.starts.len() < 2 {
            return None;
        }
        let events = |at: usize| {
            let end = self.starts.get(at + 1).map_or(self.events.len(), |next| next.1);
            let events = (self.starts[at].1..end).map(|at| self.event(EventId::new(at)));
            events.filter(|event| event.host == WordId::EMPTY).map(|event| event.stamp)
        };
        let range = |at: usize| {
            Some((at, events(at).map(|s| s.ms).min()?, events(at).map(|s| s.ms).max()?))
        };
        let ranges = (0..self.starts.len()).filter_map(range).collect();
        let stamps = |at| events(at).map(|stamp| (stamp.ms, stamp.serial)).collect();
        let name = |at: usize| sources.list[self.starts[at].0].name();
        let (one, other) = overlapping(ranges, stamps, name)?;
        Some((self.starts[one].0, self.starts[other].0))
    }

    /// Sorts the events, and removes duplicates.
    fn sort(&mut self) {
        self.guests.complete();
        self.details.complete();
        self.events.complete();
        self.find_gaps();
        if self.in_order {
            return;
        }
        self.events.sort();
        let details = &self.details;
        self.events.dedup(&self.guests, |a, b| {
            a.stamp == b.stamp
                && a.stamp.serial > 0
                && (a.kind, a.guest, a.host) == (b.kind, b.guest, b.host)
                && a.what == b.what
                && details.are_equal(a.text, b.text)
        });
    }

    /// Finds the gaps. The events must still be in the order in which they were read.
    fn find_gaps(&mut self) {
        let mut found = Vec::new();
        let hosts = std::mem::take(&mut self.hosts);
        for (host, span) in hosts.spans() {
            self.host_spans.insert(self.words.intern(host), span);
        }
        hosts.finish(&mut found);
        found.sort_by_key(|irregularity| irregularity.place);
        // Hosts without further events.
        let mut done = HashSet::new();
        for Irregularity { place, kind, .. } in found {
            let Kind::Gap(gap) = kind else { continue };
            if !gap.in_order {
                continue;
            }
            let host = self.words.intern(&gap.host);
            let at = self.events.len().min(place.1 as usize);
            // A start may have replaced the record before it: then it is one too high.
            let event = |at: usize| self.event(EventId::new(at));
            let replaced = at.checked_sub(1).map(event).filter(|event| {
                let is_after = gap.after.is_some_and(|after| event.stamp.serial >= after);
                event.host == host && is_after && event.stamp.ms >= gap.until
            });
            let next = replaced.or_else(|| {
                // A silence is behind all events.
                let is_done = gap.after.is_none() || done.contains(&host);
                let mut rest = (at..self.events.len()).map(event).filter(|_| !is_done);
                rest.find(|event| event.host == host)
            });
            if next.is_none() {
                done.insert(host);
            }
            self.gaps.push(Gap {
                host: gap.host,
                from: gap.from,
                until: gap.until,
                is_silence: gap.after.is_none(),
                next: next.map_or((i64::MAX, u64::MAX), |event| event.order()),
            });
        }
        self.gaps.sort_by(|a, b| (a.from, &a.host).cmp(&(b.from, &b.host)));
    }

    /// The event with this id.
    #[inline]
    pub(crate) fn event(&self, id: EventId) -> Event {
        self.events.get(id, &self.guests)
    }

    /// The fields of an event.
    pub(crate) fn text(&self, event: &Event) -> &[u8] {
        self.details.text(event.text)
    }

    /// The records of a denial or an anomaly.
    pub(crate) fn denial_of(&self, event: &Event) -> Denial<'_> {
        Denial::new(self.text(event), self.details.aux(event.text))
    }

    /// Prefetches the first of some events. Those of guests that ran at the same time are far apart.
    pub(crate) fn prefetch(&self, events: &[EventId]) {
        const AHEAD: usize = 64;
        let ahead = || events.iter().take(AHEAD).map(|&id| self.events.text(id));
        prefetch(ahead().map(|text| self.details.place(text) as u64));
        prefetch(ahead().map(|text| self.details.first_byte(text).into()));
    }
}
