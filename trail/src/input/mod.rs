//! Finds and opens logs: auditd's own with its rotations, files, directories, standard input.
//! [`blocks`] reads them in blocks of whole lines.

mod auditd;
pub mod blocks;
mod decompress;
mod listing;

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
        }
    }

    /// Opens the log. A stream adds the bytes that it reads to `progress`.
    pub(crate) fn open(&self, progress: &Arc<AtomicU64>) -> io::Result<Log> {
        let raw: Box<dyn Read + Send> = match self {
            Self::Stdin => Box::new(io::stdin()),
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
    /// Syslog tags whose records are trusted, besides the audit system's.
    pub tags: Vec<Vec<u8>>,
}

impl Sources {
    /// The logs at `paths`; without any, auditd's own. Files are opened here, so that a rotation
    /// from now on changes nothing. An error comes with its path.
    pub fn resolve(paths: &[PathBuf]) -> Result<Self, (PathBuf, io::Error)> {
        if paths.is_empty() {
            let list = auditd::logs(Path::new(AUDITD_CONF))?;
            return Ok(Self { list, local: true, ..Self::default() });
        }
        let mut list = Vec::new();
        for path in paths {
            if path.as_os_str() == "-" {
                list.push(Source::Stdin);
                continue;
            }
            let found = fs::metadata(path).map_err(|error| (path.clone(), error))?;
            if found.is_dir() {
                list.extend(directory(path)?);
            } else {
                let open = listing::open(path).map_err(|error| (path.clone(), error))?;
                list.push(match open {
                    Some((file, _)) => Source::Open(path.clone(), file),
                    None => Source::File(path.clone()),
                });
            }
        }
        Ok(Self { list, ..Self::default() })
    }

    /// The size of all files in bytes; `None` if one of them isn't a regular file.
    pub fn size(&self) -> Option<u64> {
        let size = |source: &Source| match source {
            Source::Stdin => None,
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
