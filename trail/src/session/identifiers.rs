//! The identifiers of a guest while its session lives: security labels, process ids, paths, UUID.
//! Denials and anomalies have no guest's name, so they are assigned by these.

use super::SessionId;
use super::event_runs::EventRun;
use super::owner_index::{IdentifierKey, OwnerIndex};
use crate::events::{Event, EventId, EventKind, Store, WordId};
use crate::line::fields::{find, number, raw_option};
use crate::line::{Denial, LANDLOCK_ACCESS, LANDLOCK_DOMAIN, Op, ResourceChange, context};
use foldhash::fast::RandomState;
use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use viraudit::Uuid;

/// The number of guests that a denial on a shared target is shown with.
const SHARED_MAX: usize = 16;

/// The kind of an identifier.
#[derive(Clone, Copy, Debug, Hash)]
enum IdentifierKind {
    ProcessLabel,
    ImageLabel,
    Path,
    /// A path whose whole directory is shared with the guest.
    Directory,
    ProcessId,
    Uuid,
    /// A Landlock domain.
    Domain,
}

/// The key of an identifier: a hash with a seed of this process.
fn key(kind: IdentifierKind, host: WordId, text: &[u8]) -> IdentifierKey {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    STATE.hash_one((kind, host, text))
}

/// The identifiers of all sessions.
///
/// Most logs have few denials and many sessions. So changes are only queued, and applied when a
/// denial must be assigned.
#[derive(Debug, Default)]
pub(super) struct Identifiers {
    queue: Vec<Change>,
    index: IdentifierIndex,
}

/// A change of a session.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// By these events the guest was started, or labels and resources were added or removed.
    Changed(EventRun),
    /// The session has ended.
    Ended(SessionId),
    /// The first session was merged into the second.
    Merged(SessionId, SessionId),
}

impl Identifiers {
    /// The guest of a session was started, or a label or a resource was added or removed.
    pub(super) fn change(&mut self, session: SessionId, event: EventId) {
        if let Some(Change::Changed(run)) = self.queue.last_mut()
            && run.extend(session, event)
        {
            return;
        }
        self.queue.push(Change::Changed(EventRun::new(session, event)));
    }

    /// A session has ended.
    pub(super) fn end(&mut self, session: SessionId) {
        self.queue.push(Change::Ended(session));
    }

    /// `from` was merged into `to`.
    pub(super) fn merge(&mut self, from: SessionId, to: SessionId) {
        self.queue.push(Change::Merged(from, to));
    }

    /// The sessions that a denial or an anomaly is about, each once.
    pub(super) fn find(
        &mut self,
        store: &Store,
        event: &Event,
        denial: &Denial<'_>,
    ) -> Vec<SessionId> {
        for change in self.queue.drain(..) {
            match change {
                Change::Changed(run) => {
                    for id in run.events() {
                        self.index.change(store, run.session, &store.event(id));
                    }
                }
                Change::Ended(session) => self.index.owners.remove_owner(session),
                Change::Merged(from, to) => self.index.owners.transfer(from, to),
            }
        }
        // Only some records of a Landlock domain have its process.
        if let Some(domain) = domain_of(event, denial)
            && let Some(session) = self.index.process_owner(event, denial)
        {
            self.index.add(session, IdentifierKind::Domain, event.host, domain);
        }
        self.index.find(event, denial)
    }
}

/// The sessions by their identifiers.
#[derive(Debug, Default)]
struct IdentifierIndex {
    owners: OwnerIndex,
    /// Whether any directory was ever shared.
    has_directories: bool,
}

impl IdentifierIndex {
    fn add(&mut self, session: SessionId, kind: IdentifierKind, host: WordId, text: &[u8]) {
        self.owners.add(session, key(kind, host, text));
    }

    fn start(&mut self, store: &Store, session: SessionId, event: &Event) {
        self.add_uuid(store, session, event);
        if let Some(pid) = event.pid().filter(|&pid| pid > 0) {
            self.add(session, IdentifierKind::ProcessId, event.host, &pid.to_le_bytes());
        }
    }

    /// Adds the UUID. It is the first identifier of a session, and never removed before its end.
    fn add_uuid(&mut self, store: &Store, session: SessionId, event: &Event) {
        let Some(guest) = event.guest.filter(|_| !self.owners.is_owner(session)) else { return };
        self.add(session, IdentifierKind::Uuid, event.host, &store.guests[guest].uuid.0);
    }

    fn change(&mut self, store: &Store, session: SessionId, event: &Event) {
        let EventKind::Virt(op) = event.kind else { return };
        if !event.success {
            return;
        }
        if op == Op::Start {
            return self.start(store, session, event);
        }
        self.add_uuid(store, session, event);
        let text = store.text(event);
        match op {
            Op::Label => self.add_labels(session, event.host, text),
            Op::Init => {
                if let Some(pid) = find(text, b"init-pid").and_then(number::<i64>) {
                    self.add(session, IdentifierKind::ProcessId, event.host, &pid.to_le_bytes());
                }
            }
            Op::Resource => {
                let kind = store.words.get(event.what);
                let reason = store.words.get(event.reason);
                // The path of a cgroup is not a file of the guest.
                if kind != b"cgroup" {
                    let change = ResourceChange::new(kind, reason, text);
                    self.change_paths(session, event.host, change, kind == b"fs");
                }
            }
            _ => {}
        }
    }

    fn add_labels(&mut self, session: SessionId, host: WordId, text: &[u8]) {
        for (kind, name) in [
            (IdentifierKind::ProcessLabel, &b"vm-ctx"[..]),
            (IdentifierKind::ImageLabel, b"img-ctx"),
        ] {
            let label = find(text, name).and_then(raw_option);
            // A DAC label such as +64055:+64055 identifies no guest.
            if let Some(label) = label.filter(|label| context(label).is_some()) {
                self.add(session, kind, host, &label);
                if let Some(level) = categories(&label) {
                    self.add(session, kind, host, level);
                }
            }
        }
    }

    /// Adds and removes paths. `shared` means that they may be directories shared with the guest.
    fn change_paths(
        &mut self,
        session: SessionId,
        host: WordId,
        change: ResourceChange<'_>,
        shared: bool,
    ) {
        use IdentifierKind::{Directory, Path};
        let is_path = |value: &Cow<'_, [u8]>| value.starts_with(b"/");
        self.has_directories |= shared;
        if let Some(old) = change.old.filter(is_path) {
            let old = normalize(&old);
            self.owners.remove(session, key(Path, host, &old));
            self.owners.remove(session, key(Directory, host, &old));
        }
        if let Some(new) = change.new.filter(is_path) {
            let new = normalize(&new);
            self.add(session, Path, host, &new);
            // All paths of the host are below the root.
            if shared && *new != *b"/" {
                self.add(session, Directory, host, &new);
            }
        }
    }

    fn owners(
        &self,
        kind: IdentifierKind,
        host: WordId,
        text: &[u8],
    ) -> impl Iterator<Item = SessionId> {
        self.owners.of(key(kind, host, text))
    }

    /// The owners of a label, then those of its categories: a guest may run programs of other types
    /// with its own categories. Types that are not sVirt's may use the same categories by chance.
    fn owners_of_label(
        &self,
        kind: IdentifierKind,
        host: WordId,
        label: &[u8],
    ) -> impl Iterator<Item = SessionId> {
        let categories = categories(label).filter(|_| is_guest_type(label));
        let by_categories = categories.map(|level| self.owners(kind, host, level));
        self.owners(kind, host, label).chain(by_categories.into_iter().flatten())
    }

    /// The session of the process: the newest, if several have the same identifier.
    fn process_owner(&self, event: &Event, denial: &Denial<'_>) -> Option<SessionId> {
        use IdentifierKind::{Domain, ProcessId, ProcessLabel};
        let host = event.host;
        let of_profile = |profile: &[u8]| {
            let uuid = guest_of_profile(profile)?;
            self.owners(IdentifierKind::Uuid, host, &uuid.0).next()
        };
        let by_pid = || {
            let pid = denial.pid()?.to_le_bytes();
            self.owners(ProcessId, host, &pid).next()
        };
        let by_profile = || denial.profile().and_then(|profile| of_profile(&profile));
        let by_label = || {
            denial.source_labels().into_iter().find_map(|label| {
                let by_label = self.owners_of_label(ProcessLabel, host, &label).next();
                by_label.or_else(|| of_profile(&label))
            })
        };
        let by_domain = || {
            let domain = domain_of(event, denial)?;
            self.owners(Domain, host, domain).next()
        };
        by_pid().or_else(by_profile).or_else(by_label).or_else(by_domain)
    }

    fn find(&self, event: &Event, denial: &Denial<'_>) -> Vec<SessionId> {
        use IdentifierKind::{Directory, ImageLabel, Path};
        let host = event.host;
        let mut found: Vec<SessionId> = Vec::new();
        let mut add = |session: SessionId| {
            if !found.contains(&session) && found.len() < SHARED_MAX {
                found.push(session);
            }
        };
        self.process_owner(event, denial).into_iter().for_each(&mut add);
        if matches!(event.kind, EventKind::Avc | EventKind::Anomaly(LANDLOCK_ACCESS)) {
            // The target may be shared by several guests.
            if let Some(label) = denial.target_label() {
                let owners = self.owners_of_label(ImageLabel, host, &label);
                owners.take(SHARED_MAX).for_each(&mut add);
            }
            for path in denial.paths() {
                let path = normalize(&path);
                self.owners(Path, host, &path).take(SHARED_MAX).for_each(&mut add);
                if self.has_directories {
                    for directory in parents(&path) {
                        let owners = self.owners(Directory, host, directory);
                        owners.take(SHARED_MAX).for_each(&mut add);
                    }
                }
            }
        }
        found
    }
}

/// The Landlock domain of an event.
fn domain_of<'t>(event: &Event, denial: &Denial<'t>) -> Option<&'t [u8]> {
    let is_landlock = matches!(event.kind, EventKind::Anomaly(LANDLOCK_ACCESS | LANDLOCK_DOMAIN));
    denial.plain(b"domain").filter(|_| is_landlock)
}

/// The level of a label with categories, by which guests are told apart.
fn categories(label: &[u8]) -> Option<&[u8]> {
    context(label).map(|(_, level)| level).filter(|level| level.contains(&b':'))
}

/// Whether a label has a type that sVirt assigns to guests and their images.
fn is_guest_type(label: &[u8]) -> bool {
    context(label).is_some_and(|(kind, _)| kind.starts_with(b"svirt") || kind.starts_with(b"virt_"))
}

/// The guest of the AppArmor profile `.../libvirt-UUID` or of its child `libvirt-UUID//NAME`.
pub(crate) fn guest_of_profile(profile: &[u8]) -> Option<Uuid> {
    let at = memchr::memmem::find(profile, b"libvirt-")?;
    if at > 0 && profile[at - 1] != b'/' {
        return None;
    }
    let rest = &profile[at + b"libvirt-".len()..];
    let (uuid, child) = rest.split_at_checked(36)?;
    (child.is_empty() || child.starts_with(b"//")).then(|| Uuid::parse(uuid))?
}

/// A path without `//`, `.`, `..` and a `/` at the end. Symbolic links are not resolved.
pub(crate) fn normalize(path: &[u8]) -> Cow<'_, [u8]> {
    let is_plain = |part: &[u8]| !matches!(part, b"" | b"." | b"..");
    if path.len() < 2 || path[1..].split(|&byte| byte == b'/').all(is_plain) {
        return Cow::Borrowed(path);
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let mut path = Vec::with_capacity(path.len());
    for part in &parts {
        path.push(b'/');
        path.extend_from_slice(part);
    }
    Cow::Owned(if path.is_empty() { b"/".to_vec() } else { path })
}

/// The directories that contain a path, the nearest first.
pub(crate) fn parents(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memrchr_iter(b'/', path).filter(|&end| end > 0).map(|end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalized() {
        for (path, expected) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b"),
            ("//a///b", "/a/b"),
            ("/a/./b/.", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/b/..", "/a"),
            ("/../..", "/"),
            ("/a/..b/...", "/a/..b/..."),
        ] {
            assert_eq!(normalize(path.as_bytes()), expected.as_bytes(), "{path}");
        }
        let of = |path: &'static str| parents(path.as_bytes()).collect::<Vec<_>>();
        assert_eq!(of("/a/b/c"), [&b"/a/b"[..], b"/a"]);
        assert_eq!(of("/a"), [b""; 0]);
        assert_eq!(of("/"), [b""; 0]);
    }
}
