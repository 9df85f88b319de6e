//! Why a start failed, as far as the log shows.

use super::session::is_proof;
use super::{Report, SessionView, decoded_text};
use crate::events::{Event, EventId, EventKind};
use crate::line::{Denial, LANDLOCK_ACCESS, LANDLOCK_DOMAIN, Op, ResourceChange, SECCOMP, Stamp};
use crate::session::{Session, SessionId, State, guest_of_profile, normalize};
use std::borrow::Cow;
use std::collections::HashSet;

/// How long before a failed start a denial may be about it, in milliseconds. libvirt waits up to half
/// a minute for a process that starts.
const BEFORE: i64 = 60_000;

/// How long after it the end of its process may be logged.
const AFTER: i64 = 1000;

/// The kind of a [`Cause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CauseKind {
    /// The guest's process crashed.
    Crash,
    /// The kernel or a security module denied something.
    Denial,
    /// An operation that prepared the start failed.
    Operation,
}

impl CauseKind {
    /// The name in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Denial => "denial",
            Self::Operation => "operation",
        }
    }
}

/// A possible cause of a failed start.
#[derive(Clone, Debug)]
pub struct Cause {
    /// Its kind.
    pub kind: CauseKind,
    /// The time, in milliseconds since 1970.
    pub time: i64,
    /// A sentence for people.
    pub text: String,
    /// The record.
    pub proof: Option<Stamp>,
    /// Whether it is the likely cause: the last failed operation, else the last denial, else the last
    /// crash.
    pub likely: bool,
}

impl Report {
    /// The possible causes of a failed start, in their order: failed operations of its preparation, denials
    /// about its process, its label or its images, and crashes of its process. Empty for other
    /// sessions, and if only starts and stops were read.
    pub fn causes(&self, session: &SessionView<'_>) -> Vec<Cause> {
        self.causes_of(session.id)
    }

    /// As [`Report::causes`].
    pub(super) fn causes_of(&self, id: SessionId) -> Vec<Cause> {
        let session = self.session(id);
        let Some(start) = session.start.filter(|_| session.state == State::Failed) else {
            return Vec::new();
        };
        if !self.store.wants.details {
            return Vec::new();
        }
        let failed = self.event(start);
        let until = failed.stamp.ms + AFTER;
        let mut ids: Vec<EventId> = Vec::new();
        for &id in self.events.of(id) {
            let event = self.event(id);
            let counts = match event.kind {
                EventKind::Virt(_) => id < start && !event.success,
                _ => event.stamp.ms <= until,
            };
            if counts {
                ids.push(id);
            }
        }
        ids.extend(self.unowned_about(id, session, &failed));
        ids.sort_unstable();
        let mut causes: Vec<Cause> = ids.into_iter().filter_map(|id| self.cause(id)).collect();
        let last_of = |kind| causes.iter().rposition(|cause: &Cause| cause.kind == kind);
        let likely = last_of(CauseKind::Operation)
            .or_else(|| last_of(CauseKind::Denial))
            .or_else(|| last_of(CauseKind::Crash));
        if let Some(cause) = likely.and_then(|at| causes.get_mut(at)) {
            cause.likely = true;
        }
        causes
    }

    /// Denials and crashes of the host around a failed start that belong to no session: libvirt names
    /// the images of a guest only after they were denied.
    fn unowned_about(&self, id: SessionId, session: &Session, failed: &Event) -> Vec<EventId> {
        let (at, guest) = (failed.stamp.ms, self.store.guests[session.guest]);
        let unowned = self.unowned();
        let time = |id: &EventId| self.event(*id).stamp.ms;
        let from = unowned.partition_point(|id| time(id) < at - BEFORE);
        let near = unowned[from..].iter().take_while(|id| time(id) <= at + AFTER);
        let mut paths: Option<HashSet<Vec<u8>>> = None;
        let is_about = |&&event_id: &&EventId| {
            let event = self.event(event_id);
            if event.host != failed.host {
                return false;
            }
            let denial = self.store.denial_of(&event);
            let pid = failed.pid().filter(|&pid| pid > 0);
            if pid.is_some() && denial.pid() == pid {
                return true;
            }
            let of_guest = |label: &[u8]| guest_of_profile(label) == Some(guest.uuid);
            let labels = denial.source_labels();
            if denial.profile().is_some_and(|it| of_guest(&it))
                || labels.iter().any(|it| of_guest(it))
            {
                return true;
            }
            let paths = paths.get_or_insert_with(|| self.start_paths(id));
            let has_path = denial.paths().iter().any(|path| paths.contains(&*normalize(path)));
            has_path && matches!(event.kind, EventKind::Avc | EventKind::Anomaly(LANDLOCK_ACCESS))
        };
        near.filter(is_about).copied().collect()
    }

    /// The paths of the resources that a start names.
    fn start_paths(&self, id: SessionId) -> HashSet<Vec<u8>> {
        let mut paths = HashSet::new();
        for &id in self.events.of(id) {
            let event = self.event(id);
            let words = &self.store.words;
            if event.kind != EventKind::Virt(Op::Resource) || words.get(event.what) == b"cgroup" {
                continue;
            }
            let (kind, reason) = (words.get(event.what), words.get(event.reason));
            let change = ResourceChange::new(kind, reason, self.store.text(&event));
            let path = change.new.filter(|path| path.starts_with(b"/"));
            paths.extend(path.map(|path| normalize(&path).into_owned()));
        }
        paths
    }

    /// Denials and anomalies that belong to no session, in their order.
    fn unowned(&self) -> &[EventId] {
        self.unowned.get_or_init(|| {
            let is_report = |id: &EventId| {
                matches!(self.event(*id).kind, EventKind::Avc | EventKind::Anomaly(_))
            };
            let owned: HashSet<EventId> =
                self.events.all().iter().copied().filter(is_report).collect();
            let all = (0..self.store.events.len()).map(EventId::new).filter(is_report);
            all.filter(|id| !owned.contains(id)).collect()
        })
    }

    /// An event as a cause; `None` if it made nothing fail.
    fn cause(&self, id: EventId) -> Option<Cause> {
        let event = self.event(id);
        let denial = || self.store.denial_of(&event);
        let (kind, text) = match event.kind {
            EventKind::Virt(_) => (CauseKind::Operation, self.sentence(&event)),
            EventKind::Avc => (CauseKind::Denial, denied(&denial())?),
            EventKind::Anomaly(LANDLOCK_ACCESS) => {
                let denial = denial();
                let what = denial.field(b"blockers");
                (CauseKind::Denial, denied_by("Landlock", what, denial.target(), &denial))
            }
            EventKind::Anomaly(SECCOMP) => {
                let denial = denial();
                // Any other action lets the call pass, or only logs it.
                let ends = denial.signal().is_some_and(|signal| signal > 0);
                let code = denial.plain(b"code").unwrap_or_default();
                if !ends && !code.starts_with(b"0x5") {
                    return None;
                }
                let call = denial.plain(b"syscall").map(Cow::Borrowed);
                (
                    CauseKind::Denial,
                    denied_by("seccomp", Some(b"system call"[..].into()), call, &denial),
                )
            }
            EventKind::Anomaly(LANDLOCK_DOMAIN) => return None,
            EventKind::Anomaly(_) => {
                let denial = denial();
                let signal = denial.signal()?;
                let name = super::event::signal_name(signal)
                    .map_or_else(|| format!("signal {signal}"), str::to_owned);
                (CauseKind::Crash, format!("{} ended by {name}", process(&denial)))
            }
            EventKind::Seen | EventKind::Down | EventKind::Boot => return None,
        };
        let proof = Some(event.stamp).filter(is_proof);
        Some(Cause { kind, time: event.stamp.ms, text, proof, likely: false })
    }
}

/// A denial as a sentence; `None` if nothing was denied.
fn denied(denial: &Denial<'_>) -> Option<String> {
    if denial.permissive() || denial.result()? != "denied" {
        return None;
    }
    let by = if denial.profile().is_some() { "AppArmor" } else { "SELinux" };
    Some(denied_by(by, denial.operation(), denial.target(), denial))
}

fn denied_by(
    by: &str,
    what: Option<Cow<'_, [u8]>>,
    target: Option<Cow<'_, [u8]>>,
    denial: &Denial<'_>,
) -> String {
    let mut text = format!("{by} denied {}", process(denial));
    for (word, part) in [(" ", what), (" on ", target)] {
        if let Some(part) = part {
            text.push_str(word);
            text.push_str(&decoded_text(part));
        }
    }
    text
}

/// The process of a denial or an anomaly.
fn process(denial: &Denial<'_>) -> String {
    let name =
        denial.comm().map_or_else(|| "a process".into(), |comm| decoded_text(comm).into_owned());
    match denial.pid() {
        Some(pid) => format!("{name} (process {pid})"),
        None => name,
    }
}
