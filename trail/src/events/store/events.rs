//! All events, packed: a long log has millions.

use super::common::{Common, CommonId, Commons, Extra};
use super::event::Event;
use super::guests::Guests;
use super::texts::TextId;
use crate::events::{EventId, GuestId, WordId};
use crate::line::Stamp;

/// An event, packed.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// The time, which is also the key.
    ms: i64,
    serial: u32,
    guest: Option<GuestId>,
    /// What it has in common with many others. `None` if the event could not be packed: `extra` is
    /// then its index among those.
    common: Option<CommonId>,
    /// As `common` says.
    extra: u32,
}

const _: () = assert!(size_of::<Packed>() == 24, "a long log has millions");

/// All events, in their order.
#[derive(Debug, Default)]
pub(crate) struct Events {
    all: Vec<Packed>,
    commons: Commons,
    /// Events that could not be packed: while a clock that was set back has not caught up, with
    /// unusual numbers, or with both a process id and a text.
    unpacked: Vec<Event>,
}

impl Events {
    /// The number of events.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Adds an event. Panics if there are four billion.
    #[inline]
    pub(super) fn push(&mut self, event: Event, guests: &Guests) {
        let packed = self.packed(&event, guests).unwrap_or_else(|| {
            self.unpacked.push(event);
            let extra = EventId::new(self.unpacked.len() - 1).index() as u32;
            Packed { ms: event.key, serial: 0, guest: None, common: None, extra }
        });
        let _checked = EventId::new(self.all.len());
        self.all.push(packed);
    }

    /// The event, packed, if it can be.
    #[inline]
    fn packed(&mut self, event: &Event, guests: &Guests) -> Option<Packed> {
        let Event { key, stamp, guest, pid, text, .. } = *event;
        let serial = u32::try_from(stamp.serial).ok().filter(|_| key == stamp.ms)?;
        let (kind, extra) = match (pid, text) {
            (None, None) => (Extra::None, 0),
            (Some(pid), None) => (Extra::Pid, u32::try_from(pid).ok()?),
            (None, Some(text)) => (Extra::Text, text.index() as u32),
            (Some(_), Some(_)) => return None,
        };
        let name = Some(event.name).filter(|&name| name != name_of(guest, guests));
        let common = Some(self.commons.intern(Common::new(event, name, kind)));
        Some(Packed { ms: key, serial, guest, common, extra })
    }

    /// The event with this id.
    #[inline(always)] // as unpack is
    pub(super) fn get(&self, id: EventId, guests: &Guests) -> Event {
        self.unpack(&self.all[id.index()], guests)
    }

    #[inline(always)] // so that only what the caller needs is unpacked
    fn unpack(&self, packed: &Packed, guests: &Guests) -> Event {
        let Packed { ms, serial, guest, common, extra } = *packed;
        let Some(common) = common else { return self.unpacked[extra as usize] };
        let common = self.commons.get(common);
        let Common { host, user, reason, what, kind, success, sign, .. } = *common;
        let (pid, text) = match common.extra {
            Extra::None => (None, None),
            Extra::Pid => (Some(extra.into()), None),
            Extra::Text => (None, Some(TextId::new(extra as usize))),
        };
        let name = common.name.unwrap_or_else(|| name_of(guest, guests));
        let stamp = Stamp { ms, serial: serial.into() };
        Event {
            key: ms,
            stamp,
            pid,
            text,
            host,
            guest,
            name,
            reason,
            what,
            user,
            kind,
            success,
            sign,
        }
    }

    /// The place of an event among all in time: its sort key.
    #[inline]
    pub(crate) fn order(&self, id: EventId) -> (i64, u64) {
        order(&self.all[id.index()], &self.unpacked)
    }

    /// The sort key of the last event.
    #[inline]
    pub(super) fn last_order(&self) -> Option<(i64, u64)> {
        self.all.last().map(|last| order(last, &self.unpacked))
    }

    /// The time by which an event is sorted.
    #[inline]
    pub(crate) fn key(&self, id: EventId) -> i64 {
        self.order(id).0
    }

    /// The text of an event, for prefetching.
    #[inline]
    pub(super) fn text(&self, id: EventId) -> Option<TextId> {
        let Packed { common, extra, .. } = self.all[id.index()];
        let Some(common) = common else { return self.unpacked[extra as usize].text };
        let has_text = self.commons.get(common).extra == Extra::Text;
        has_text.then(|| TextId::new(extra as usize))
    }

    /// Removes the last event if it fulfils a condition.
    pub(super) fn pop_if(
        &mut self,
        guests: &Guests,
        condition: impl Fn(&Event) -> bool,
    ) -> Option<Event> {
        let last = self.all.len().checked_sub(1)?;
        let event = Some(self.get(EventId::new(last), guests)).filter(condition)?;
        if self.all.pop()?.common.is_none() {
            self.unpacked.pop();
        }
        Some(event)
    }

    /// Sorts the events by time.
    pub(super) fn sort(&mut self) {
        let Self { all, unpacked, .. } = self;
        if !all.is_sorted_by_key(|packed| order(packed, unpacked)) {
            all.sort_by_key(|packed| order(packed, unpacked));
        }
    }

    /// Removes each event that is a repetition of the one before it.
    pub(super) fn dedup(&mut self, guests: &Guests, is_repeated: impl Fn(&Event, &Event) -> bool) {
        let mut all = std::mem::take(&mut self.all);
        all.dedup_by(|a, b| is_repeated(&self.unpack(a, guests), &self.unpack(b, guests)));
        self.all = all;
    }

    /// Frees the memory that only adding needs.
    pub(super) fn complete(&mut self) {
        self.commons.complete();
    }
}

/// The name that an event about a guest mostly has.
#[inline]
fn name_of(guest: Option<GuestId>, guests: &Guests) -> WordId {
    guest.map_or(WordId::EMPTY, |guest| guests[guest].name)
}

#[inline]
fn order(packed: &Packed, unpacked: &[Event]) -> (i64, u64) {
    match packed.common {
        Some(_) => (packed.ms, packed.serial.into()),
        None => unpacked[packed.extra as usize].order(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::UserId;
    use crate::events::store::EventKind;
    use crate::line::{Op, Sign};
    use proptest::prelude::*;

    fn number<N: Copy + std::fmt::Debug + 'static>(
        special: Vec<N>,
        any: impl Strategy<Value = N> + 'static,
    ) -> impl Strategy<Value = N> {
        prop_oneof![prop::sample::select(special), any]
    }

    /// Times before 1970 and at the ends of the range, serial numbers above 32 bits, negative process
    /// ids, and a clock that was set back.
    fn event() -> impl Strategy<Value = Event> {
        let ms = number(vec![0, -1, i64::MIN, i64::MAX, 1_700_000_000_000], any::<i64>());
        let lag = prop_oneof![3 => Just(0), 1 => 1i64..100_000];
        let serial = number(vec![0, 1, 0xFFFF_FFFF, 1 << 32, u64::MAX], 0u64..100_000);
        let pids = vec![0, -1, 777, 0xFFFF_FFFF, 1 << 32, i64::MIN, i64::MAX];
        let pid = prop::option::of(number(pids, any::<i64>()));
        let text = prop::option::of(number(vec![0, u32::MAX as usize - 1], 0usize..9));
        let kinds = vec![
            EventKind::Virt(Op::Start),
            EventKind::Virt(Op::Resource),
            EventKind::Seen,
            EventKind::Avc,
            EventKind::Anomaly(1701),
            EventKind::Down,
            EventKind::Boot,
        ];
        let signs = vec![Sign::Any, Sign::Begins, Sign::Lives];
        let shared = (
            prop::array::uniform4(0usize..3),
            prop::sample::select(kinds),
            any::<bool>(),
            prop::sample::select(signs),
            0usize..3,
        );
        (ms, lag, serial, pid, text, shared).prop_map(|(ms, lag, serial, pid, text, shared)| {
            let (words, kind, success, sign, user) = shared;
            let [host, name, reason, what] = words.map(WordId::new);
            Event {
                key: ms.saturating_add(lag),
                stamp: Stamp { ms, serial },
                pid,
                text: text.map(TextId::new),
                host,
                guest: None,
                name,
                reason,
                what,
                user: UserId::new(user),
                kind,
                success,
                sign,
            }
        })
    }

    fn all(events: &Events, guests: &Guests) -> Vec<Event> {
        (0..events.len()).map(|at| events.get(EventId::new(at), guests)).collect()
    }

    proptest! {
        #[test]
        fn packed_events_are_what_was_added(added in prop::collection::vec(event(), 1..40)) {
            let guests = Guests::default();
            let mut events = Events::default();
            for event in &added {
                events.push(*event, &guests);
                prop_assert_eq!(events.last_order(), Some(event.order()));
            }
            prop_assert_eq!(all(&events, &guests), added.clone());
            for (at, event) in added.iter().enumerate() {
                prop_assert_eq!(events.order(EventId::new(at)), event.order());
                prop_assert_eq!(events.key(EventId::new(at)), event.key);
                prop_assert_eq!(events.text(EventId::new(at)), event.text);
            }
        }

        #[test]
        fn sorting_and_removing_are_those_of_a_list(added in prop::collection::vec(event(), 1..40)) {
            let guests = Guests::default();
            let mut events = Events::default();
            let mut expected = added.clone();
            // Each twice.
            for event in added.iter().chain(&added) {
                events.push(*event, &guests);
            }
            events.sort();
            events.dedup(&guests, |a, b| a == b);
            expected.extend(added);
            expected.sort_by_key(Event::order);
            expected.dedup();
            prop_assert_eq!(all(&events, &guests), expected);
        }

        #[test]
        fn the_last_event_is_removed(added in prop::collection::vec(event(), 1..40)) {
            let guests = Guests::default();
            let mut events = Events::default();
            for event in &added {
                events.push(*event, &guests);
                prop_assert_eq!(events.pop_if(&guests, |last| last != event), None);
                prop_assert_eq!(events.pop_if(&guests, |last| last == event), Some(*event));
                events.push(*event, &guests);
            }
            prop_assert_eq!(all(&events, &guests), added);
        }
    }

    /// A start with a process id, a resource with its text: what nearly all events of a log are.
    #[test]
    fn usual_events_are_packed() {
        let guests = Guests::default();
        let mut events = Events::default();
        let stamp = Stamp { ms: 1_700_000_000_000, serial: 0xFFFF_FFFF };
        let event = Event::new(stamp.ms, stamp, WordId::EMPTY, UserId::new(0));
        events.push(Event { pid: Some(4_194_304), ..event }, &guests);
        events.push(Event { text: Some(TextId::new(7)), ..event }, &guests);
        assert!(events.unpacked.is_empty());
        events.push(Event { key: stamp.ms + 1, ..event }, &guests);
        assert_eq!(events.unpacked.len(), 1);
    }
}
