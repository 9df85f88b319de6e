//! The lines of a log.

use std::io::{self, Read};

/// The number of bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// Calls `take` with each line, without its end. An error of `source` counts as its end.
pub(crate) fn for_each(mut source: impl Read, mut take: impl FnMut(&[u8])) {
    let mut buffer = vec![0; CHUNK];
    // The ends of what is filled, and of what was searched for a newline.
    let (mut filled, mut searched) = (0, 0);
    loop {
        if filled == buffer.len() {
            buffer.resize(buffer.len() * 2, 0);
        }
        let count = match source.read(&mut buffer[filled..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(count) => count,
            Err(_) => 0,
        };
        if count == 0 {
            break;
        }
        filled += count;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &buffer[searched..filled]) {
            take(&buffer[start..searched + end]);
            start = searched + end + 1;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
        searched = filled;
    }
    if filled > 0 {
        take(&buffer[..filled]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for_each(text, |line| found.push(line.to_vec()));
        found
    }

    #[test]
    fn lines_have_any_length() {
        let long = vec![b'x'; 3 * CHUNK + 1];
        let text = [b"a\n\n", &long[..], b"\nlast"].concat();
        assert_eq!(lines(&text), [&b"a"[..], b"", &long, b"last"]);
        assert_eq!(lines(b""), Vec::<Vec<u8>>::new());
    }
}
