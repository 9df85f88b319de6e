//! Opens all files of a listing before any is read: a rotation in between would lose one.

use super::{OpenFile, Source};
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

/// How often files are listed until none of them is new.
const ATTEMPTS: usize = 32;

/// The error numbers for too many open files, of the process and of the system.
const TOO_MANY_FILES: [i32; 2] = [24, 23];

/// Lists and opens files until a listing has no file that isn't open. A file with several names is
/// one file. An error comes with its path, unless it is one of the listing.
pub(super) fn open_all(
    mut list: impl FnMut() -> io::Result<Vec<PathBuf>>,
) -> Result<Vec<Source>, (Option<PathBuf>, io::Error)> {
    let mut known = HashSet::new();
    let mut sources = Vec::new();
    for _ in 0..ATTEMPTS {
        let mut changed = false;
        for path in list().map_err(|error| (None, error))? {
            match open_new(&path, &mut known) {
                Ok(None) => {}
                Ok(Some(source)) => {
                    sources.push(source);
                    changed = true;
                }
                // It has another name now.
                Err(error) if error.kind() == ErrorKind::NotFound => changed = true,
                Err(error) => return Err((Some(path), error)),
            }
        }
        if !changed {
            return Ok(sources);
        }
    }
    Err((None, io::Error::other("its files keep changing")))
}

/// Opens a file, unless it is known by its device and inode.
fn open_new(path: &PathBuf, known: &mut HashSet<(u64, u64)>) -> io::Result<Option<Source>> {
    let id = |found: &Metadata| (found.dev(), found.ino());
    let found = fs::metadata(path)?;
    if known.contains(&id(&found)) {
        return Ok(None);
    }
    let (source, found) = match open(path)? {
        Some((file, found)) => (Source::Open(path.clone(), file), found),
        None => (Source::File(path.clone()), found),
    };
    Ok(known.insert(id(&found)).then_some(source))
}

/// Opens a regular file. `None` for any other, and for one whose error is reported when it is read,
/// as the other logs can still be read.
pub(super) fn open(path: &PathBuf) -> io::Result<Option<(OpenFile, Metadata)>> {
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    match File::open(path) {
        Ok(file) => {
            let found = file.metadata()?;
            Ok(Some((OpenFile(Arc::new(file)), found)))
        }
        Err(error)
            if error.kind() == ErrorKind::NotFound
                || error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) =>
        {
            Err(error)
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_between_listing_and_opening_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("log"), "new").unwrap();
        fs::write(at("log.1"), "old").unwrap();
        fs::hard_link(at("log"), at("log.same")).unwrap();
        let mut listings = 0;
        let sources = open_all(|| {
            let listed: io::Result<Vec<PathBuf>> =
                fs::read_dir(dir.path())?.map(|entry| Ok(entry?.path())).collect();
            listings += 1;
            if listings == 1 {
                fs::rename(at("log.1"), at("log.2"))?;
                fs::rename(at("log"), at("log.1"))?;
                fs::write(at("log"), "newest")?;
            }
            listed
        });
        let mut texts: Vec<String> = (sources.unwrap().iter())
            .map(|source| match source {
                Source::Open(_, file) => io::read_to_string(&*file.0).unwrap(),
                other => panic!("{other:?}"),
            })
            .collect();
        texts.sort();
        assert_eq!(texts, ["new", "newest", "old"]);
    }

    #[test]
    fn files_that_keep_changing_are_an_error() {
        let (path, error) = open_all(|| Ok(vec!["/nonexistent/log".into()])).unwrap_err();
        assert_eq!((path, error.to_string()), (None, "its files keep changing".to_owned()));
    }
}
