//! What is printed: the selected sessions and their events.

mod cause;
mod client;
mod criteria;
mod event;
mod filter;
mod grouped_events;
mod guest_row;
mod held;
mod live;
mod operation;
mod pattern;
mod presence;
mod sentence;
mod session;
mod session_key;
mod summary;
mod timeline;
mod user_names;
mod width_samples;

pub use cause::{Cause, CauseKind};
pub use client::ClientView;
pub use criteria::{EVENT_KINDS, resource_kinds};
pub use event::{EventView, Value};
pub use filter::{Failed, Filter};
pub use guest_row::{GuestRow, Guests};
pub use operation::{Operation, Operations};
pub use pattern::{DeviceAddress, InvalidValue, MacAddress, NamePattern, PathPattern};
pub use session::{Proof, SessionView};
pub use session_key::SessionKey;
pub use summary::Summary;
pub use timeline::{Move, Overlap, Running};
pub use width_samples::WidthSamples;

use crate::events::{Event, EventId, EventKind, Gap, Store, Wants, WordId, prefetch};
use crate::input::Sources;
use crate::line::Op;
use crate::line::fields::decoded;
use crate::session::{Correlator, Session, SessionId};
use crate::time::Clock;
use client::Author;
use filter::Selection;
use grouped_events::GroupedEvents;
use presence::Spans;
use session::WordCaches;
use std::borrow::Cow;
use std::collections::HashMap;
use std::iter::Map;
use std::ops::Range;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use user_names::{UserView, user_views};

/// A text for people. Bytes that are not UTF-8 are replaced.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Nearly all texts are UTF-8, and checking alone is faster.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// A decoded text for people.
fn decoded_text(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => text(bytes),
        Cow::Owned(bytes) => Cow::Owned(text(&bytes).into_owned()),
    }
}

/// A report about the guests in a log.
#[derive(Debug)]
pub struct Report {
    store: Store,
    correlator: Correlator,
    filter: Filter,
    /// The store's users, as they are shown.
    users: Vec<UserView>,
    /// Whether any record names a client.
    names_clients: bool,
    selected: Vec<SessionId>,
    events: GroupedEvents,
    /// Whether the filter has any criterion about events other than the time.
    has_criteria: bool,
    /// How long guests ran with the selected ones.
    together: HashMap<SessionId, i64>,
    /// The first and the last moment of each host in the log, once asked for.
    host_spans: OnceLock<Spans>,
    /// Denials and anomalies that belong to no session, once asked for.
    unowned: OnceLock<Vec<EventId>>,
}

impl Report {
    /// Reads all sources. Sessions are made while other threads still scan lines.
    pub fn read(
        sources: &Sources,
        wants: Wants,
        clock: &Clock,
        progress: &Arc<AtomicU64>,
        filter: Filter,
    ) -> Self {
        let mut correlator = Correlator::new(wants);
        let store = Store::read(sources, wants, clock, progress, |store| {
            if store.in_order {
                correlator.catch_up(store);
            }
        });
        Self::complete(store, correlator, filter)
    }

    /// Makes a report of the events in `store`.
    pub fn new(store: Store, filter: Filter) -> Self {
        let correlator = Correlator::new(store.wants);
        Self::complete(store, correlator, filter)
    }

    fn complete(store: Store, mut correlator: Correlator, filter: Filter) -> Self {
        if !store.in_order {
            // The events were sorted since.
            correlator = Correlator::new(store.wants);
        }
        correlator.catch_up(&store);
        correlator.finish();
        correlator.mark_gaps(&store);
        let users = user_views(&store);
        let names_clients = users.iter().any(|user| user.client.is_some());
        let of_events = std::mem::take(&mut correlator.of_events);
        let sessions = &correlator.sessions;
        let merged = |id: SessionId| sessions[id.index()].merged.unwrap_or(id);
        let of_events = || of_events.iter().map(|(session, event)| (merged(session), event));
        let events = GroupedEvents::new(sessions.len(), of_events);
        let mut report = Self {
            has_criteria: filter.has_criteria(),
            store,
            correlator,
            filter,
            users,
            names_clients,
            selected: Vec::new(),
            events,
            together: HashMap::new(),
            host_spans: OnceLock::new(),
            unowned: OnceLock::new(),
        };
        let selection = report.selection();
        report.selected = report.select(&selection);
        report.together = selection.together;
        report
    }

    /// The selected sessions, by their start.
    fn select(&self, selection: &Selection) -> Vec<SessionId> {
        let mut selected: Vec<SessionId> = (0..self.correlator.sessions.len())
            .map(SessionId::new)
            .filter(|&id| self.is_selected(id, selection))
            .collect();
        // Events are sorted, so comparing their ids is enough.
        if !selected.is_sorted_by_key(|&id| self.start_of(id)) {
            selected.sort_by_cached_key(|&id| (self.time_of(id), id));
        }
        selected
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn session(&self, id: SessionId) -> &Session {
        &self.correlator.sessions[id.index()]
    }

    #[inline]
    fn event(&self, id: EventId) -> Event {
        self.store.event(id)
    }

    #[inline]
    fn event_if(&self, id: Option<EventId>) -> Option<Event> {
        id.map(|id| self.event(id))
    }

    /// The start of a session, or else its first event.
    fn start_of(&self, id: SessionId) -> EventId {
        let session = self.session(id);
        session.start.unwrap_or(session.first)
    }

    /// The time by which a session is sorted.
    fn time_of(&self, id: SessionId) -> i64 {
        self.store.events.key(self.start_of(id))
    }

    /// The time in the stable name of a session.
    fn key_time(&self, id: SessionId) -> i64 {
        self.event(self.start_of(id)).stamp.ms
    }

    fn word(&self, id: WordId) -> Option<Cow<'_, str>> {
        Some(self.store.words.get(id)).filter(|word| !word.is_empty()).map(text)
    }

    /// A word that libvirt doesn't encode.
    fn raw_word(&self, id: WordId) -> Option<Cow<'_, str>> {
        let word = self.store.words.get(id);
        (!word.is_empty()).then(|| decoded_text(viraudit::encode::decode_raw(word)))
    }

    /// The name of a guest.
    fn guest_name(&self, id: WordId) -> Cow<'_, str> {
        decoded_text(decoded(self.store.words.get(id)))
    }

    /// The name and the auid of an event's user.
    fn user_of(&self, event: &Event) -> (Option<&str>, Option<u32>) {
        let at = event.user.index();
        let auid = self.store.users.all().get(at).and_then(|user| user.auid);
        (self.users.get(at).and_then(|user| user.name.as_deref()), auid)
    }

    /// Who caused an event; without one, nobody is known.
    #[inline]
    fn author_of(&self, event: Option<&Event>) -> Author<'_> {
        let Some(event) = event else { return Author::default() };
        let (user, auid) = self.user_of(event);
        let client = if self.names_clients { self.client_of(event) } else { None };
        let by_daemon = self.names_clients && client.is_none() && auid.is_none();
        Author { user, auid, client, by_daemon }
    }

    /// The client of an event.
    fn client_of(&self, event: &Event) -> Option<&ClientView> {
        self.users.get(event.user.index())?.client.as_ref()
    }

    /// Whether all events were read, not only those that start or stop a session.
    pub fn has_details(&self) -> bool {
        self.store.wants.details
    }

    /// The number of sessions.
    pub fn len(&self) -> usize {
        self.selected.len()
    }

    /// Whether there are no sessions.
    pub fn is_empty(&self) -> bool {
        self.selected.is_empty()
    }

    /// The number of events of all sessions, selected or not.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// The selected events of a session. Unless `routine`, without those that every start has:
    /// successful labels, resources of the start, and what its cgroup allows.
    pub fn events_with<'r>(
        &'r self,
        session: &SessionView<'_>,
        routine: bool,
    ) -> impl Iterator<Item = EventView<'r>> + use<'r> {
        let id = session.id;
        let key = Some(self.key_time(id));
        let held = self.filter.at.map(|at| self.held_at(id, at));
        let events = if held.is_some() { &[] } else { self.events.of(id) };
        self.store.prefetch(events);
        let notable = move |&id: &EventId| routine || !self.is_routine(&self.event(id));
        let events = events.iter().copied().filter(notable);
        let held = held.into_iter().flatten();
        held.chain(events).filter_map(move |event| EventView::new(self, id, key, event))
    }

    fn is_routine(&self, event: &Event) -> bool {
        let word = |id: WordId| self.store.words.get(id);
        event.success
            && match event.kind {
                EventKind::Virt(Op::Label | Op::Init) => true,
                EventKind::Virt(Op::Resource) => {
                    matches!(word(event.reason), b"start" | b"open")
                        || word(event.what) == b"cgroup"
                }
                _ => false,
            }
    }

    /// The number of events of the selected sessions, in and out of the selected time.
    pub fn selected_event_count(&self) -> usize {
        self.selected.iter().map(|&id| self.events.of(id).len()).sum()
    }

    /// Some of the sessions.
    pub fn range(&self, range: Range<usize>) -> impl Iterator<Item = SessionView<'_>> {
        let selected = &self.selected[range];
        self.prefetch(selected);
        self.views(selected.iter().copied())
    }

    /// Prefetches sessions. Their data is far apart, and printing them one by one would wait for
    /// memory most of the time.
    #[inline]
    fn prefetch(&self, selected: &[SessionId]) {
        prefetch(selected.iter().map(|&id| {
            let session = self.session(id);
            let key = |id: Option<EventId>| id.map_or(0, |id| self.store.events.key(id));
            let name = self.store.guests[session.guest].name;
            (key(session.start) ^ key(session.end)) as u64 ^ name.index() as u64
        }));
    }

    /// The sessions, by their start.
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = SessionView<'_>> {
        self.views(self.selected.iter().copied())
    }

    fn views<'r, I: Iterator<Item = SessionId>>(
        &'r self,
        ids: I,
    ) -> Map<I, impl FnMut(SessionId) -> SessionView<'r>> {
        let mut words = WordCaches::default();
        ids.map(move |id| self.view(id, &mut words))
    }

    /// The selected events of a session, in their order.
    pub fn events<'r>(
        &'r self,
        session: &SessionView<'_>,
    ) -> impl Iterator<Item = EventView<'r>> + use<'r> {
        self.events_with(session, true)
    }

    /// Where records are missing in the selected time and on the selected host.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        let Filter { hosts, start, end, .. } = &self.filter;
        self.store.gaps.iter().filter(move |gap| {
            (hosts.is_empty() || hosts.iter().any(|host| host.matches(&gap.host)))
                && start.is_none_or(|start| gap.until >= start)
                && end.is_none_or(|end| gap.from <= end)
        })
    }

    /// Counts of the selected sessions and events.
    pub fn summary(&self) -> Summary {
        Summary::new(self)
    }
}
