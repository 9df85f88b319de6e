//! What a security module or the kernel reports about a process: a denial or an anomaly, in one
//! record or in several.

use super::AuxKind;
use super::fields::{Fields, find, kernel_text, number};
use memchr::{memchr, memmem};
use std::borrow::Cow;

/// The fields of an auxiliary record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AuxBody<'t> {
    pub(crate) kind: AuxKind,
    pub(crate) body: &'t [u8],
}

/// The records of a denial or an anomaly.
#[derive(Clone, Debug)]
pub(crate) struct Denial<'t> {
    /// The fields of the record that reports it.
    main: &'t [u8],
    aux: Vec<AuxBody<'t>>,
}

/// The type and the level of a security label.
pub(crate) fn context(label: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = label.splitn(4, |&byte| byte == b':');
    let (_, _) = (parts.next()?, parts.next()?);
    Some((parts.next()?, parts.next()?))
}

/// The labels in `subj_selinux=LABEL subj_apparmor=LABEL (MODE)`. A mode is dropped.
fn contexts(body: &[u8]) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let labels = Fields::new(body).filter(|field| field.key.starts_with(b"subj_"));
    labels.filter_map(|field| kernel_text(field.value))
}

impl<'t> Denial<'t> {
    /// A denial or an anomaly from the fields of its records.
    pub(crate) fn new(main: &'t [u8], aux: impl Iterator<Item = AuxBody<'t>>) -> Self {
        // A program that enforces a policy itself reports the denial inside msg='...'.
        let main = match super::quoted(main) {
            Ok(quoted) if memmem::find(quoted.text, b"avc:").is_some() => quoted.text,
            _ => main,
        };
        Self { main, aux: aux.collect() }
    }

    fn aux(&self, kind: AuxKind) -> impl Iterator<Item = &'t [u8]> {
        self.aux.iter().filter(move |aux| aux.kind == kind).map(|aux| aux.body)
    }

    fn main(&self, key: &[u8]) -> Option<&'t [u8]> {
        find(self.main, key)
    }

    /// A field of the main record, else of the system call's, else of the Landlock domain's.
    fn either(&self, key: &[u8]) -> Option<&'t [u8]> {
        let of = |kind| self.aux(kind).find_map(|body| find(body, key));
        self.main(key).or_else(|| of(AuxKind::Syscall)).or_else(|| of(AuxKind::Domain))
    }

    /// The process id.
    pub(crate) fn pid(&self) -> Option<i64> {
        self.either(b"pid").and_then(number)
    }

    /// The kernel's name of the program.
    pub(crate) fn comm(&self) -> Option<Cow<'t, [u8]>> {
        self.either(b"comm").and_then(kernel_text)
    }

    /// The path of the program.
    pub(crate) fn exe(&self) -> Option<Cow<'t, [u8]>> {
        self.either(b"exe").and_then(kernel_text)
    }

    /// The signal that ended the process.
    pub(crate) fn signal(&self) -> Option<u32> {
        self.main(b"sig").and_then(number)
    }

    /// The security label of the process.
    pub(crate) fn source_label(&self) -> Option<Cow<'t, [u8]>> {
        self.source_labels().into_iter().next()
    }

    /// The security labels of the process, one for each security module.
    pub(crate) fn source_labels(&self) -> Vec<Cow<'t, [u8]>> {
        let one = self.main(b"scontext").or_else(|| self.either(b"subj")).and_then(kernel_text);
        match one {
            Some(label) => vec![label],
            None => self.aux(AuxKind::Contexts).flat_map(contexts).collect(),
        }
    }

    /// The security label of the target.
    pub(crate) fn target_label(&self) -> Option<Cow<'t, [u8]>> {
        self.main(b"tcontext").and_then(kernel_text)
    }

    /// The class of the target: `file`, `chr_file`, ...
    pub(crate) fn class(&self) -> Option<Cow<'t, [u8]>> {
        self.main(b"tclass").or_else(|| self.main(b"class")).and_then(kernel_text)
    }

    /// The AppArmor profile of the process.
    pub(crate) fn profile(&self) -> Option<Cow<'t, [u8]>> {
        if self.is_apparmor() { self.main(b"profile").and_then(kernel_text) } else { None }
    }

    fn is_apparmor(&self) -> bool {
        self.main(b"apparmor").is_some()
    }

    /// Whether the record reports a decision. AppArmor also reports that a profile was loaded.
    pub(crate) fn is_decision(&self) -> bool {
        let word = self.main(b"apparmor").and_then(kernel_text);
        !matches!(word.as_deref(), Some(b"STATUS"))
    }

    /// `denied`, `granted`, `allowed`, ...
    pub(crate) fn result(&self) -> Option<String> {
        if let Some(word) = self.main(b"apparmor").and_then(kernel_text) {
            return Some(String::from_utf8_lossy(&word).to_lowercase());
        }
        let words = &self.main[memmem::find(self.main, b"avc:")? + 4..];
        let word = words.split(|&byte| byte == b' ').find(|word| !word.is_empty())?;
        Some(String::from_utf8_lossy(word).into_owned())
    }

    /// Whether it reports an access that was allowed: a policy may ask for such records.
    pub(crate) fn is_granted(&self) -> bool {
        self.result().is_some_and(|result| is_granted(&result))
    }

    /// The permissions of SELinux, or the operation of AppArmor.
    pub(crate) fn operation(&self) -> Option<Cow<'t, [u8]>> {
        if self.is_apparmor() {
            return self.main(b"operation").and_then(kernel_text);
        }
        let from = memchr(b'{', self.main)? + 1;
        let len = memchr(b'}', &self.main[from..])?;
        Some(Cow::Borrowed(self.main[from..from + len].trim_ascii()))
    }

    /// The permissions that AppArmor denied.
    pub(crate) fn denied_mask(&self) -> Option<Cow<'t, [u8]>> {
        self.main(b"denied_mask").and_then(kernel_text)
    }

    /// Whether the policy was not enforced, so that the operation was allowed after all.
    pub(crate) fn permissive(&self) -> bool {
        self.main(b"permissive") == Some(b"1")
    }

    /// All absolute paths of the event.
    pub(crate) fn paths(&self) -> Vec<Cow<'t, [u8]>> {
        let cwd = self.aux(AuxKind::Cwd).find_map(|body| find(body, b"cwd")).and_then(kernel_text);
        let named: Vec<_> = self
            .aux(AuxKind::Path)
            .filter_map(|body| find(body, b"name"))
            .filter_map(kernel_text)
            .collect();
        // The name in an AVC may be only the last part of a path. The PATH records have the whole
        // path then, and it need not be relative to the current directory.
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

    /// The target: its absolute path if the event has it, else the last part of it.
    pub(crate) fn target(&self) -> Option<Cow<'t, [u8]>> {
        let name = self.main(b"name").and_then(kernel_text);
        let path = self.main(b"path").and_then(kernel_text);
        let absolute = |path: &Cow<'_, [u8]>| path.starts_with(b"/");
        path.or_else(|| name.clone().filter(absolute))
            .or_else(|| {
                let ends = |path: &Cow<'_, [u8]>| name.as_ref().is_none_or(|n| path.ends_with(n));
                let known = self.aux(AuxKind::Path).filter_map(|body| find(body, b"name"));
                known.filter_map(kernel_text).filter(absolute).find(ends)
            })
            .or(name)
    }

    /// Another field of the main record that is never encoded: a number or a word of the kernel.
    pub(crate) fn plain(&self, key: &[u8]) -> Option<&'t [u8]> {
        self.main(key).filter(|value| !value.is_empty() && *value != b"?")
    }

    /// Another field of the main record, such as `op=` or `dev=`.
    pub(crate) fn field(&self, key: &[u8]) -> Option<Cow<'t, [u8]>> {
        self.main(key).and_then(kernel_text)
    }
}

/// Whether a result is that of an access that was allowed.
pub(crate) fn is_granted(result: &str) -> bool {
    matches!(result, "granted" | "audit")
}
