//! What is shown: the sessions that were asked for, and their events.

mod event;
mod grouped_events;
mod session;
mod summary;
mod user_names;
mod width_samples;

pub use event::{EventView, Value};
pub use session::{Proof, SessionView};
pub use summary::Summary;
pub use width_samples::WidthSamples;

use crate::events::{Event, SenderCache, Store, User};
use crate::events::{Found, Wants};
use crate::input::Sources;
use crate::line::fields::decoded;
use crate::session::{Correlator, NONE, Session, State};
use crate::time::Clock;
use grouped_events::GroupedEvents;
use session::RecentWords;
use std::borrow::Cow;
use std::collections::HashSet;
use std::iter::Map;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use viraudit::Uuid;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Guests that have, or once had, this name.
    pub vm: Option<Vec<u8>>,
    /// The guest with this UUID.
    pub uuid: Option<Uuid>,
    /// Guests on this host.
    pub host: Option<Vec<u8>>,
    /// Only what failed.
    pub failed: bool,
    /// Not what was over before: milliseconds since 1970.
    pub start: Option<i64>,
    /// Not what came later.
    pub end: Option<i64>,
}

/// A text for people: bytes that aren't UTF-8 are replaced.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Nearly all are, which is quickly seen.
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

fn owned(bytes: Cow<'_, [u8]>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => text(bytes),
        Cow::Owned(bytes) => Cow::Owned(text(&bytes).into_owned()),
    }
}

/// Everything that was asked for.
#[derive(Debug)]
pub struct Report {
    store: Store,
    correlator: Correlator,
    filter: Filter,
    users: Vec<Option<String>>,
    selected: Vec<u32>,
    /// The events of each session, in their order.
    events: GroupedEvents,
}

impl Report {
    /// Reads all sources, and makes sessions while others still look at lines.
    pub fn read(
        sources: &Sources,
        wants: Wants,
        clock: &Clock,
        progress: &Arc<AtomicU64>,
        filter: Filter,
    ) -> Self {
        let mut correlator = Correlator::wanting(wants);
        let store = Store::read(sources, wants, clock, progress, |store| {
            if store.in_order {
                correlator.catch_up(store);
            }
        });
        Self::of(store, correlator, filter)
    }

    /// Makes sessions of what was read, and selects among them.
    pub fn new(store: Store, filter: Filter) -> Self {
        let correlator = Correlator::wanting(store.wants);
        Self::of(store, correlator, filter)
    }

    fn of(store: Store, mut correlator: Correlator, filter: Filter) -> Self {
        if !store.in_order {
            // It has seen them in another order.
            correlator = Correlator::wanting(store.wants);
        }
        correlator.catch_up(&store);
        correlator.finish();
        let users = user_names::user_names(&store);
        let of_events = std::mem::take(&mut correlator.of_events);
        let whole = |session: u32| match correlator.sessions[session as usize].merged {
            NONE => session,
            merged => merged,
        };
        let of_events = || of_events.iter().map(|&(session, event)| (whole(session), event));
        let events = GroupedEvents::new(correlator.sessions.len(), of_events);
        let mut this = Self { store, correlator, filter, users, selected: Vec::new(), events };
        let named = this.filter.vm.as_ref().map(|name| this.named(name));
        let mut selected: Vec<u32> = (0..this.correlator.sessions.len() as u32)
            .filter(|&id| this.is_selected(id, named.as_ref()))
            .collect();
        // Events are in order, so their numbers tell, without a look at any.
        if !selected.is_sorted_by_key(|&id| this.first_of(id)) {
            selected.sort_by_cached_key(|&id| (this.time_of(id), id));
        }
        this.selected = selected;
        this
    }

    /// A report that is still being made, event by event.
    pub(crate) fn live(store: Store, filter: Filter) -> Self {
        let correlator = Correlator::new(true, true);
        let (users, selected, events) = (Vec::new(), Vec::new(), GroupedEvents::default());
        Self { store, correlator, filter, users, selected, events }
    }

    /// Takes in what was found in some lines, and hands every event of it that concerns a guest
    /// to `show`.
    pub(crate) fn append(&mut self, found: &Found, show: &mut dyn FnMut(&EventView<'_>)) {
        let mut senders = SenderCache::default();
        for fact in &found.facts {
            let id = self.store.events.len() as u32;
            self.store.add(0, fact, found, &mut senders, |stamp, _, take| {
                for aux in found.aux.iter().filter(|aux| aux.stamp == stamp) {
                    take(aux, found.text(aux.body), found.text(aux.names));
                }
            });
            if self.users.len() < self.store.users.all().len() {
                self.users = user_names::user_names(&self.store);
            }
            self.correlator.feed(&self.store, id);
            for (session, event) in std::mem::take(&mut self.correlator.of_events) {
                if let Some(view) = EventView::new(self, session, event) {
                    show(&view);
                }
            }
        }
    }

    /// What was read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    fn session(&self, id: u32) -> &Session {
        &self.correlator.sessions[id as usize]
    }

    fn event(&self, id: u32) -> Option<&Event> {
        self.store.events.get(id as usize)
    }

    /// The order of sessions: by their start, or whatever is known of them first.
    fn time_of(&self, id: u32) -> i64 {
        self.event(self.first_of(id)).map_or(0, |event| event.key)
    }

    fn first_of(&self, id: u32) -> u32 {
        let session = self.session(id);
        if session.start == NONE { session.first } else { session.start }
    }

    fn word(&self, id: u32) -> Option<Cow<'_, str>> {
        Some(self.store.words.get(id)).filter(|word| !word.is_empty()).map(text)
    }

    /// A word that libvirt leaves raw.
    fn raw_word(&self, id: u32) -> Option<Cow<'_, str>> {
        let word = self.store.words.get(id);
        (!word.is_empty()).then(|| owned(viraudit::encode::decode_raw(word)))
    }

    fn name(&self, id: u32) -> Cow<'_, str> {
        owned(decoded(self.store.words.get(id)))
    }

    fn who(&self, event: &Event) -> (Option<&str>, Option<u32>) {
        let id = event.who as usize;
        let auid = self.store.users.all().get(id).and_then(|user: &User| user.auid);
        (self.users.get(id).and_then(Option::as_deref), auid)
    }

    /// The guests that have, or once had, this name.
    fn named(&self, name: &[u8]) -> HashSet<u32> {
        let known = self.store.guests.iter().enumerate().map(|(id, guest)| (id as u32, guest.name));
        let known = known.chain(self.store.renamed.iter().copied());
        known
            .filter(|&(_, id)| *decoded(self.store.words.get(id)) == *name)
            .map(|(id, _)| id)
            .collect()
    }

    fn is_selected(&self, id: u32, named: Option<&HashSet<u32>>) -> bool {
        let session = self.session(id);
        if session.merged != NONE {
            return false;
        }
        let guest = &self.store.guests[session.guest as usize];
        let filter = &self.filter;
        if filter.uuid.is_some_and(|uuid| uuid != guest.uuid) {
            return false;
        }
        if filter.host.as_ref().is_some_and(|host| host != self.store.words.get(guest.host)) {
            return false;
        }
        if named.is_some_and(|guests| !guests.contains(&session.guest)) {
            return false;
        }
        if filter.failed && !session.failed {
            return false;
        }
        if filter.start.is_some() || filter.end.is_some() {
            let (from, until) = self.span(session);
            return filter.start.is_none_or(|start| until >= start)
                && filter.end.is_none_or(|end| from <= end);
        }
        true
    }

    /// From when to when something is known of a session.
    fn span(&self, session: &Session) -> (i64, i64) {
        let at = |id| self.event(id).map(|event| event.stamp.ms);
        let first = at(session.start).or(at(session.first)).unwrap_or(i64::MIN);
        // What was running at the log's beginning has no start in it.
        let from = if session.start == NONE { i64::MIN } else { first };
        let until = match session.state {
            State::Failed => first,
            State::Running => i64::MAX,
            _ => at(session.end).unwrap_or(i64::MAX),
        };
        (from.min(until), until)
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.selected.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.selected.is_empty()
    }

    /// About how many events the log's sessions have that were asked for.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Some of the sessions.
    pub fn range(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = SessionView<'_>> {
        let selected = &self.selected[range];
        self.fetch(selected);
        self.views(selected.iter().copied())
    }

    /// Has the processor fetch what is known of some sessions, all at once. One after the other,
    /// with each one's row written in between, it would wait for the memory most of the time.
    fn fetch(&self, selected: &[u32]) {
        let fetched = selected.iter().fold(0, |sum, &id| {
            let session = self.session(id);
            let key = |id| self.event(id).map_or(0, |event| event.key);
            let name = self.store.guests[session.guest as usize].name;
            sum ^ key(session.start) ^ key(session.end) ^ i64::from(name)
        });
        std::hint::black_box(fetched);
    }

    /// The sessions, by their start.
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = SessionView<'_>> {
        self.views(self.selected.iter().copied())
    }

    fn views<'r, I: Iterator<Item = u32>>(
        &'r self,
        ids: I,
    ) -> Map<I, impl FnMut(u32) -> SessionView<'r>> {
        let mut words = RecentWords::default();
        ids.map(move |id| self.view(id, &mut words))
    }

    /// A session's events that were asked for, in their order.
    pub fn events<'r>(
        &'r self,
        session: &SessionView<'_>,
    ) -> impl Iterator<Item = EventView<'r>> + use<'r> {
        let id = session.id;
        self.store.fetch(self.events.of(id));
        self.events.of(id).iter().filter_map(move |&event| EventView::new(self, id, event))
    }

    /// Counts of everything that was asked for.
    pub fn summary(&self) -> Summary {
        Summary::of(self)
    }
}
