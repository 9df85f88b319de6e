//! A log that grows: it is renamed, replaced or truncated when it is rotated.

use super::lines::Lines;
use super::{Heard, Left, Waited, Wake, wait_for};
use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The size of one read.
const PIECE: usize = 64 * 1024;

/// The time between two looks at the log.
const INTERVAL: Duration = Duration::from_millis(20);

/// The most rotated files that are still read: a program may write to a renamed log for a while.
const KEPT: usize = 8;

/// Follows a log by its path.
#[derive(Debug)]
pub(super) struct Follower {
    path: PathBuf,
    /// The files that were at the path, the newest last.
    files: VecDeque<Followed>,
}

#[derive(Debug)]
struct Followed {
    file: File,
    identity: (u64, u64),
    offset: u64,
    lines: Lines,
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl Followed {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let identity = identity(&file.metadata()?);
        Ok(Self { file, identity, offset: 0, lines: Lines::default() })
    }

    /// Skips what is there.
    fn skip(&mut self) -> io::Result<()> {
        self.offset = self.file.seek(SeekFrom::End(0))?;
        let mut last = [b'\n'];
        if let Some(before) = self.offset.checked_sub(1) {
            self.file.read_exact_at(&mut last, before)?;
        }
        if last != [b'\n'] {
            self.lines = Lines::in_the_middle();
        }
        Ok(())
    }

    /// Reads the next piece.
    fn read(&mut self) -> io::Result<Growth> {
        let mut piece = [0; PIECE];
        match self.file.read(&mut piece) {
            Ok(0) => {}
            Ok(len) => {
                self.offset += len as u64;
                self.lines.push(&piece[..len]);
                return Ok(Growth::More);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Growth::More),
            Err(error) => return Err(error),
        }
        if self.file.metadata()?.len() < self.offset {
            self.file.rewind()?;
            self.offset = 0;
            self.lines = Lines::default();
            return Ok(Growth::Truncated);
        }
        Ok(Growth::Nothing)
    }
}

/// The result of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    More,
    Truncated,
    Nothing,
}

impl Follower {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut files = VecDeque::new();
        match Followed::open(path) {
            Ok(mut file) => {
                file.skip()?;
                files.push_back(file);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
                std::fs::metadata(directory.unwrap_or(Path::new(".")))?;
            }
            Err(error) => return Err(error),
        }
        Ok(Self { path: path.to_owned(), files })
    }

    pub(super) fn next(&mut self, wait: Duration, wake: Option<Wake<'_>>) -> io::Result<Heard> {
        let left = Left::of(wait);
        loop {
            if let Some(heard) = self.look()? {
                return Ok(heard);
            }
            let left = left.get();
            if left.is_zero() {
                return Ok(Heard::Nothing);
            }
            if wait_for(None, wake, left.min(INTERVAL))? == Waited::Woken {
                // What was written before the descriptor woke this process comes first.
                return Ok(self.look()?.unwrap_or(Heard::Woken));
            }
        }
    }

    /// The next line that is there.
    fn look(&mut self) -> io::Result<Option<Heard>> {
        loop {
            let mut more = false;
            for followed in &mut self.files {
                if let Some(line) = followed.lines.pop() {
                    return Ok(Some(Heard::Line(line)));
                }
                match followed.read()? {
                    Growth::More => {
                        more = true;
                        break;
                    }
                    Growth::Truncated => return Ok(Some(Heard::Lost)),
                    Growth::Nothing => {}
                }
            }
            // A file that was written to before it was replaced is read again, once more.
            if !more && !self.find_successors()? {
                return Ok(None);
            }
        }
    }

    /// Opens the files that have replaced the last one; whether there are any.
    fn find_successors(&mut self) -> io::Result<bool> {
        let last = self.files.back().map(|last| last.identity);
        let now = std::fs::metadata(&self.path).map(|now| identity(&now));
        let newest = match now {
            Ok(now) if last == Some(now) => return Ok(false),
            Ok(_) => Followed::open(&self.path),
            Err(error) => Err(error),
        };
        let newest = match newest {
            Ok(newest) if last == Some(newest.identity) => return Ok(false),
            Ok(newest) => newest,
            // Between a rename and the creation of the next file.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        if let Some(last) = last {
            let between = self.rotated_since(last);
            self.files.extend(between);
        }
        self.files.push_back(newest);
        while self.files.len() > KEPT {
            self.files.pop_front();
        }
        Ok(true)
    }

    /// The files `PATH.1`, `PATH.2` and so on that are newer than that one, the oldest first.
    fn rotated_since(&self, last: (u64, u64)) -> Vec<Followed> {
        let mut newer = Vec::new();
        for number in 1..KEPT {
            let mut path = self.path.clone().into_os_string();
            path.push(format!(".{number}"));
            match Followed::open(Path::new(&path)) {
                Ok(found) if found.identity == last => {
                    newer.reverse();
                    return newer;
                }
                Ok(found) => newer.push(found),
                Err(_) => break,
            }
        }
        // The last one is not among them, so neither is it known which of them came after it.
        Vec::new()
    }
}
