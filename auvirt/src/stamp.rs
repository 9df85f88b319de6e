//! A line's stamp: its time, its event's serial number, and its host.

use crate::numbers::unsigned;

/// Identifies an event, together with the host. Events are delivered in this order, whatever the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Stamp {
    pub(crate) seconds: i64,
    pub(crate) milli: u32,
    pub(crate) serial: u64,
}

/// The bytes at the start of a line in which a stamp is looked for.
const HEAD: usize = 80;
/// The same of a line that may begin with a host.
const HEAD_WITH_HOST: usize = 340;

/// Reads a line's stamp and host; `None` if the line isn't a record.
pub(crate) fn read(line: &[u8]) -> Option<(Stamp, Option<&[u8]>)> {
    let with_host = line.first() == Some(&b'n');
    let limit = if with_host { HEAD_WITH_HOST } else { HEAD };
    let head = &line[..line.len().min(limit)];
    let mut tokens = head.split(|&byte| byte == b' ').filter(|token| !token.is_empty());
    let first = tokens.next()?;
    let mut host = None;
    if with_host && first.len() > 5 {
        host = Some(&first[5..]);
        tokens.next()?;
    }
    let token = tokens.next().filter(|token| token.len() > 18)?;
    let open = match token[9] {
        b'(' => 9,
        _ => token.iter().position(|&byte| byte == b'(')?,
    };
    let text = token[open + 1..].split(|&byte| byte == b')').next()?;
    Some((numbers(text)?, host))
}

/// Reads `SEC[.MILLI][:SERIAL]`; missing parts are 0.
fn numbers(text: &[u8]) -> Option<Stamp> {
    let (seconds, milli, after) = match text.iter().position(|&byte| byte == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..], &text[dot + 1..]),
        None => (text, &b""[..], text),
    };
    let (seconds, milli) = (unsigned(seconds)?, unsigned(milli)? as u32);
    let serial = match after.iter().position(|&byte| byte == b':') {
        Some(colon) => unsigned(&after[colon + 1..])?,
        None => 0,
    };
    let seconds = seconds as i64;
    (milli <= 999 && seconds < i64::MAX - 2).then_some(Stamp { seconds, milli, serial })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(line: &str) -> Option<(i64, u32, u64)> {
        read(line.as_bytes()).map(|(s, _)| (s.seconds, s.milli, s.serial))
    }

    #[test]
    fn stamps_may_be_odd() {
        assert_eq!(parts("x msg=audit(1710930000.5:7): y"), Some((1_710_930_000, 5, 7)));
        assert_eq!(parts("x msg=audit(1710930000:1001.7): y"), Some((1_710_930_000, 7, 0)));
        assert_eq!(
            parts("x msg=audit(-1710930000.1:-5): y"),
            Some((-1_710_930_000, 1, u64::MAX - 4))
        );
        assert_eq!(parts("x msg=audit(1710930000.1000:7): y"), None);
        assert_eq!(parts("x msg=audit(9223372036854775805.1:7): y"), None);
        assert_eq!(parts("x msg=audit(1.1:1): y"), None);
        assert_eq!(parts("n msg=audit(1710930000.5:7): y"), Some((1_710_930_000, 5, 7)));
    }

    #[test]
    fn hosts_are_the_first_word() {
        let line = b"node=web1 type=X msg=audit(1710930000.5:7): y";
        assert_eq!(read(line).and_then(|(_, host)| host), Some(&b"web1"[..]));
    }
}
