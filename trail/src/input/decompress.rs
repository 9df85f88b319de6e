//! Compressed logs, recognised by their first bytes: file names are not reliable.

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{StreamingDecoder, errors::FrameDecoderError};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt;

const GZIP: &[u8] = &[0x1F, 0x8B];
const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];
const XZ: &[u8] = &[0xFD, b'7', b'z', b'X', b'Z', 0];

/// The memory that an xz file may ask for, in KiB: twice what `xz -9` does.
const XZ_MEMORY: u32 = 128 * 1024;

/// Read size for compressed files.
const CHUNK: usize = 64 * 1024;

/// The magic number at the beginning of `front`.
fn magic(front: &[u8]) -> Option<&'static [u8]> {
    [GZIP, ZSTD, XZ].into_iter().find(|magic| front.starts_with(magic))
}

/// Whether a file must be decompressed.
pub(super) fn is_compressed(file: &File) -> io::Result<bool> {
    let mut front = [0; XZ.len()];
    let read = file.read_at(&mut front, 0)?;
    Ok(magic(&front[..read]).is_some())
}

/// A reader of the decompressed text of `raw`, which may be plain text too.
pub(super) fn reader(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut front = Vec::new();
    (&mut raw).take(XZ.len() as u64).read_to_end(&mut front)?;
    let magic = magic(&front);
    let whole = Cursor::new(front).chain(raw);
    let Some(magic) = magic else { return Ok(Box::new(whole)) };
    let whole = BufReader::with_capacity(CHUNK, whole);
    let (name, inner): (_, Box<dyn Read + Send>) = match magic {
        GZIP => ("gzip", Box::new(MultiGzDecoder::new(whole))),
        ZSTD => ("zstd", Box::new(Zstd { input: Some(whole), frame: None })),
        _ => ("xz", Box::new(XzReader::new_mem_limit(whole, true, XZ_MEMORY))),
    };
    Ok(Box::new(Compressed { name, inner }))
}

/// Gives errors the same text, whichever crate decompresses.
struct Compressed {
    name: &'static str,
    inner: Box<dyn Read + Send>,
}

impl Read for Compressed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            // The file itself can't be read.
            _ if error.raw_os_error().is_some() => error,
            io::ErrorKind::OutOfMemory => {
                io::Error::other(format!("the {} data needs too much memory", self.name))
            }
            _ if is_early_end(&error) => {
                let text = format!("the {} data ends too early", self.name);
                io::Error::new(io::ErrorKind::UnexpectedEof, text)
            }
            _ => io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the {} data is damaged", self.name),
            ),
        })
    }
}

/// Whether the error, or one of its causes, is an early end of the data.
fn is_early_end(error: &io::Error) -> bool {
    let is_eof = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
    let mut cause = error.get_ref().map(|inner| inner as &(dyn Error + 'static));
    while let Some(inner) = cause {
        if inner.downcast_ref().is_some_and(is_eof) {
            return true;
        }
        cause = inner.source();
    }
    is_eof(error)
}

/// Reads frame after frame: appending to a .zst file adds a frame.
struct Zstd<R: Read> {
    /// The rest of the file, while no frame is open.
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
            self.frame = Some(StreamingDecoder::new(input).map_err(|error| match error {
                FrameDecoderError::WindowSizeTooBig { .. } => io::ErrorKind::OutOfMemory.into(),
                error => io::Error::other(error),
            })?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lzma_rust2::{XzOptions, XzWriter};
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
    fn errors_have_the_same_text_for_every_format() {
        let text: Vec<u8> = (0..5000u32).flat_map(|n| (n * n).to_string().into_bytes()).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        gzip.write_all(&text).unwrap();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let mut xz = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
        xz.write_all(&text).unwrap();
        for (name, bytes) in [
            ("gzip", gzip.finish().unwrap()),
            ("zstd", ruzstd::encoding::compress_to_vec(&text[..], level)),
            ("xz", xz.finish().unwrap()),
        ] {
            assert_eq!(read(bytes.clone()).unwrap(), text, "{name}");
            for keep in [8, bytes.len() / 2, bytes.len() - 1] {
                let message = read(bytes[..keep].to_vec()).unwrap_err().to_string();
                assert_eq!(message, format!("the {name} data ends too early"), "{keep} bytes");
            }
            let mut damaged = bytes.clone();
            let middle = damaged.len() / 2;
            damaged[middle..middle + 100].fill(0xFF);
            let message = read(damaged).unwrap_err().to_string();
            assert_eq!(message, format!("the {name} data is damaged"));
        }
    }

    /// `type=X` and a line end, as `xz --lzma2=dict=SIZE --check=crc32` writes them. The size is in one
    /// byte of the block's header, which ends with its checksum.
    fn xz(dictionary: u8, header_crc: [u8; 4]) -> Vec<u8> {
        let mut bytes = vec![
            0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22, 0xde, 0x36, 0x02, 0x00,
            0x21, 0x01, 0x1c, 0x00, 0x00, 0x00, 0x10, 0xcf, 0x58, 0xcc, 0x01, 0x00, 0x06, 0x74,
            0x79, 0x70, 0x65, 0x3d, 0x58, 0x0a, 0x00, 0x00, 0x30, 0xd8, 0x48, 0xe2, 0x00, 0x01,
            0x1b, 0x07, 0x12, 0xeb, 0xd4, 0x17, 0x90, 0x42, 0x99, 0x0d, 0x01, 0x00, 0x00, 0x00,
            0x00, 0x01, 0x59, 0x5a,
        ];
        bytes[16] = dictionary;
        bytes[20..24].copy_from_slice(&header_crc);
        bytes
    }

    /// The same in a frame of zstd, as one raw block.
    fn zstd(window: u8) -> Vec<u8> {
        [ZSTD, &[0, window, 7 << 3 | 1, 0, 0], b"type=X\n"].concat()
    }

    #[test]
    fn a_small_file_cannot_ask_for_much_memory() {
        for (name, usual, large) in [
            // 64 and 256 MiB
            ("xz", xz(0x1c, [0x10, 0xcf, 0x58, 0xcc]), xz(0x20, [0x09, 0x88, 0xa5, 0x76])),
            // 8 MiB and 2 GiB
            ("zstd", zstd(0x68), zstd(0xA8)),
        ] {
            assert_eq!(read(usual).unwrap(), b"type=X\n", "{name}");
            let message = read(large).unwrap_err().to_string();
            assert_eq!(message, format!("the {name} data needs too much memory"));
        }
    }

    #[test]
    fn short_and_plain_files_are_text() {
        for text in [&b""[..], b"a", b"\x1f", b"type=X\n"] {
            assert_eq!(read(text.to_vec()).unwrap(), text);
        }
    }
}
