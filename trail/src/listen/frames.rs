//! auditd's binary format, which its plugins and its af_unix socket can have.
//!
//! A header of four numbers in the host's byte order (version, its own length, record type, length
//! of the text) is followed by the text. Most versions of auditd append bytes without meaning up to
//! the longest text's length; others don't.

use crate::line::record_line;

/// The header's length.
const HEADER: usize = 16;

/// The longest text, in bytes: MAX_AUDIT_MESSAGE_LENGTH.
const TEXT_MAX: usize = 8970;

/// The version whose text is the kernel's, and the one whose text is a whole line.
const RAW: u32 = 0;
const LINE: u32 = 1;

struct Header {
    version: u32,
    kind: u32,
    length: usize,
}

fn header(bytes: &[u8]) -> Option<Header> {
    let (header, _) = bytes.split_first_chunk::<HEADER>()?;
    let number = |at: usize| {
        u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let (version, own, kind) = (number(0), number(4), number(8));
    let length = number(12) as usize;
    let valid = [RAW, LINE].contains(&version) && own as usize == HEADER && length <= TEXT_MAX;
    valid.then_some(Header { version, kind, length })
}

/// Whether a stream that begins with these bytes has this format. `None` if they are too few.
pub(super) fn begins_frame(bytes: &[u8]) -> Option<bool> {
    // A line begins with a letter.
    if bytes.first().is_some_and(|&first| first > 1) {
        return Some(false);
    }
    (bytes.len() >= HEADER).then(|| header(bytes).is_some())
}

/// Cuts the format into lines.
#[derive(Debug, Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
    /// The position of the next byte to look at.
    at: usize,
}

impl Frames {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.at));
        self.bytes.extend_from_slice(piece);
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        while let Some(rest) = self.bytes.get(self.at..).filter(|rest| rest.len() >= HEADER) {
            let Some(header) = header(rest) else {
                // Bytes behind the last text.
                self.at += 1;
                continue;
            };
            let text = rest.get(HEADER..HEADER + header.length)?;
            self.at += HEADER + header.length;
            let end = text.iter().rposition(|byte| !matches!(byte, b'\0' | b'\n'));
            let text = &text[..end.map_or(0, |last| last + 1)];
            let mut line = match (header.version, u16::try_from(header.kind)) {
                (RAW, Ok(kind)) => record_line(kind, text),
                (RAW, Err(_)) => continue,
                _ => text.to_vec(),
            };
            // auditd makes one line of each record.
            line.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
            return Some(line);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::records::Records;

    fn frame(version: u32, kind: u32, text: &[u8], padded: bool) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap();
        let mut bytes: Vec<u8> =
            [version, 16, kind, length].iter().flat_map(|number| number.to_ne_bytes()).collect();
        bytes.extend_from_slice(text);
        if padded {
            // What was in auditd's buffer before.
            let mut rest = b"audit(1.000:1): old\0".repeat(TEXT_MAX);
            rest.truncate(TEXT_MAX - text.len());
            bytes.extend(rest);
        }
        bytes
    }

    #[test]
    fn frames_are_lines_with_and_without_padding_in_any_pieces() {
        let texts = [
            (RAW, 2500, &b"audit(1.000:2): a"[..], "type=2500 audit(1.000:2): a"),
            (
                LINE,
                2501,
                b"type=VIRT_RESOURCE msg=audit(1.000:3): b\n",
                "type=VIRT_RESOURCE msg=audit(1.000:3): b",
            ),
            (
                LINE,
                1300,
                b"node=h1 type=SYSCALL msg=audit(1.000:4): c\x1dUID=\"x\"",
                "node=h1 type=SYSCALL msg=audit(1.000:4): c\x1dUID=\"x\"",
            ),
            (RAW, 1320, b"audit(1.000:5): \0", "type=1320 audit(1.000:5): "),
            (
                LINE,
                2502,
                b"type=VIRT_MACHINE_ID msg=audit(1.000:6): a\nb",
                "type=VIRT_MACHINE_ID msg=audit(1.000:6): a b",
            ),
        ];
        for padded in [false, true] {
            let stream: Vec<u8> = texts
                .iter()
                .flat_map(|(version, kind, text, _)| frame(*version, *kind, text, padded))
                .collect();
            for size in [1, 7, 16, 100, 8986, stream.len()] {
                let mut records = Records::default();
                let mut lines = Vec::new();
                for piece in stream.chunks(size) {
                    records.push(piece);
                    lines.extend(std::iter::from_fn(|| records.pop()));
                }
                let lines: Vec<_> =
                    lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect();
                let expected: Vec<_> = texts.iter().map(|it| it.3).collect();
                assert_eq!(lines, expected, "padded {padded}, pieces of {size}");
            }
        }
    }

    #[test]
    fn a_record_is_there_before_its_padding() {
        let mut frames = Frames::default();
        frames.push(&frame(RAW, 2500, b"audit(1.000:2): a", false));
        assert!(frames.pop().is_some());
        frames.push(&[0; 500]);
        assert_eq!(frames.pop(), None);
    }

    #[test]
    fn lines_are_no_frames() {
        for (bytes, expected) in [
            (&b"t"[..], Some(false)),
            (b"\n", Some(false)),
            (b"", None),
            (&[0; 15], None),
            (&[0; 16], Some(false)),
            (&frame(RAW, 2500, b"", false), Some(true)),
        ] {
            assert_eq!(begins_frame(bytes), expected, "{bytes:?}");
        }
    }
}
