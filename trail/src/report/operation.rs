//! Operations: what was done to guests, each with all records that libvirt wrote about it.
//!
//! libvirt writes several records for one request. Before it attaches a device, it allows the guest's
//! cgroup the device's nodes and opens the tap device; after it has detached one, or has failed to
//! attach it, it takes the nodes away again. Before a start it writes labels and resources. It works on
//! one request of a guest at a time, so records of the same guest that follow each other belong together.

use super::client::Author;
use super::criteria::kind_of;
use super::filter::Failed;
use super::session::is_proof;
use super::{ClientView, Report, SessionKey, decoded_text, text};
use crate::events::{Event, EventId, EventKind};
use crate::line::{Op, ResourceChange, Stamp};
use crate::session::{SessionId, State};
use std::borrow::Cow;
use std::ops::Range;
use viraudit::Uuid;

/// The longest time between records of one operation, in milliseconds.
const AT_ONCE: i64 = 30_000;

/// An operation on a guest.
#[derive(Clone, Debug)]
pub struct Operation<'r> {
    /// The time of its main record, in milliseconds since 1970.
    pub time: i64,
    /// The host, if the log has it.
    pub host: Option<Cow<'r, str>>,
    /// The guest's name.
    pub vm: Cow<'r, str>,
    /// The guest's UUID.
    pub uuid: Uuid,
    /// `start`, `stop`, `attach`, `detach`, `update`, `allow`, `deny`, ...: the reason of a resource's
    /// record, else the kind of its event.
    pub operation: Cow<'r, str>,
    /// The kind of the resource, if it is about one.
    pub resource: Option<Cow<'r, str>>,
    /// The resource before.
    pub old: Option<String>,
    /// The resource after.
    pub new: Option<String>,
    /// The reason of a start or a stop.
    pub reason: Option<Cow<'r, str>>,
    /// Whether it succeeded.
    pub success: bool,
    /// Who did it: as the `user` of a session.
    pub user: Option<&'r str>,
    /// The login user's id, if known.
    pub auid: Option<u32>,
    /// The client that the record names.
    pub client: Option<&'r ClientView>,
    /// Whether the daemon acted for itself, as for a session.
    pub by_daemon: bool,
    /// What was done, as a sentence.
    pub text: String,
    /// All records, in their order.
    pub proof: Vec<Stamp>,
    /// The position of its session among the sessions of the report.
    pub session_at: usize,
    key_time: i64,
}

impl Operation<'_> {
    /// The stable name of its session.
    pub fn session(&self) -> SessionKey<'_> {
        let host = self.host.as_deref().unwrap_or_default();
        SessionKey { host, uuid: self.uuid, start: self.key_time }
    }
}

/// The records of an operation.
#[derive(Clone, Debug)]
struct Group {
    main: EventId,
    session: SessionId,
    /// The position of the session among the selected ones.
    session_at: usize,
    records: Range<u32>,
    /// Whether a start was prepared that isn't in the log.
    unstarted: bool,
}

/// The selected operations, by time.
#[derive(Debug)]
pub struct Operations<'r> {
    report: &'r Report,
    groups: Vec<Group>,
    records: Vec<EventId>,
}

impl<'r> Operations<'r> {
    /// The number of operations.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Some of the operations.
    pub fn range(&self, range: Range<usize>) -> impl Iterator<Item = Operation<'r>> {
        self.groups[range].iter().map(|group| self.view(group))
    }

    /// All operations.
    pub fn iter(&self) -> impl Iterator<Item = Operation<'r>> {
        self.range(0..self.len())
    }

    fn records(&self, group: &Group) -> &[EventId] {
        &self.records[group.records.start as usize..group.records.end as usize]
    }

    fn view(&self, group: &Group) -> Operation<'r> {
        let report = self.report;
        let event = &report.event(group.main);
        let session = report.session(group.session);
        let guest = report.store.guests[session.guest];
        let is_host = matches!(event.kind, EventKind::Down | EventKind::Boot);
        let vm = report.guest_name(if is_host { session.name } else { event.name });
        let mut text = match (group.unstarted, is_host) {
            (true, _) if session.state == State::Unstarted => {
                format!("a start of {vm} was prepared and never completed")
            }
            (true, _) => format!("a start of {vm} was prepared; the start is not in the log"),
            (false, true) => format!("{vm} {}", report.sentence(event)),
            (false, false) => report.sentence(event),
        };
        let mut proof: Vec<Stamp> =
            self.records(group).iter().map(|&id| report.event(id).stamp).filter(is_proof).collect();
        if session.state == State::Failed && Some(group.main) == session.start {
            let causes = report.causes_of(group.session);
            if let Some(cause) = causes.into_iter().find(|cause| cause.likely) {
                text = format!("{text}; likely cause: {}", cause.text);
                proof.extend(cause.proof);
            }
            proof.sort_unstable();
            proof.dedup();
        }
        let Author { user, auid, client, by_daemon } =
            report.author_of(Some(event).filter(|_| !is_host));
        let is_resource = event.kind == EventKind::Virt(Op::Resource) && !group.unstarted;
        let (mut old, mut new) = (None, None);
        let words = &report.store.words;
        if is_resource {
            let (kind, reason) = (words.get(event.what), words.get(event.reason));
            let change = ResourceChange::new(kind, reason, report.store.text(event));
            let shown = |side: Option<Cow<'_, [u8]>>| side.map(|it| decoded_text(it).into_owned());
            (old, new) = (shown(change.old), shown(change.new));
        }
        let operation = match (group.unstarted, is_resource) {
            (true, _) => "prepare".into(),
            (false, true) => report.raw_word(event.reason).unwrap_or("change".into()),
            (false, false) => kind_of(event.kind).unwrap_or("control").into(),
        };
        Operation {
            time: event.stamp.ms,
            host: report.word(guest.host),
            vm,
            uuid: guest.uuid,
            operation,
            resource: is_resource.then(|| self::text(words.get(event.what))),
            old,
            new,
            reason: report.raw_word(event.reason).filter(|_| !is_resource && !group.unstarted),
            success: event.success && !(group.unstarted && session.state == State::Unstarted),
            user,
            auid,
            client,
            by_daemon,
            text,
            proof,
            session_at: group.session_at,
            key_time: report.key_time(group.session),
        }
    }
}

impl Report {
    /// The selected operations, by time. Only a report that reads all events has them.
    pub fn operations(&self) -> Operations<'_> {
        let mut operations = Operations { report: self, groups: Vec::new(), records: Vec::new() };
        for at in 0..self.selected.len() {
            Grouping::new(&mut operations, at).run();
        }
        // Events are sorted, so their ids are in order of time.
        operations.groups.sort_by_key(|group| group.main);
        operations
    }
}

/// The records of a session on their way into groups.
struct Grouping<'o, 'r> {
    operations: &'o mut Operations<'r>,
    session: SessionId,
    session_at: usize,
    /// The labels and resources of a start that hasn't come yet.
    prepared: Vec<EventId>,
    /// Accesses that belong to the next operation, or to none.
    accesses: Vec<EventId>,
    /// The last operation: its main record, and all its records.
    open: Option<(EventId, Vec<EventId>)>,
}

impl<'o, 'r> Grouping<'o, 'r> {
    fn new(operations: &'o mut Operations<'r>, session_at: usize) -> Self {
        let session = operations.report.selected[session_at];
        let (prepared, accesses) = (Vec::new(), Vec::new());
        Self { operations, session, session_at, prepared, accesses, open: None }
    }

    fn event(&self, id: EventId) -> Event {
        self.operations.report.event(id)
    }

    fn run(mut self) {
        let report = self.operations.report;
        let session = *report.session(self.session);
        for &id in report.events.of(self.session) {
            self.add(id, session.start, session.state);
        }
        self.finish();
        self.flush_accesses();
        let prepared = std::mem::take(&mut self.prepared);
        if let Some(&last) = prepared.last() {
            self.push(last, prepared, true);
        }
    }

    fn add(&mut self, id: EventId, start: Option<EventId>, state: State) {
        let report = self.operations.report;
        let event = self.event(id);
        let before = start.is_some_and(|start| id < start);
        let is_access = report.is_access(&event);
        match event.kind {
            EventKind::Seen | EventKind::Avc | EventKind::Anomaly(_) => {}
            EventKind::Virt(Op::Start) => {
                self.finish();
                let mut records = std::mem::take(&mut self.prepared);
                records.push(id);
                self.open = Some((id, records));
            }
            // It cleans up after a failed start, or a second thread has seen the guest end.
            EventKind::Virt(Op::Stop)
                if self.open.as_ref().is_some_and(|(main, _)| {
                    let main = self.event(*main).kind;
                    main == EventKind::Virt(Op::Stop)
                        || state == State::Failed && main == EventKind::Virt(Op::Start)
                }) =>
            {
                self.join(id);
            }
            EventKind::Virt(Op::Init) if self.open.is_some() => self.join(id),
            EventKind::Virt(Op::Label | Op::Init) if before || start.is_none() => {
                self.prepared.push(id)
            }
            EventKind::Virt(Op::Resource)
                if before && is_access
                    || (before || start.is_none()) && event.sign.is_preparation() =>
            {
                self.prepared.push(id);
            }
            EventKind::Virt(Op::Resource) if is_access => self.access(id, &event),
            EventKind::Virt(_) | EventKind::Down | EventKind::Boot => {
                self.finish();
                if event.kind == EventKind::Virt(Op::Stop) || self.is_late(&self.accesses, &event) {
                    self.flush_accesses();
                }
                let mut records = std::mem::take(&mut self.accesses);
                records.push(id);
                self.open = Some((id, records));
            }
        }
    }

    /// Adds an access: to the operation before if it is undone there, else to the one that follows.
    fn access(&mut self, id: EventId, event: &Event) {
        let report = self.operations.report;
        let denies = report.store.words.get(event.reason) == b"deny";
        let undoes = self.open.as_ref().is_some_and(|(main, records)| {
            let main = self.event(*main);
            let detaches = matches!(report.store.words.get(main.reason), b"detach" | b"unplug");
            let ends = !main.success || detaches || main.kind == EventKind::Virt(Op::Stop);
            ends && !self.is_late(records, event)
        });
        if denies && undoes && self.accesses.is_empty() {
            return self.join(id);
        }
        if self.is_late(&self.accesses, event) {
            self.finish();
            self.flush_accesses();
        }
        self.accesses.push(id);
    }

    /// Whether an event comes too late to belong to these records.
    fn is_late(&self, records: &[EventId], event: &Event) -> bool {
        records.last().is_some_and(|&last| event.key - self.event(last).key > AT_ONCE)
    }

    /// Adds a record to the last operation.
    fn join(&mut self, id: EventId) {
        if let Some((_, records)) = &mut self.open {
            records.push(id);
        }
    }

    /// Ends the last operation. A failed access is an operation of its own if the rest succeeded.
    fn finish(&mut self) {
        let Some((main, records)) = self.open.take() else { return };
        let is_ok = self.event(main).success;
        let failed = |id: &EventId| is_ok && !self.event(*id).success;
        let (failed, records): (Vec<_>, Vec<_>) = records.into_iter().partition(failed);
        self.push(main, records, false);
        failed.into_iter().for_each(|id| self.push(id, vec![id], false));
    }

    /// Accesses that belong to no operation are operations.
    fn flush_accesses(&mut self) {
        for id in std::mem::take(&mut self.accesses) {
            self.push(id, vec![id], false);
        }
    }

    /// Adds an operation if it is selected.
    fn push(&mut self, main: EventId, records: Vec<EventId>, unstarted: bool) {
        let report = self.operations.report;
        let event = self.event(main);
        let session = report.session(self.session);
        let fits = |id: EventId| report.fits(session, id, &self.event(id));
        let any = report.filter.has_subject() && records.iter().any(|&id| fits(id));
        let is_start = event.kind == EventKind::Virt(Op::Start);
        let is_selected = report.filter.failed != Some(Failed::Starts) || is_start;
        if !report.filter.has_time(event.stamp.ms) || !is_selected || !(fits(main) || any) {
            return;
        }
        let from = self.operations.records.len() as u32;
        self.operations.records.extend(records);
        let records = from..self.operations.records.len() as u32;
        let Self { session, session_at, .. } = *self;
        self.operations.groups.push(Group { main, session, session_at, records, unstarted });
    }
}
