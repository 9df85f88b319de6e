//! Sessions: the events of a guest from its start to its stop.

mod correlator;
mod event_runs;
mod identifiers;
mod owner_index;

pub(crate) use correlator::Correlator;
pub(crate) use event_runs::EventRuns;
pub(crate) use identifiers::{guest_of_profile, normalize, parents};

use crate::events::{EventId, GuestId, WordId, define_id};

define_id!(
    /// A [`Session`].
    SessionId
);

/// The state of a session at the end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The guest is running.
    Running,
    /// The guest was stopped.
    Stopped,
    /// The start failed.
    Failed,
    /// The guest was started again without a stop.
    Lost,
    /// The host went down.
    Down,
    /// There are records about the guest, but none that starts or stops it. Nothing is known about
    /// whether it runs.
    Seen,
    /// No session, but a start that was prepared and never completed. It is shown only with its events.
    Unstarted,
}

impl State {
    /// All states of sessions.
    pub const ALL: [Self; 6] =
        [Self::Running, Self::Stopped, Self::Failed, Self::Lost, Self::Down, Self::Seen];

    /// The name of the state in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Down => "down",
            Self::Seen => "seen",
            Self::Unstarted => "unstarted",
        }
    }
}

impl Session {
    /// Whether an event showed that the guest was running.
    pub(crate) fn lives(&self) -> bool {
        self.lives
    }
}

/// A session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    pub(crate) guest: GuestId,
    /// The name of the guest at the start.
    pub(crate) name: WordId,
    /// The start; `None` if it is not in the log.
    pub(crate) start: Option<EventId>,
    /// The event that ended it: a stop, a newer start, or the host's shutdown or boot.
    pub(crate) end: Option<EventId>,
    /// The last event of the guest that is not a start or an end.
    pub(crate) seen: Option<EventId>,
    /// The first event of any kind, by which sessions without a start are sorted.
    pub(crate) first: EventId,
    /// The session that this one was merged into.
    pub(crate) merged: Option<SessionId>,
    pub(crate) state: State,
    /// Whether an event failed.
    pub(crate) failed: bool,
    /// Whether records are missing while it was open.
    pub(crate) gap: bool,
    /// Whether its preparation is in the log from its beginning.
    begins: bool,
    /// Whether it was prepared.
    prepared: bool,
    /// Whether an event showed that the guest was running.
    lives: bool,
}
