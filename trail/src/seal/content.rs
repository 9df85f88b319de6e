//! Digests of a log's decompressed text.

use crate::input::blocks::LINE_MAX;
use crate::input::{Log, Source};
use crate::line::{StampReader, front};
use sha2::{Digest, Sha256};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Read size.
const CHUNK: usize = 256 * 1024;

/// The SHA-256 digest of a text.
pub(super) fn digest(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An open log and its identity. Both come from one opening, as the log may be rotated meanwhile.
pub(super) struct OpenLog {
    /// The digest of the first line; `None` if the log has no whole line.
    pub(super) id: Option<String>,
    log: Log,
    /// The beginning of a stream, which was read for the identity.
    text: Vec<u8>,
}

impl OpenLog {
    pub(super) fn open(source: &Source) -> io::Result<Self> {
        let mut log = source.open(&Arc::new(AtomicU64::new(0)))?;
        let reader: &mut dyn Read = match &mut log {
            Log::File(file) => file,
            Log::Stream(stream) => stream,
        };
        let mut text = Vec::new();
        let id = loop {
            let end = memchr::memchr(b'\n', &text).or((text.len() >= LINE_MAX).then_some(LINE_MAX));
            if let Some(end) = end {
                break Some(hex(&digest(&text[..end])));
            }
            if reader.take(4096).read_to_end(&mut text)? == 0 {
                break None;
            }
        };
        Ok(Self { id, log, text })
    }

    /// The text from an offset on. A stream is read up to there.
    fn read_from(self, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        match self.log {
            Log::File(mut file) => {
                file.seek(SeekFrom::Start(offset))?;
                Ok(Box::new(file))
            }
            Log::Stream(stream) => {
                let mut text = io::Cursor::new(self.text).chain(stream);
                io::copy(&mut (&mut text).take(offset), &mut io::sink())?;
                Ok(Box::new(text))
            }
        }
    }
}

/// A range of whole lines.
pub(super) struct Lines {
    pub(super) length: u64,
    pub(super) lines: u64,
    pub(super) sha256: String,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

/// The whole lines of a log from an offset on; `None` if there are none.
pub(super) fn whole_lines(log: OpenLog, offset: u64) -> io::Result<Option<Lines>> {
    let mut reader = log.read_from(offset)?;
    let mut hasher = Sha256::new();
    let (mut length, mut lines) = (0, 0);
    let (mut first, mut last) = (None, None);
    let mut pending = Vec::new();
    loop {
        let read = (&mut reader).take(CHUNK as u64).read_to_end(&mut pending)?;
        if read == 0 {
            break;
        }
        let Some(end) = memchr::memrchr(b'\n', &pending) else { continue };
        let whole = &pending[..=end];
        hasher.update(whole);
        length += whole.len() as u64;
        lines += memchr::memchr_iter(b'\n', whole).count() as u64;
        first = first.or_else(|| stamp(whole.split(|&byte| byte == b'\n')));
        last = stamp(whole.rsplit(|&byte| byte == b'\n')).or(last);
        pending.drain(..=end);
    }
    let sha256 = hex(&hasher.finalize());
    Ok((length > 0).then_some(Lines { length, lines, sha256, first, last }))
}

/// The first stamp in some lines.
fn stamp<'t>(mut lines: impl Iterator<Item = &'t [u8]>) -> Option<String> {
    lines
        .find_map(|line| Some(front(line)?.line_by(&mut StampReader::default())?.stamp.to_string()))
}

/// The digests of ranges of a log, given as offset and length, and the log's length. A range that isn't
/// complete has no digest.
pub(super) fn ranges(
    log: OpenLog,
    ranges: &[(u64, u64)],
) -> io::Result<(Vec<Option<String>>, u64)> {
    let mut reader = log.read_from(0)?;
    let mut hashers = vec![(Sha256::new(), 0u64); ranges.len()];
    let mut buffer = vec![0; CHUNK];
    let mut at = 0u64;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = at + read as u64;
        for (&(offset, length), (hasher, done)) in ranges.iter().zip(&mut hashers) {
            let (from, to) = (offset.max(at), offset.saturating_add(length).min(end));
            if from < to {
                hasher.update(&buffer[(from - at) as usize..(to - at) as usize]);
                *done += to - from;
            }
        }
        at = end;
    }
    let digests = hashers
        .into_iter()
        .zip(ranges)
        .map(|((hasher, done), &(_, length))| (done == length).then(|| hex(&hasher.finalize())));
    Ok((digests.collect(), at))
}
