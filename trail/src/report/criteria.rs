//! The criteria that an event fulfils or not. A session fulfils them if one of its events fulfils all.

use super::filter::Failed;
use super::{MacAddress, Report};
use crate::events::{Event, EventId, EventKind};
use crate::line::{LANDLOCK_ACCESS, LANDLOCK_DOMAIN, Op, ResourceChange, SECCOMP};
use crate::session::{Session, SessionId, State};
use std::borrow::Cow;
use viraudit::RecordType;
use viraudit::encode::decode_raw;
use viraudit::internal::record::Kind;

/// The kinds of events that `--kind` knows, besides the kinds of resources.
pub const EVENT_KINDS: [&str; 17] = [
    "start",
    "stop",
    "init",
    "label",
    "avc",
    "landlock",
    "landlock-domain",
    "seccomp",
    "anomaly",
    "down",
    "boot",
    "create",
    "destroy",
    "migrate-in",
    "migrate-out",
    "integrity-check",
    "control",
];

/// The kinds of resources.
pub fn resource_kinds() -> impl Iterator<Item = &'static str> {
    Kind::ALL.iter().map(|kind| kind.name)
}

/// The kind of an event; `None` if it is not shown.
pub(super) fn kind_of(kind: EventKind) -> Option<&'static str> {
    Some(match kind {
        EventKind::Seen => return None,
        EventKind::Down => "down",
        EventKind::Boot => "boot",
        EventKind::Avc => "avc",
        EventKind::Anomaly(SECCOMP) => "seccomp",
        EventKind::Anomaly(LANDLOCK_ACCESS) => "landlock",
        EventKind::Anomaly(LANDLOCK_DOMAIN) => "landlock-domain",
        EventKind::Anomaly(_) => "anomaly",
        EventKind::Virt(op) => match op {
            Op::Start => "start",
            Op::Stop => "stop",
            Op::Init => "init",
            Op::OtherControl => "control",
            Op::Label => "label",
            Op::Resource => "resource",
            Op::Lifecycle(RecordType::VirtIntegrityCheck) => "integrity-check",
            Op::Lifecycle(RecordType::VirtCreate) => "create",
            Op::Lifecycle(RecordType::VirtDestroy) => "destroy",
            Op::Lifecycle(RecordType::VirtMigrateIn) => "migrate-in",
            Op::Lifecycle(_) => "migrate-out",
        },
    })
}

impl Report {
    /// Whether an event of a session fulfils all criteria but the time.
    #[inline]
    pub(super) fn fits(&self, session: &Session, id: EventId, event: &Event) -> bool {
        !self.has_criteria || self.fits_all(session, id, event)
    }

    fn fits_all(&self, session: &Session, id: EventId, event: &Event) -> bool {
        self.is_thing(event) && self.is_deed(session, id, event)
    }

    /// Whether an event fulfils the criteria about the thing: its kind, its path, address or device.
    pub(super) fn is_thing(&self, event: &Event) -> bool {
        (self.filter.kinds.is_empty() || self.has_kind(event))
            && (!self.filter.has_subject() || self.has_subject(event))
    }

    /// Whether an event fulfils the criteria about what was done: by whom, why, and with which result.
    pub(super) fn is_deed(&self, session: &Session, id: EventId, event: &Event) -> bool {
        let filter = &self.filter;
        let is_virt = matches!(event.kind, EventKind::Virt(_));
        let failed = match filter.failed {
            // A failed start is a session, with all its events.
            None | Some(Failed::Starts) => true,
            Some(_) if event.success || !is_virt => false,
            Some(Failed::Any) => true,
            Some(Failed::Operations) => event.kind != EventKind::Virt(Op::Start),
        };
        failed
            && (filter.reasons.is_empty() || self.has_reason(event))
            && (!filter.changes || self.is_change(session, id, event))
            && self.is_by_user(event)
    }

    /// Whether any event of a session fulfils all criteria.
    pub(super) fn any_fits(&self, id: SessionId) -> bool {
        let session = self.session(id);
        self.any(id, |event, id| self.fits(session, id, event))
    }

    /// Whether any event of a session fulfils a condition.
    pub(super) fn any(&self, id: SessionId, fits: impl Fn(&Event, EventId) -> bool) -> bool {
        let session = self.session(id);
        // A lost one was ended by the start of another.
        let end = session.end.filter(|_| session.state != State::Lost);
        let ends = [session.start, end].into_iter().flatten();
        // Denials are of the guest's own process.
        let by_anyone = self.filter.user.is_none();
        ends.chain(self.events.of(id).iter().copied()).any(|id| {
            let event = self.event(id);
            let counts = by_anyone || matches!(event.kind, EventKind::Virt(_));
            counts && fits(&event, id)
        })
    }

    fn has_kind(&self, event: &Event) -> bool {
        let Some(kind) = kind_of(event.kind) else { return false };
        let kind = match event.kind {
            EventKind::Virt(Op::Resource) => self.store.words.get(event.what),
            _ => kind.as_bytes(),
        };
        self.filter.kinds.iter().any(|wanted| wanted.as_bytes() == kind)
    }

    fn has_reason(&self, event: &Event) -> bool {
        let reason = match event.kind {
            EventKind::Down => Cow::Borrowed(&b"host-shutdown"[..]),
            EventKind::Boot => Cow::Borrowed(&b"host-crash"[..]),
            EventKind::Virt(_) => decode_raw(self.store.words.get(event.reason)),
            _ => return false,
        };
        self.filter.reasons.iter().any(|wanted| *wanted.as_bytes() == *reason)
    }

    /// Whether an event changes a running guest.
    fn is_change(&self, session: &Session, id: EventId, event: &Event) -> bool {
        let runs = session.start.is_none_or(|start| id > start);
        let EventKind::Virt(op) = event.kind else { return false };
        runs && match op {
            Op::Resource => {
                !self.is_access(event) && self.store.words.get(event.reason) != b"start"
            }
            Op::Label | Op::OtherControl | Op::Lifecycle(_) => true,
            Op::Start | Op::Stop | Op::Init => false,
        }
    }

    /// Whether an event reports an access that was denied, or would have been if the policy were enforced.
    pub(super) fn is_denial(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Avc => !self.store.denial_of(event).is_granted(),
            EventKind::Anomaly(LANDLOCK_ACCESS | SECCOMP) => true,
            _ => false,
        }
    }

    /// Whether a record about a resource only reports an access of the host that belongs to another
    /// operation: a device that a cgroup allows or denies, or one that is opened for an interface.
    pub(super) fn is_access(&self, event: &Event) -> bool {
        event.kind == EventKind::Virt(Op::Resource)
            && match self.store.words.get(event.what) {
                b"cgroup" => true,
                b"net" => self.store.words.get(event.reason) == b"open",
                _ => false,
            }
    }

    /// Whether an event has a selected path, MAC address or device.
    fn has_subject(&self, event: &Event) -> bool {
        let filter = &self.filter;
        let has_path = |path: &[u8], shared| filter.paths.iter().any(|it| it.matches(path, shared));
        let paths = match event.kind {
            EventKind::Virt(Op::Resource) => return self.resource_has_subject(event),
            EventKind::Virt(Op::Lifecycle(_)) => {
                let image = crate::line::fields::find(self.store.text(event), b"image");
                image.and_then(crate::line::fields::decoded_option).into_iter().collect()
            }
            EventKind::Avc | EventKind::Anomaly(LANDLOCK_ACCESS) => {
                self.store.denial_of(event).paths()
            }
            _ => return false,
        };
        let others = filter.macs.is_empty() && filter.devices.is_empty();
        others && paths.iter().any(|path| has_path(path, false))
    }

    fn resource_has_subject(&self, event: &Event) -> bool {
        let filter = &self.filter;
        let kind = self.store.words.get(event.what);
        let is_net = kind == b"net";
        let is_device = kind == b"dev";
        if !filter.macs.is_empty() && !is_net || !filter.devices.is_empty() && !is_device {
            return false;
        }
        if matches!(kind, b"mem" | b"vcpu" | b"iothread") {
            return false;
        }
        let words = &self.store.words;
        let change = ResourceChange::new(kind, words.get(event.reason), self.store.text(event));
        let sides = || [&change.old, &change.new].into_iter().flatten();
        let other = |key: &[u8]| change.more.iter().find(|(name, _)| *name == key).map(|it| &it.1);
        let path_fits = || {
            let shared = kind == b"fs";
            let has = |path: &[u8]| filter.paths.iter().any(|it| it.matches(path, shared));
            let is_path = |text: &&Cow<'_, [u8]>| text.starts_with(b"/");
            // The path of a cgroup itself is no resource of the guest.
            let own = sides().filter(|_| kind != b"cgroup");
            own.chain(other(b"path")).filter(is_path).any(|path| has(path))
        };
        let mac_fits = || {
            let parsed = sides().filter_map(|text| MacAddress::parse(text).ok());
            parsed.into_iter().any(|mac| filter.macs.contains(&mac))
        };
        let device_fits = || {
            let bus = other(b"bus").map(|bus| String::from_utf8_lossy(bus)).unwrap_or_default();
            sides().any(|address| filter.devices.iter().any(|device| device.is(&bus, address)))
        };
        (filter.paths.is_empty() || path_fits())
            && (filter.macs.is_empty() || mac_fits())
            && (filter.devices.is_empty() || device_fits())
    }
}
