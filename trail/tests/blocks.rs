//! A log has the same lines as a plain file, which is read in ranges, and as a stream.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use viraudit_trail::input::Source;
use viraudit_trail::input::blocks::{self, BlockOutput, LINE_MAX};

/// In place of a line that is too long.
const SKIPPED: &[u8] = b"skipped\n";

/// The lines of a block.
#[derive(Default)]
struct Lines(Vec<Vec<u8>>);

impl BlockOutput for Lines {
    fn skip_line(&mut self) {
        self.0.push(SKIPPED.to_vec());
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// The lines of all logs, each with the index of its log; and the bytes read.
fn lines(sources: &[Source]) -> (Vec<(usize, Vec<u8>)>, u64) {
    let progress = Arc::new(AtomicU64::new(0));
    let mut all = Vec::new();
    let mut firsts = 0;
    let scan = |text: &[u8], found: &mut Lines| {
        found.0.extend(split(text));
    };
    let errors = blocks::run(sources, &progress, scan, |before, block, _| {
        firsts += usize::from(block.first);
        assert_eq!(block.first, before.is_none_or(|before| before.source != block.source));
        all.extend(block.output.0.iter().map(|line| (block.source, line.clone())));
    });
    assert!(errors.is_empty(), "{errors:?}");
    assert!(firsts <= sources.len());
    (all, progress.load(Ordering::Relaxed))
}

const KIB: usize = 1024;

/// The lines of a text. A scanner skips long lines that are in its block, too.
fn split(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    text.split_inclusive(|&byte| byte == b'\n').map(|line| {
        let len = line.strip_suffix(b"\n").unwrap_or(line).len();
        if len > LINE_MAX { SKIPPED } else { line }.to_vec()
    })
}

/// Texts with lines that end at, just before and just after the end of a block and of a piece.
fn texts() -> Vec<Vec<u8>> {
    let line = |len: usize, at: usize| [&vec![b'a' + (at % 26) as u8; len - 1][..], b"\n"].concat();
    let of = |lens: &[usize]| -> Vec<u8> {
        lens.iter().enumerate().flat_map(|(at, &len)| line(len, at)).collect()
    };
    let mut texts = vec![
        b"one line".to_vec(),
        b"\n".to_vec(),
        of(&[300; 20_000]),
        // Longer than a piece, and than a block.
        of(&[1, 300 * KIB, 2, 5000 * KIB, 3]),
        // Longer than any line may be.
        of(&[10, 17 * KIB * KIB, 10]),
        of(&[17 * KIB * KIB, 17 * KIB * KIB]),
        of(&[LINE_MAX, LINE_MAX + 1, LINE_MAX + 2, 5, LINE_MAX - 1]),
        vec![b'x'; LINE_MAX],
        vec![b'x'; LINE_MAX + 1],
        vec![b'x'; 9 * LINE_MAX],
    ];
    for size in [256 * KIB, 2048 * KIB, 2048 * KIB + 4 * KIB] {
        for near in [size - 1, size, size + 1] {
            texts.push(of(&[near]));
            texts.push(of(&[100, near - 100, 100]));
            texts.push([&of(&[near, 10])[..], b"cut"].concat());
        }
    }
    texts
}

#[test]
fn a_file_and_a_stream_are_the_same_lines() {
    let dir = tempfile::tempdir().unwrap();
    for (at, text) in texts().into_iter().enumerate() {
        let path = dir.path().join(format!("{at}.log"));
        std::fs::write(&path, &text).unwrap();
        let (plain, read) = lines(&[Source::File(path)]);
        assert_eq!(read, text.len() as u64, "text {at}: every byte once");
        let expected: Vec<Vec<u8>> = split(&text).collect();
        assert!(plain.into_iter().map(|(_, line)| line).eq(expected.iter().cloned()), "text {at}");

        let path = dir.path().join(format!("{at}.gz"));
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&text).unwrap();
        std::fs::write(&path, gz.finish().unwrap()).unwrap();
        let (stream, _) = lines(&[Source::File(path)]);
        let same = stream.into_iter().map(|(_, line)| line).eq(expected);
        assert!(same, "text {at} as a stream");
    }
}

#[test]
fn logs_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let texts = [&b"a\nb"[..], b"", b"c\n", b"d"];
    let sources: Vec<Source> = (0..)
        .zip(texts)
        .map(|(at, text)| {
            let path = dir.path().join(at.to_string());
            std::fs::write(&path, text).unwrap();
            Source::File(path)
        })
        .collect();
    let expected = [(0, "a\n"), (0, "b"), (2, "c\n"), (3, "d")];
    let expected: Vec<_> =
        expected.into_iter().map(|(log, line)| (log, line.as_bytes().to_vec())).collect();
    assert_eq!(lines(&sources).0, expected);
}

/// A panic on any thread and in any block ends the reading and is passed on.
#[test]
fn a_panic_is_passed_on() {
    let text = vec![b'\n'; 64 * 1024 * KIB];
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&text).unwrap();
    let sources = [Source::File(file.path().to_path_buf())];
    let progress = Arc::new(AtomicU64::new(0));
    for panics_at in [0, 3, 20] {
        for in_scan in [true, false] {
            let (scanned, consumed) = (AtomicU64::new(0), AtomicU64::new(0));
            let meets = |count: &AtomicU64, here: bool| {
                assert!(!here || count.fetch_add(1, Ordering::Relaxed) != panics_at, "on purpose");
            };
            let ended = std::panic::catch_unwind(|| {
                let scan = |_: &[u8], _: &mut Lines| meets(&scanned, in_scan);
                blocks::run(&sources, &progress, scan, |_, _, _| meets(&consumed, !in_scan));
            });
            assert!(ended.is_err(), "{panics_at} {in_scan}");
        }
    }
}
