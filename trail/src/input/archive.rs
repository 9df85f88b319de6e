//! tar archives: each file in one is a log. A compressed archive is decompressed up to a file each
//! time that one is opened, so that nothing is stored on disk.

use super::content::is_tar;
use super::{Counted, FromStart, Log, OpenFile, Source, decompress};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The most files of an archive.
const MEMBERS_MAX: usize = 10_000;

/// The most bytes that are decompressed to get to the files of an archive.
const SKIPPED_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// A file in a tar archive.
#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    archive: OpenFile,
    /// The archive's path, and the file's path in it.
    path: PathBuf,
    at: u64,
    len: u64,
}

impl Member {
    /// The archive's path with the file's behind it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Opens the file, which may itself be compressed.
    pub(super) fn open(&self, progress: &Arc<AtomicU64>) -> io::Result<Log> {
        let mut text = text(&self.archive)?;
        let skipped = io::copy(&mut (&mut text).take(self.at), &mut io::sink())?;
        if skipped < self.at {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let counted = Counted { inner: Box::new(text.take(self.len)), count: Arc::clone(progress) };
        decompress::reader(Box::new(counted)).map(Log::Stream)
    }
}

/// The decompressed archive.
fn text(archive: &OpenFile) -> io::Result<Box<dyn Read + Send>> {
    decompress::reader(Box::new(FromStart { file: Arc::clone(&archive.0), at: 0 }))
}

/// The files of an archive, each with its directory there; `None` if the file isn't a tar archive.
pub(super) fn members(
    path: &Path,
    archive: &OpenFile,
) -> io::Result<Option<Vec<(PathBuf, Source)>>> {
    let mut front = Vec::new();
    // Its error is reported when the file is read.
    let front_read = text(archive).and_then(|text| text.take(512).read_to_end(&mut front));
    if front_read.is_err() || !is_tar(&front) {
        return Ok(None);
    }
    let invalid = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
    let mut members = Vec::new();
    let mut skipped = 0u64;
    for entry in tar::Archive::new(text(archive)?).entries()? {
        let entry = entry.map_err(|_| invalid("the tar archive is damaged, or ends too early"))?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_sparse() {
            return Err(invalid("a tar archive with a sparse file: unpack it"));
        }
        let name = entry.path()?.into_owned();
        let hidden = name.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !kind.is_file() || hidden {
            continue;
        }
        skipped += entry.raw_file_position();
        if members.len() >= MEMBERS_MAX || skipped > SKIPPED_MAX {
            return Err(invalid("a tar archive with too many files: unpack it"));
        }
        let member = Member {
            archive: archive.clone(),
            path: path.join(name.strip_prefix("/").unwrap_or(&name)),
            at: entry.raw_file_position(),
            len: entry.size(),
        };
        let directory = name.parent().unwrap_or(Path::new("")).to_owned();
        members.push((directory, Source::Member(Arc::new(member))));
    }
    if members.is_empty() {
        return Err(invalid("the tar archive has no files"));
    }
    Ok(Some(members))
}
