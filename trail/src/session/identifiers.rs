//! What a guest can be recognised by while its session lives: its labels, its process, the paths
//! that it was given.

use super::owner_index::{Key, OwnerIndex};
use crate::events::{Event, EventKind, Store};
use crate::line::fields::{find, number, raw_option};
use crate::line::{Denial, Op, ResourceChange, context};
use foldhash::fast::RandomState;
use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use viraudit::Uuid;

/// A denial on something that more guests share is shown with this many of them.
const SHARED_MAX: usize = 16;

/// The hash of a mark's kind, host and text, with a seed of this process's own.
fn key(kind: u8, host: u32, text: &[u8]) -> Key {
    static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::default);
    STATE.hash_one((kind, host, text))
}

const PROCESS_LABEL: u8 = b'v';
const IMAGE_LABEL: u8 = b'i';
const PATH: u8 = b'p';
const DIRECTORY: u8 = b'd';
const PID: u8 = b'n';
const UUID: u8 = b'u';

/// All marks of all sessions that live. Most logs have few denials and many sessions, so what
/// happens to sessions is only noted, until somebody is to be found.
#[derive(Debug, Default)]
pub(super) struct Identifiers {
    noted: Vec<Note>,
    index: Index,
}

/// What has happened to a session.
#[derive(Clone, Copy, Debug)]
enum Note {
    /// The guest runs since this event.
    Started(u32, u32),
    /// A label or a resource has come or gone with this event.
    Changed(u32, u32),
    /// It has ended.
    Ended(u32),
    /// It has become part of another one.
    Merged(u32, u32),
}

impl Identifiers {
    /// The guest runs.
    pub(super) fn started(&mut self, session: u32, event: u32) {
        self.noted.push(Note::Started(session, event));
    }

    /// A label or a resource comes or goes.
    pub(super) fn change(&mut self, session: u32, event: u32) {
        self.noted.push(Note::Changed(session, event));
    }

    /// The session has ended.
    pub(super) fn forget(&mut self, session: u32) {
        self.noted.push(Note::Ended(session));
    }

    /// `from` has become part of `to`.
    pub(super) fn hand_over(&mut self, from: u32, to: u32) {
        self.noted.push(Note::Merged(from, to));
    }

    /// The sessions that a denial or an anomaly is about: each once.
    pub(super) fn find(&mut self, store: &Store, event: &Event) -> Vec<u32> {
        for note in self.noted.drain(..) {
            let event = |id: u32| &store.events[id as usize];
            match note {
                Note::Started(session, id) => self.index.started(store, session, event(id)),
                Note::Changed(session, id) => self.index.change(store, session, event(id)),
                Note::Ended(session) => self.index.holders.forget(session),
                Note::Merged(from, to) => self.index.holders.hand_over(from, to),
            }
        }
        self.index.find(store, event)
    }
}

/// Who holds which marks.
#[derive(Debug, Default)]
struct Index {
    holders: OwnerIndex,
    /// Somebody has shared a directory.
    shared: bool,
}

impl Index {
    fn started(&mut self, store: &Store, session: u32, event: &Event) {
        self.named(store, session, event);
        if let Some(pid) = event.pid().filter(|&pid| pid > 0) {
            self.holders.hold(session, key(PID, event.host, &pid.to_le_bytes()));
        }
    }

    /// The guest is spoken of. Its UUID is the first mark of a session, and stays.
    fn named(&mut self, store: &Store, session: u32, event: &Event) {
        if self.holders.knows(session) {
            return;
        }
        let uuid = store.guests[event.guest as usize].uuid;
        self.holders.hold(session, key(UUID, event.host, &uuid.0));
    }

    fn change(&mut self, store: &Store, session: u32, event: &Event) {
        let EventKind::Virt(op) = event.kind else { return };
        if !event.success {
            return;
        }
        self.named(store, session, event);
        let text = store.text(event);
        match op {
            Op::Label => {
                for (kind, name) in [(PROCESS_LABEL, &b"vm-ctx"[..]), (IMAGE_LABEL, b"img-ctx")] {
                    let label = find(text, name).and_then(raw_option);
                    // A DAC label such as +64055:+64055 marks nothing.
                    if let Some(label) = label.filter(|label| context(label).is_some()) {
                        self.holders.hold(session, key(kind, event.host, &label));
                        if let Some(level) = categories(&label) {
                            self.holders.hold(session, key(kind, event.host, level));
                        }
                    }
                }
            }
            Op::Init => {
                if let Some(pid) = find(text, b"init-pid").and_then(number::<i64>) {
                    self.holders.hold(session, key(PID, event.host, &pid.to_le_bytes()));
                }
            }
            Op::Resource => {
                let kind = store.words.get(store.what(event));
                if kind == b"cgroup" {
                    return;
                }
                let ResourceChange { old, new, .. } =
                    ResourceChange::new(kind, store.words.get(event.reason), text);
                let is_path = |value: &Cow<'_, [u8]>| value.starts_with(b"/");
                let shared = kind == b"fs";
                self.shared |= shared;
                if let Some(old) = old.filter(is_path) {
                    let old = whole(&old);
                    self.holders.release(session, key(PATH, event.host, &old));
                    self.holders.release(session, key(DIRECTORY, event.host, &old));
                }
                if let Some(new) = new.filter(is_path) {
                    let new = whole(&new);
                    self.holders.hold(session, key(PATH, event.host, &new));
                    // Below the root is everything of the host's.
                    if shared && *new != *b"/" {
                        self.holders.hold(session, key(DIRECTORY, event.host, &new));
                    }
                }
            }
            _ => {}
        }
    }

    fn holders(&self, kind: u8, host: u32, text: &[u8]) -> impl Iterator<Item = u32> {
        self.holders.of(key(kind, host, text))
    }

    /// The holders of a label; else those of its categories, because guests run programs of other
    /// types with their own. Types that aren't sVirt's may well use the same categories.
    fn labelled(&self, kind: u8, host: u32, label: &[u8]) -> impl Iterator<Item = u32> {
        let categories = categories(label).filter(|_| is_guest_type(label));
        let by_categories = categories.map(|level| self.holders(kind, host, level));
        self.holders(kind, host, label).chain(by_categories.into_iter().flatten())
    }

    fn find(&self, store: &Store, event: &Event) -> Vec<u32> {
        let observed = Denial::new(store.text(event));
        let host = event.host;
        let mut found: Vec<u32> = Vec::new();
        let mut add = |session: u32| {
            if !found.contains(&session) && found.len() < SHARED_MAX {
                found.push(session);
            }
        };
        // Who did it: the newest, should more of them claim to be it.
        let pid = observed.pid().map(|pid| pid.to_le_bytes());
        let by_pid = pid.and_then(|pid| self.holders(PID, host, &pid).next());
        let source = observed.source_label();
        let by_label = source.and_then(|label| self.labelled(PROCESS_LABEL, host, &label).next());
        let by_profile = observed
            .profile()
            .and_then(|profile| self.holders(UUID, host, &guest_of_profile(&profile)?.0).next());
        by_pid.or(by_profile).or(by_label).into_iter().for_each(&mut add);
        if event.kind == EventKind::Avc {
            // What it was done to: everybody's.
            if let Some(label) = observed.target_label() {
                self.labelled(IMAGE_LABEL, host, &label).take(SHARED_MAX).for_each(&mut add);
            }
            for path in observed.paths() {
                let path = whole(&path);
                self.holders(PATH, host, &path).take(SHARED_MAX).for_each(&mut add);
                if self.shared {
                    for directory in above(&path) {
                        self.holders(DIRECTORY, host, directory)
                            .take(SHARED_MAX)
                            .for_each(&mut add);
                    }
                }
            }
        }
        found
    }
}

/// The level of a label that has categories: what tells guests apart.
fn categories(label: &[u8]) -> Option<&[u8]> {
    context(label).map(|(_, level)| level).filter(|level| level.contains(&b':'))
}

/// Whether a label is of the types that sVirt gives to guests and their images.
fn is_guest_type(label: &[u8]) -> bool {
    context(label).is_some_and(|(kind, _)| kind.starts_with(b"svirt") || kind.starts_with(b"virt_"))
}

/// `.../libvirt-UUID` and its children, `libvirt-UUID//NAME`
fn guest_of_profile(profile: &[u8]) -> Option<Uuid> {
    let at = memchr::memmem::find(profile, b"libvirt-")?;
    if at > 0 && profile[at - 1] != b'/' {
        return None;
    }
    let rest = &profile[at + b"libvirt-".len()..];
    let (uuid, behind) = rest.split_at_checked(36)?;
    (behind.is_empty() || behind.starts_with(b"//")).then(|| Uuid::parse(uuid))?
}

/// A path without what changes nothing in it: `//`, `.`, a `/` at its end, and `..`, which leaves a
/// directory that is shared.
fn whole(path: &[u8]) -> Cow<'_, [u8]> {
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

/// The directories that a path lies in, the nearest first.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memrchr_iter(b'/', path).filter(|&end| end > 0).map(|end| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_whole() {
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
            assert_eq!(whole(path.as_bytes()), expected.as_bytes(), "{path}");
        }
        let of = |path: &'static str| above(path.as_bytes()).collect::<Vec<_>>();
        assert_eq!(of("/a/b/c"), [&b"/a/b"[..], b"/a"]);
        assert_eq!(of("/a"), [b""; 0]);
        assert_eq!(of("/"), [b""; 0]);
    }
}
