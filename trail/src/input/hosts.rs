//! Logs of several hosts: by name (`NAME=PATH`), and by directory.

use super::{Source, archive, auditd, directory, listing};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// auditd's directory below a host's root, as in a copy of its file system.
const LOGS: &str = "var/log/audit";

/// A log with the name of its host, which is empty if it isn't known.
pub(super) type Named = (Source, Vec<u8>);

/// An error with its path.
type PathError = (PathBuf, io::Error);

/// The host's name and the path of an argument. A file with `=` in its name is only a path.
pub(super) fn split(argument: &Path) -> (Vec<u8>, PathBuf) {
    let bytes = argument.as_os_str().as_bytes();
    let Some(at) = memchr::memchr(b'=', bytes) else { return (Vec::new(), argument.to_owned()) };
    let (name, path) = (&bytes[..at], &bytes[at + 1..]);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-:".contains(byte);
    if name.is_empty() || path.is_empty() || !name.iter().all(is_name) || argument.exists() {
        return (Vec::new(), argument.to_owned());
    }
    (name.to_vec(), std::ffi::OsString::from_vec(path.to_vec()).into())
}

/// The logs at a path, for a host with this name.
pub(super) fn logs(path: &Path, name: &[u8]) -> Result<Vec<Named>, PathError> {
    let named = |source: Source| (source, name.to_vec());
    if path.as_os_str() == "-" {
        return Ok(vec![named(Source::Stdin)]);
    }
    let failed = |error: io::Error| (path.to_owned(), error);
    if fs::metadata(path).map_err(failed)?.is_dir() {
        return of_directory(path, name);
    }
    let path = path.to_owned();
    let Some((file, _)) = listing::open(&path).map_err(failed)? else {
        return Ok(vec![named(Source::File(path))]);
    };
    match archive::members(&path, &file).map_err(failed)? {
        None => Ok(vec![named(Source::Open(path, file))]),
        Some(members) => Ok(of_archive(members, name)),
    }
}

/// The files of a directory. Without files, each directory in it is a host's.
fn of_directory(path: &Path, name: &[u8]) -> Result<Vec<Named>, PathError> {
    let logs = path.join(LOGS);
    let own = if logs.is_dir() { logs } else { path.to_owned() };
    let error = match directory(&own) {
        Ok(files) => {
            let mut found = Vec::new();
            for source in files {
                let members = match &source {
                    Source::Open(path, file) => {
                        archive::members(path, file).map_err(|error| (path.clone(), error))?
                    }
                    _ => None,
                };
                match members {
                    Some(members) => found.extend(of_archive(members, name)),
                    None => found.push((source, name.to_vec())),
                }
            }
            return Ok(found);
        }
        Err(error) => error,
    };
    let mut hosts = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| (path.to_owned(), error))?.flatten() {
        let host = entry.file_name();
        if !host.as_bytes().starts_with(b".") && entry.path().is_dir() {
            hosts.push((host, entry.path()));
        }
    }
    hosts.sort();
    let mut found = Vec::new();
    for (host, path) in hosts {
        let logs = path.join(LOGS);
        let own = if logs.is_dir() { logs } else { path };
        let host = if name.is_empty() { host.as_bytes() } else { name };
        match directory(&own) {
            Ok(files) => found.extend(files.into_iter().map(|file| (file, host.to_vec()))),
            // A directory without logs is no host.
            Err((_, error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if found.is_empty() { Err(error) } else { Ok(found) }
}

/// The files of an archive, the oldest rotation first. Directories beside each other are hosts.
fn of_archive(members: Vec<(PathBuf, Source)>, name: &[u8]) -> Vec<Named> {
    let mut directories: BTreeMap<PathBuf, Vec<Source>> = BTreeMap::new();
    for (directory, source) in members {
        directories.entry(directory).or_default().push(source);
    }
    let parts = |path: &Path| -> Vec<Vec<u8>> {
        let normal = path.components().filter(|part| matches!(part, Component::Normal(_)));
        normal.map(|part| part.as_os_str().as_bytes().to_vec()).collect()
    };
    let all: Vec<Vec<Vec<u8>>> = directories.keys().map(|path| parts(path)).collect();
    let several = all.len() > 1;
    let first = all.first().cloned().unwrap_or_default();
    let common = (0..)
        .take_while(|&at| at < first.len() && all.iter().all(|path| path.get(at) == first.get(at)));
    let common = common.count();
    let mut found = Vec::new();
    for ((_, mut sources), parts) in directories.into_iter().zip(all) {
        auditd::sort(&mut sources);
        let host = match parts.get(common) {
            Some(part) if several && name.is_empty() => part.clone(),
            _ => name.to_vec(),
        };
        found.extend(sources.into_iter().map(|source| (source, host.clone())));
    }
    found
}
