//! Compressed logs, known by their first bytes: names lie.

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, BufReader, Cursor, Read};

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
const XZ: &[u8] = &[0xFD, b'7', b'z', b'X', b'Z', 0];

/// How much is read of a compressed file at once.
const CHUNK: usize = 64 * 1024;

/// A reader of the text in `raw`.
pub(super) fn reader(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut front = Vec::new();
    (&mut raw).take(XZ.len() as u64).read_to_end(&mut front)?;
    let kind = [GZIP, ZSTD, XZ].into_iter().find(|magic| front.starts_with(magic));
    let whole = Cursor::new(front).chain(raw);
    Ok(match kind {
        None => Box::new(whole),
        Some(kind) => {
            let whole = BufReader::with_capacity(CHUNK, whole);
            match kind {
                GZIP => Box::new(MultiGzDecoder::new(whole)),
                ZSTD => Box::new(Zstd { input: Some(whole), frame: None }),
                _ => Box::new(XzReader::new(whole, true)),
            }
        }
    })
}

/// Frame after frame: what is appended to a .zst file is a frame of its own.
struct Zstd<R: Read> {
    /// What is left, between frames.
    input: Option<BufReader<R>>,
    frame: Option<Frame<R>>,
}

type Frame<R> = StreamingDecoder<BufReader<R>, ruzstd::decoding::FrameDecoder>;

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let len = frame.read(buffer)?;
                if len > 0 || buffer.is_empty() {
                    return Ok(len);
                }
                self.input = self.frame.take().map(StreamingDecoder::into_inner);
            }
            let Some(mut input) = self.input.take() else { return Ok(0) };
            if io::BufRead::fill_buf(&mut input)?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(StreamingDecoder::new(input).map_err(io::Error::other)?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        reader(Box::new(Cursor::new(bytes)))?.read_to_end(&mut text).map(|_| text)
    }

    #[test]
    fn gzip_members_follow_each_other() {
        let mut bytes = Vec::new();
        for part in ["one\n", "two\n"] {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
            encoder.write_all(part.as_bytes()).unwrap();
            bytes.extend(encoder.finish().unwrap());
        }
        assert_eq!(read(bytes.clone()).unwrap(), b"one\ntwo\n");
        bytes.truncate(bytes.len() - 4);
        assert!(read(bytes).is_err(), "a file that ends too early");
    }

    #[test]
    fn zstd_frames_follow_each_other() {
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let frame = |text: &[u8]| ruzstd::encoding::compress_to_vec(text, level);
        let bytes = [frame(b"one\n"), frame(b"two\n")].concat();
        assert_eq!(read(bytes).unwrap(), b"one\ntwo\n");
    }

    #[test]
    fn short_and_plain_files_are_text() {
        for text in [&b""[..], b"a", b"\x1f", b"type=X\n"] {
            assert_eq!(read(text.to_vec()).unwrap(), text);
        }
    }
}
