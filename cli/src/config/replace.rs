//! Replaces a file atomically, one process at a time.

use super::attributes::copy_attributes;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How often a process tries again while another one replaces the file.
const RETRY: Duration = Duration::from_millis(10);

/// The mode of a file that did not exist before.
const NEW_MODE: u32 = 0o644;

/// A replacement of a file: written under a temporary name beside it, then renamed.
///
/// The temporary file is also the lock: its name is the same for all processes, and the process that
/// created it holds a `flock` on it. After a crash the file remains without that lock, and the next
/// process removes it.
#[derive(Debug)]
pub(super) struct Replacement {
    target: PathBuf,
    temporary: PathBuf,
    file: File,
    done: bool,
}

impl Replacement {
    /// Begins the replacement of a file, or of the file that a symbolic link points to.
    ///
    /// Waits at most this long for another process that replaces the same file.
    pub(super) fn begin(path: &Path, patience: Duration) -> io::Result<Self> {
        let target = follow_links(path)?;
        let temporary = temporary_of(&target)?;
        let deadline = Instant::now() + patience;
        loop {
            if let Some(file) = create_locked(&temporary)? {
                return Ok(Self { target, temporary, file, done: false });
            }
            if Instant::now() >= deadline {
                let name = temporary.display();
                return Err(io::Error::other(format!("another process is changing it ({name})")));
            }
            thread::sleep(RETRY);
        }
    }

    /// Puts the new content in place, also on disk: a reader sees either the old or the new file.
    ///
    /// Owner, mode and extended attributes are those of the old file, so the ACL and the security
    /// label are kept too. Other hard links keep the old content.
    pub(super) fn commit(mut self, text: &[u8]) -> io::Result<()> {
        self.file.write_all(text)?;
        copy_attributes(old_file(&self.target)?.as_ref(), &self.file, NEW_MODE)?;
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.target)?;
        self.done = true;
        // The new name survives a crash only once its directory is on disk.
        File::open(directory_of(&self.target))?.sync_all()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.done {
            // An error would hide the one that ended the replacement.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Opens the file to replace; `None` if it doesn't exist.
fn old_file(target: &Path) -> io::Result<Option<File>> {
    match fs::symlink_metadata(target) {
        Ok(old) if old.is_file() => File::open(target).map(Some),
        Ok(_) => Err(io::Error::other("it is not a regular file")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Creates the temporary file and locks it; `None` if another process has it.
///
/// A file that exists already is never written: in a directory like /tmp, it might be anyone's.
fn create_locked(temporary: &Path) -> io::Result<Option<File>> {
    let create = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary);
    let (file, is_new) = match create {
        Ok(file) => (file, true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
            match OpenOptions::new().read(true).custom_flags(flags).open(temporary) {
                Ok(file) => (file, false),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Err(error) => return Err(error),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // Before it was locked, another process may have renamed or removed it.
    if !is_at(&file, temporary)? {
        return Ok(None);
    }
    if is_new {
        return Ok(Some(file));
    }
    // No process holds the lock: the one that created the file has crashed.
    fs::remove_file(temporary)?;
    Ok(None)
}

/// Whether a path still leads to an open file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The temporary name for a file, in its directory.
fn temporary_of(target: &Path) -> io::Result<PathBuf> {
    let name = target.file_name().ok_or(io::Error::from(ErrorKind::IsADirectory))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(".viraudit");
    Ok(directory_of(target).join(temporary))
}

fn directory_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// The path itself, or the last target of a symbolic link, which may not exist.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    /// The limit of the kernel.
    const MOST_LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            Ok(next) => {
                target = match target.parent() {
                    Some(parent) => parent.join(next),
                    None => next,
                };
            }
            // Not a link, or nothing there.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => {
                return Ok(target);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Errno::LOOP.into())
}

#[cfg(test)]
mod tests;
