//! Finds and opens logs: auditd's own with its rotations, files, directories, standard input.
//! [`blocks`] reads them in blocks of whole lines.

mod archive;
mod auditd;
pub mod blocks;
mod content;
mod convert;
mod decompress;
mod hosts;
mod listing;
mod overlap;

pub use archive::Member;
pub(crate) use overlap::overlapping;

use content::{Content, FRONT, content};
use convert::{Converted, Documents, Entries};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// auditd's configuration file, which names its log.
pub const AUDITD_CONF: &str = "/etc/audit/auditd.conf";

/// A log to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard input.
    Stdin,
    /// A file, which may be compressed.
    File(PathBuf),
    /// The same, already open, with its name at that time.
    Open(PathBuf, OpenFile),
    /// A file in a tar archive.
    Member(Arc<Member>),
}

/// An open regular file.
#[derive(Clone, Debug)]
pub struct OpenFile(Arc<File>);

impl PartialEq for OpenFile {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OpenFile {}

impl Source {
    /// The name for messages.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) | Self::Open(path, _) => path.display().to_string(),
            Self::Member(member) => member.path().display().to_string(),
        }
    }

    /// Opens the log as lines: records that span lines are converted. A file that can't be a log is
    /// an error, with what it is.
    pub(crate) fn open_lines(&self, progress: &Arc<AtomicU64>) -> io::Result<Log> {
        let (front, log) = self.open(progress)?.front()?;
        let reader = |log: Log| -> Box<dyn Read + Send> {
            match log {
                Log::Stream(stream) => stream,
                Log::File(file) => {
                    let inner = Box::new(FromStart { file, at: 0 });
                    Box::new(Counted { inner, count: Arc::clone(progress) })
                }
            }
        };
        match content(&front) {
            Content::Lines => Ok(log),
            Content::Export => Ok(Log::Stream(Box::new(Converted::new(Entries::new(reader(log)))))),
            Content::Document => {
                Ok(Log::Stream(Box::new(Converted::new(Documents::new(reader(log))))))
            }
            Content::Other(name) => Err(io::Error::new(io::ErrorKind::InvalidData, name)),
        }
    }

    /// What the file is instead of a log, if its beginning shows it.
    pub fn text_kind(&self) -> Option<&'static str> {
        let again = match self {
            // It can be read again if it is a file.
            Self::Stdin => Self::File("/dev/stdin".into()),
            other => other.clone(),
        };
        if let Self::File(path) = &again
            && !fs::metadata(path).is_ok_and(|found| found.is_file())
        {
            return None;
        }
        let (front, _) = again.open(&Arc::default()).and_then(Log::front).ok()?;
        content::text_kind(&front)
    }

    /// Opens the log. A stream adds the bytes that it reads to `progress`.
    pub(crate) fn open(&self, progress: &Arc<AtomicU64>) -> io::Result<Log> {
        let raw: Box<dyn Read + Send> = match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::Member(member) => return member.open(progress),
            Self::Open(_, OpenFile(file)) => {
                if file.metadata()?.len() > 0 && !decompress::is_compressed(file)? {
                    return Ok(Log::File(Arc::clone(file)));
                }
                Box::new(FromStart { file: Arc::clone(file), at: 0 })
            }
            Self::File(path) => {
                let file = File::open(path)?;
                let found = file.metadata()?;
                if found.is_dir() {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                // Files in /proc have a size of 0 but may hold text.
                if found.is_file() && found.len() > 0 && !decompress::is_compressed(&file)? {
                    return Ok(Log::File(Arc::new(file)));
                }
                Box::new(file)
            }
        };
        let counted = Counted { inner: raw, count: Arc::clone(progress) };
        decompress::reader(Box::new(counted)).map(Log::Stream)
    }
}

/// An open log.
pub(crate) enum Log {
    /// A plain file, readable at any offset.
    File(Arc<File>),
    /// A pipe or a compressed file, readable only from beginning to end.
    Stream(Box<dyn Read + Send>),
}

impl Log {
    /// The beginning of the log, and the whole log.
    fn front(self) -> io::Result<(Vec<u8>, Self)> {
        match self {
            Self::File(file) => {
                let mut front = vec![0; FRONT];
                let len = file.read_at(&mut front, 0)?;
                front.truncate(len);
                Ok((front, Self::File(file)))
            }
            Self::Stream(mut stream) => {
                let mut front = Vec::new();
                let read = (&mut stream).take(FRONT as u64).read_to_end(&mut front);
                let begin = io::Cursor::new(front.clone());
                let log: Box<dyn Read + Send> = match read {
                    Ok(_) => Box::new(begin.chain(stream)),
                    // What was read before an error counts.
                    Err(error) => Box::new(begin.chain(Failing(Some(error)))),
                };
                Ok((front, Self::Stream(log)))
            }
        }
    }
}

/// A reader that fails once.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Reads an open file from its start, whatever its offset.
struct FromStart {
    file: Arc<File>,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read_at(buffer, self.at)?;
        self.at += len as u64;
        Ok(len)
    }
}

/// Counts the bytes that are read.
struct Counted {
    inner: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.inner.read(buffer)?;
        self.count.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// The logs to read, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// The logs.
    pub list: Vec<Source>,
    /// The logs are this host's own: its user database applies.
    pub local: bool,
    /// The name of each log's host, for lines that have none; empty if it isn't known.
    pub hosts: Vec<Vec<u8>>,
    /// Syslog tags whose records are trusted, besides the audit system's.
    pub tags: Vec<Vec<u8>>,
}

impl Sources {
    /// The logs at `paths`, which may have the name of a host before them (`NAME=PATH`); without
    /// any, auditd's own. A directory with directories only has a host in each. Files are opened here, so that a rotation
    /// from now on changes nothing. An error comes with its path.
    pub fn resolve(paths: &[PathBuf]) -> Result<Self, (PathBuf, io::Error)> {
        if paths.is_empty() {
            let list = auditd::logs(Path::new(AUDITD_CONF))?;
            return Ok(Self { list, local: true, ..Self::default() });
        }
        let mut sources = Self::default();
        for argument in paths {
            let (name, path) = hosts::split(argument);
            for (source, host) in hosts::logs(&path, &name)? {
                sources.list.push(source);
                sources.hosts.push(host);
            }
        }
        Ok(sources)
    }

    /// The name of a log's host; empty if it isn't known.
    pub(crate) fn host(&self, source: usize) -> &[u8] {
        self.hosts.get(source).map(Vec::as_slice).unwrap_or_default()
    }

    /// The size of all files in bytes; `None` if one of them isn't a regular file.
    pub fn size(&self) -> Option<u64> {
        let size = |source: &Source| match source {
            Source::Stdin => None,
            Source::Member(member) => Some(member.len()),
            Source::Open(_, OpenFile(file)) => file.metadata().ok().map(|found| found.len()),
            Source::File(path) => {
                fs::metadata(path).ok().filter(|found| found.is_file()).map(|found| found.len())
            }
        };
        self.list.iter().map(size).sum()
    }
}

/// The visible files of a directory, the oldest rotation first.
fn directory(path: &Path) -> Result<Vec<Source>, (PathBuf, io::Error)> {
    let visible = |name: &OsStr| !name.as_encoded_bytes().starts_with(b".");
    let empty = || io::Error::new(io::ErrorKind::NotFound, "the directory has no files");
    files(path, visible, empty).map_err(|(file, error)| (file.unwrap_or(path.to_owned()), error))
}

/// Opens the files of a directory with such names, the oldest rotation first.
fn files(
    directory: &Path,
    wanted: impl Fn(&OsStr) -> bool,
    empty: impl Fn() -> io::Error,
) -> Result<Vec<Source>, (Option<PathBuf>, io::Error)> {
    let mut sources = listing::open_all(|| {
        let mut files = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let is_file = || fs::metadata(entry.path()).is_ok_and(|found| found.is_file());
            if wanted(&entry.file_name()) && is_file() {
                files.push(entry.path());
            }
        }
        if files.is_empty() { Err(empty()) } else { Ok(files) }
    })?;
    auditd::sort(&mut sources);
    Ok(sources)
}
