//! What a security module or the kernel says about a process: denials and anomalies, of one record
//! or of several.

use crate::line::fields::{Fields, find, kernel_text, number};
use memchr::{memchr, memmem};
use std::borrow::Cow;

/// The records of an event: the one that says what happened, and those that tell more.
#[derive(Clone, Copy, Debug)]
pub struct Denial<'t> {
    /// The record that says what happened.
    main: &'t [u8],
    /// The others, each behind a byte 0x1E and its kind's letter.
    more: &'t [u8],
}

/// A label's type and level.
pub(crate) fn context(label: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = label.splitn(4, |&byte| byte == b':');
    let (_, _) = (parts.next()?, parts.next()?);
    Some((parts.next()?, parts.next()?))
}

impl<'t> Denial<'t> {
    /// The records in a text of the store.
    pub(crate) fn new(text: &'t [u8]) -> Self {
        let end = memchr(0x1E, text).unwrap_or(text.len());
        let (main, more) = text.split_at(end);
        // A program that enforces a policy by itself says it inside msg='...'.
        let main = match crate::line::quoted(main) {
            Ok(quoted) if memmem::find(quoted.text, b"avc:").is_some() => quoted.text,
            _ => main,
        };
        Self { main, more }
    }

    fn others(&self, letter: u8) -> impl Iterator<Item = &'t [u8]> {
        self.more.split(|&byte| byte == 0x1E).filter_map(move |part| part.strip_prefix(&[letter]))
    }

    fn main(&self, key: &[u8]) -> Option<&'t [u8]> {
        find(self.main, key)
    }

    fn either(&self, key: &[u8]) -> Option<&'t [u8]> {
        self.main(key).or_else(|| self.others(b'S').find_map(|body| find(body, key)))
    }

    /// The process.
    pub fn pid(&self) -> Option<i64> {
        self.either(b"pid").and_then(number)
    }

    /// The program's name, as the kernel knows it.
    pub fn comm(&self) -> Option<Cow<'t, [u8]>> {
        self.either(b"comm").and_then(kernel_text)
    }

    /// The program's path.
    pub fn exe(&self) -> Option<Cow<'t, [u8]>> {
        self.either(b"exe").and_then(kernel_text)
    }

    /// The signal that ended a process.
    pub fn signal(&self) -> Option<u32> {
        self.main(b"sig").and_then(number)
    }

    /// The label of the process.
    pub fn source_label(&self) -> Option<Cow<'t, [u8]>> {
        self.main(b"scontext").or_else(|| self.either(b"subj")).and_then(kernel_text)
    }

    /// The label of what it wanted.
    pub fn target_label(&self) -> Option<Cow<'t, [u8]>> {
        self.main(b"tcontext").and_then(kernel_text)
    }

    /// What kind of thing it wanted: `file`, `chr_file`, ...
    pub fn class(&self) -> Option<Cow<'t, [u8]>> {
        self.main(b"tclass").or_else(|| self.main(b"class")).and_then(kernel_text)
    }

    /// AppArmor's profile of the process.
    pub fn profile(&self) -> Option<Cow<'t, [u8]>> {
        if self.is_apparmor() { self.main(b"profile").and_then(kernel_text) } else { None }
    }

    fn is_apparmor(&self) -> bool {
        self.main(b"apparmor").is_some()
    }

    /// Whether it is a decision at all: AppArmor also says when it loads a profile.
    pub fn is_decision(&self) -> bool {
        let word = self.main(b"apparmor").and_then(kernel_text);
        !matches!(word.as_deref(), Some(b"STATUS"))
    }

    /// `denied`, `granted`, `allowed`, ...
    pub fn result(&self) -> Option<String> {
        if let Some(word) = self.main(b"apparmor").and_then(kernel_text) {
            return Some(String::from_utf8_lossy(&word).to_lowercase());
        }
        let words = &self.main[memmem::find(self.main, b"avc:")? + 4..];
        let word = words.split(|&byte| byte == b' ').find(|word| !word.is_empty())?;
        Some(String::from_utf8_lossy(word).into_owned())
    }

    /// What was to be done: SELinux's permissions, or AppArmor's operation.
    pub fn operation(&self) -> Option<Cow<'t, [u8]>> {
        if self.is_apparmor() {
            return self.main(b"operation").and_then(kernel_text);
        }
        let from = memchr(b'{', self.main)? + 1;
        let len = memchr(b'}', &self.main[from..])?;
        Some(Cow::Borrowed(self.main[from..from + len].trim_ascii()))
    }

    /// The permissions that AppArmor denied.
    pub fn denied_mask(&self) -> Option<Cow<'t, [u8]>> {
        self.main(b"denied_mask").and_then(kernel_text)
    }

    /// The policy is not enforced: what was denied was done all the same.
    pub fn permissive(&self) -> bool {
        self.main(b"permissive") == Some(b"1")
    }

    /// Every path that the event names, whole.
    pub fn paths(&self) -> Vec<Cow<'t, [u8]>> {
        let cwd = self.others(b'C').find_map(|body| find(body, b"cwd")).and_then(kernel_text);
        let named: Vec<_> = self
            .others(b'P')
            .filter_map(|body| find(body, b"name"))
            .filter_map(kernel_text)
            .collect();
        // An AVC's name without a path is only the last part of one; the paths' records have it
        // whole, and where it was looked for may be another directory than the current one.
        let is_part = |name: &Cow<'_, [u8]>| !name.starts_with(b"/") && !named.is_empty();
        let name = self.main(b"name").and_then(kernel_text).filter(|name| !is_part(name));
        let path = self.main(b"path").and_then(kernel_text);
        let mut paths: Vec<_> = (path.into_iter().chain(name).chain(named))
            .filter_map(|path| match (&path[..], &cwd) {
                ([b'/', ..], _) => Some(path),
                _ => cwd.as_ref().map(|cwd| Cow::Owned([cwd, &b"/"[..], &path].concat())),
            })
            .collect();
        paths.dedup();
        paths
    }

    /// What was wanted: the whole path where the event tells it, else its last part.
    pub fn target(&self) -> Option<Cow<'t, [u8]>> {
        let name = self.main(b"name").and_then(kernel_text);
        let path = self.main(b"path").and_then(kernel_text);
        let whole = |path: &Cow<'_, [u8]>| path.starts_with(b"/");
        path.or_else(|| name.clone().filter(whole))
            .or_else(|| {
                let ends = |path: &Cow<'_, [u8]>| name.as_ref().is_none_or(|n| path.ends_with(n));
                let known = self.others(b'P').filter_map(|body| find(body, b"name"));
                known.filter_map(kernel_text).filter(whole).find(ends)
            })
            .or(name)
    }

    /// The record's other fields, for anomalies of programs: `op=`, `dev=`, ...
    pub fn field(&self, key: &[u8]) -> Option<Cow<'t, [u8]>> {
        Fields::new(self.main)
            .find(|field| field.key == key)
            .and_then(|field| kernel_text(field.value))
    }
}
