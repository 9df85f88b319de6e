//! The resources that a guest holds at a moment: those of its start, with what was attached, changed
//! and detached since.

use super::Report;
use crate::events::{Event, EventId, EventKind, WordId};
use crate::line::{Op, ResourceChange};
use crate::session::SessionId;

/// A resource that a guest holds for some time.
#[derive(Clone, Debug)]
pub(super) struct Holding {
    /// The event that shows it: the one that gave it, or if that is not in the log, the one that took
    /// it away.
    pub(super) event: EventId,
    /// The event that gave it; `None` if that is not in the log.
    pub(super) from: Option<EventId>,
    /// The event that took it away.
    pub(super) until: Option<EventId>,
    kind: WordId,
    value: Vec<u8>,
}

impl Report {
    /// The resources that a guest held during a session.
    pub(super) fn holdings(&self, session: SessionId) -> Vec<Holding> {
        let mut holdings = Holdings::default();
        for &id in self.events.of(session) {
            let event = self.event(id);
            if event.kind == EventKind::Virt(Op::Resource) && event.success {
                holdings.apply(self, id, &event);
            }
        }
        holdings.all
    }

    /// The events by which a guest held resources at a moment.
    pub(super) fn held_at(&self, session: SessionId, at: i64) -> Vec<EventId> {
        let time = |id: EventId| self.event(id).stamp.ms;
        let held = |held: &Holding| {
            held.from.is_none_or(|from| time(from) <= at)
                && held.until.is_none_or(|id| time(id) > at)
        };
        let mut ids: Vec<_> =
            self.holdings(session).iter().filter(|it| held(it)).map(|it| it.event).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// All holdings of a session, and those that are open.
#[derive(Debug, Default)]
struct Holdings {
    all: Vec<Holding>,
    /// Their indexes in `all`.
    open: Vec<usize>,
}

impl Holdings {
    fn apply(&mut self, report: &Report, id: EventId, event: &Event) {
        let kind = report.store.words.get(event.what);
        let reason = report.store.words.get(event.reason);
        let tail = report.store.text(event);
        match (kind, reason) {
            // The interface has a record of its own.
            (b"net", b"open") => return,
            // A count or an amount, of which a guest has one.
            (b"mem" | b"vcpu" | b"iothread", _) => {
                self.release(id, event.what, |_| true);
                return self.acquire(id, event.what, Vec::new());
            }
            (b"cgroup", b"deny") if tail.ends_with(b"class=all") => {
                return self.release(id, event.what, |_| true);
            }
            (b"cgroup", _) => {
                // The device, with its access left out.
                let end = memchr::memmem::find(tail, b" acl=").unwrap_or(tail.len());
                let value = tail[..end].to_vec();
                self.release(id, event.what, |held| held.value == value);
                if reason == b"allow" {
                    self.acquire(id, event.what, value);
                }
                return;
            }
            _ => {}
        }
        let change = ResourceChange::new(kind, reason, tail);
        if let Some(old) = change.old {
            self.take(id, event.what, old.into_owned());
        }
        if let Some(new) = change.new {
            self.acquire(id, event.what, new.into_owned());
        }
    }

    fn acquire(&mut self, id: EventId, kind: WordId, value: Vec<u8>) {
        self.open.push(self.all.len());
        self.all.push(Holding { event: id, from: Some(id), until: None, kind, value });
    }

    /// Ends one holding of a value. If none is known, it began before the log.
    fn take(&mut self, id: EventId, kind: WordId, value: Vec<u8>) {
        let all = &mut self.all;
        let is_it = |&at: &usize| all[at].kind == kind && all[at].value == value;
        match self.open.iter().position(is_it) {
            Some(place) => all[self.open.remove(place)].until = Some(id),
            None => all.push(Holding { event: id, from: None, until: Some(id), kind, value }),
        }
    }

    /// Ends all holdings of a kind that fulfil a condition.
    fn release(&mut self, id: EventId, kind: WordId, condition: impl Fn(&Holding) -> bool) {
        let all = &mut self.all;
        self.open.retain(|&at| {
            let held = &mut all[at];
            let ends = held.kind == kind && condition(held);
            if ends {
                held.until = Some(id);
            }
            !ends
        });
    }
}
