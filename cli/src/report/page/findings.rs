//! The list "To look at first": sessions in which something went wrong.

use super::events::Events;
use super::timeline::Timeline;
use viraudit_trail::report::SessionView;
use viraudit_trail::session::State;

/// Sessions with something in common that is worth a look.
#[derive(Debug)]
pub(super) struct Finding {
    /// Its name in the page's data.
    pub(super) name: &'static str,
    /// The text behind the number of sessions, for one session and for several.
    pub(super) text: [&'static str; 2],
    /// The sessions, by their position.
    pub(super) sessions: Vec<usize>,
}

/// The findings, the gravest first. Empty ones are omitted.
pub(super) fn find(
    sessions: &[SessionView<'_>],
    timeline: &Timeline,
    events: &Events,
) -> Vec<Finding> {
    let mut second = timeline.second.clone();
    second.dedup();
    let chosen = |is: &dyn Fn(usize, &SessionView<'_>) -> bool| {
        let all = sessions.iter().enumerate();
        all.filter(|(at, session)| is(*at, session)).map(|(at, _)| at).collect::<Vec<_>>()
    };
    let is = |state: State| move |_: usize, session: &SessionView<'_>| session.state == state;
    let found = [
        ("overlap", ["ran on two hosts at once", "ran on two hosts at once"], second),
        (
            "denial",
            ["had denials or anomalies", "had denials or anomalies"],
            chosen(&|at, _| events.counts[at].denials + events.counts[at].anomalies > 0),
        ),
        ("failed", ["failed to start", "failed to start"], chosen(&is(State::Failed))),
        (
            "operation",
            ["had failed operations while it ran", "had failed operations while they ran"],
            chosen(&|at, session| session.state != State::Failed && events.counts[at].failed > 0),
        ),
        (
            "lost",
            [
                "was started again without a stop in the log",
                "were started again without a stop in the log",
            ],
            chosen(&is(State::Lost)),
        ),
        ("down", ["ended with its host", "ended with their host"], chosen(&is(State::Down))),
        (
            "gap",
            [
                "may have ended where records are missing",
                "may have ended where records are missing",
            ],
            chosen(&|_, session| session.gap),
        ),
        (
            "nostart",
            ["has no start in the log", "have no start in the log"],
            chosen(&|_, session| session.start.is_none() && session.state != State::Unstarted),
        ),
        (
            "unstarted",
            ["was prepared, but never started", "were prepared, but never started"],
            chosen(&is(State::Unstarted)),
        ),
    ];
    let found = found.into_iter().filter(|(_, _, sessions)| !sessions.is_empty());
    found.map(|(name, text, sessions)| Finding { name, text, sessions }).collect()
}
