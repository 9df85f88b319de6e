//! Finds and opens logs: auditd's own with its rotations, files, directories, standard input.
//! [`blocks`] reads them in blocks of whole lines.

mod auditd;
pub mod blocks;
mod decompress;

use std::fs::{self, File};
use std::io::{self, Read};
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
}

impl Source {
    /// The name for messages.
    pub fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Opens the log. A stream adds the bytes that it reads to `progress`.
    pub(crate) fn open(&self, progress: &Arc<AtomicU64>) -> io::Result<Log> {
        let raw: Box<dyn Read + Send> = match self {
            Self::Stdin => Box::new(io::stdin()),
            Self::File(path) => {
                let file = File::open(path)?;
                let found = file.metadata()?;
                if found.is_dir() {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                // Files in /proc have a size of 0 but may hold text.
                if found.is_file() && found.len() > 0 && !decompress::is_compressed(&file)? {
                    return Ok(Log::File(file));
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
    File(File),
    /// A pipe or a compressed file, readable only from beginning to end.
    Stream(Box<dyn Read + Send>),
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
}

impl Sources {
    /// The logs at `paths`; without any, auditd's own. An error comes with its path.
    pub fn resolve(paths: &[PathBuf]) -> Result<Self, (PathBuf, io::Error)> {
        if paths.is_empty() {
            let list = auditd::logs(Path::new(AUDITD_CONF))?;
            return Ok(Self { list, local: true });
        }
        let mut list = Vec::new();
        for path in paths {
            if path.as_os_str() == "-" {
                list.push(Source::Stdin);
                continue;
            }
            let found = fs::metadata(path).map_err(|error| (path.clone(), error))?;
            if found.is_dir() {
                list.extend(directory(path).map_err(|error| (path.clone(), error))?);
            } else {
                list.push(Source::File(path.clone()));
            }
        }
        Ok(Self { list, local: false })
    }

    /// The size of all files in bytes; `None` if one of them isn't a regular file.
    pub fn size(&self) -> Option<u64> {
        let size = |source: &Source| match source {
            Source::Stdin => None,
            Source::File(path) => {
                fs::metadata(path).ok().filter(|found| found.is_file()).map(|found| found.len())
            }
        };
        self.list.iter().map(size).sum()
    }
}

/// The visible files of a directory, the oldest rotation first.
fn directory(path: &Path) -> io::Result<Vec<Source>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && fs::metadata(entry.path()).is_ok_and(|found| found.is_file()) {
            files.push(entry.path());
        }
    }
    if files.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the directory has no files"));
    }
    auditd::sort(&mut files);
    Ok(files.into_iter().map(Source::File).collect())
}
