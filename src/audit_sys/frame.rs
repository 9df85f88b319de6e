//! The layout of netlink messages: a header, the text with its NUL, padding to four bytes. One
//! `sendto` takes a buffer of consecutive messages.

use super::bindings::{NLM_F_ACK, NLM_F_REQUEST, NLMSG_ERROR, nlmsghdr};

/// The length of a message's header.
pub const HEADER_LEN: usize = size_of::<nlmsghdr>();

/// The length of the message for a text of `len` bytes: with header, NUL and padding.
pub const fn framed_len(len: usize) -> usize {
    (HEADER_LEN + len + 1).next_multiple_of(4)
}

/// Writes the header and the NUL around a text of `len` bytes that is already in `buffer`, from
/// `HEADER_LEN` on. Returns the length of the message. `Frames::number` sets the sequence number
/// later.
///
/// # Panics
///
/// If `buffer` is shorter than [`framed_len`] of `len`.
pub fn seal(buffer: &mut [u8], message_type: u16, len: usize) -> usize {
    let end = framed_len(len);
    buffer[HEADER_LEN + len..end].fill(0);
    // The NUL is part of the payload: the kernel overwrites the payload's last byte.
    buffer[..4].copy_from_slice(&((HEADER_LEN + len + 1) as u32).to_ne_bytes());
    buffer[4..6].copy_from_slice(&message_type.to_ne_bytes());
    buffer[6..8].copy_from_slice(&(NLM_F_REQUEST as u16).to_ne_bytes());
    buffer[8..HEADER_LEN].fill(0);
    end
}

/// One or more consecutive messages, each with a record's text.
#[derive(Debug)]
pub struct Frames<'b> {
    bytes: &'b mut [u8],
    count: usize,
}

impl<'b> Frames<'b> {
    /// The `count` messages that make up `bytes`, each made by `seal`.
    #[doc(hidden)]
    pub fn new(bytes: &'b mut [u8], count: usize) -> Self {
        debug_assert_eq!(Iter { rest: bytes }.count(), count);
        Self { bytes, count }
    }

    /// The number of messages.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The bytes as they are sent to the kernel.
    pub fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// The messages: the number of the record's type, and its text without the NUL.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> + Clone {
        Iter { rest: self.bytes }
    }

    /// Numbers the messages from `first` on, and requests an ack for the last. The kernel answers
    /// every error, in order, so the last message's ack means that all were handled.
    pub(crate) fn number(&mut self, first: u32) {
        let mut at = 0;
        for i in 0..self.count {
            let last = i + 1 == self.count;
            let flags = NLM_F_REQUEST | if last { NLM_F_ACK } else { 0 };
            let header = &mut self.bytes[at..at + HEADER_LEN];
            header[6..8].copy_from_slice(&(flags as u16).to_ne_bytes());
            header[8..12].copy_from_slice(&first.wrapping_add(i as u32).to_ne_bytes());
            at += message_len(header).next_multiple_of(4);
        }
    }

    /// Clears NLM_F_ACK on a single message.
    pub(crate) fn ask_for_no_ack(&mut self) {
        self.bytes[6..8].copy_from_slice(&(NLM_F_REQUEST as u16).to_ne_bytes());
    }

    /// Splits off the first messages: as many as fit into `messages` and `bytes`, but at least one.
    pub(crate) fn split(self, messages: usize, bytes: usize) -> (Frames<'b>, Option<Frames<'b>>) {
        if self.count == 1 {
            return (self, None);
        }
        let mut at = 0;
        let mut count = 0;
        while at < self.bytes.len() {
            let next = at + message_len(&self.bytes[at..]).next_multiple_of(4);
            if (next > bytes || count >= messages) && count > 0 {
                break;
            }
            at = next;
            count += 1;
        }
        let (head, tail) = self.bytes.split_at_mut(at);
        let rest = self.count - count;
        (Frames { bytes: head, count }, (rest > 0).then_some(Frames { bytes: tail, count: rest }))
    }
}

fn message_len(header: &[u8]) -> usize {
    u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize
}

#[derive(Clone)]
struct Iter<'b> {
    rest: &'b [u8],
}

impl<'b> Iterator for Iter<'b> {
    type Item = (u16, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let len = message_len(self.rest);
        let kind = u16::from_ne_bytes([self.rest[4], self.rest[5]]);
        let text = &self.rest[HEADER_LEN..len - 1];
        self.rest = &self.rest[len.next_multiple_of(4)..];
        Some((kind, text))
    }
}

/// A message from the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'b> {
    /// The sequence number of the answered request.
    pub sequence: u32,
    /// The content.
    pub body: ReplyBody<'b>,
}

impl Reply<'_> {
    /// The errno, or 0, if this is the ack of that request.
    pub fn ack_of(&self, sequence: u32) -> Option<i32> {
        match self.body {
            ReplyBody::Ack(errno) if self.sequence == sequence => Some(errno),
            _ => None,
        }
    }
}

/// The content of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyBody<'b> {
    /// The request was handled, with this errno or 0.
    Ack(i32),
    /// Anything else: the type and the payload.
    Other(u16, &'b [u8]),
}

/// The messages of one datagram, up to the first that is malformed or cut off.
pub fn replies(mut datagram: &[u8]) -> impl Iterator<Item = Reply<'_>> {
    std::iter::from_fn(move || {
        let header = datagram.get(..HEADER_LEN)?;
        let len = message_len(header);
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        let sequence = u32::from_ne_bytes([header[8], header[9], header[10], header[11]]);
        // An ack quotes the request behind its errno, which the caller's buffer may have cut.
        let payload = datagram.get(HEADER_LEN..len.min(datagram.len()))?;
        let body = if kind == NLMSG_ERROR as u16 {
            let errno = payload.first_chunk::<4>()?;
            ReplyBody::Ack(i32::from_ne_bytes(*errno).wrapping_neg())
        } else if len <= datagram.len() {
            ReplyBody::Other(kind, payload)
        } else {
            return None;
        };
        datagram = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Reply { sequence, body })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(texts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for text in texts {
            let at = bytes.len();
            bytes.resize(at + framed_len(text.len()), 0xEE);
            bytes[at + HEADER_LEN..][..text.len()].copy_from_slice(text);
            seal(&mut bytes[at..], 2501, text.len());
        }
        bytes
    }

    #[test]
    fn messages_read_back_and_only_the_last_asks_for_an_ack() {
        let texts: [&[u8]; 4] = [b"", b"abc", b"abcd", b"abcde"];
        let mut bytes = framed(&texts);
        let mut frames = Frames::new(&mut bytes, 4);
        frames.number(u32::MAX);
        let read: Vec<_> = frames.iter().collect();
        assert_eq!(read, texts.map(|text| (2501, text)));
        let headers: Vec<_> = replies(frames.bytes()).map(|reply| reply.sequence).collect();
        assert_eq!(headers, [u32::MAX, 0, 1, 2]);
        let bytes = frames.bytes();
        let flags = [0, 20, 40, 64].map(|at| u16::from_ne_bytes([bytes[at + 6], bytes[at + 7]]));
        assert_eq!(flags, [1, 1, 1, 5]);
    }

    #[test]
    fn split_keeps_whole_messages() {
        let texts: [&[u8]; 3] = [b"a", b"b", b"c"];
        for (limit, expected) in [(0, 1), (20, 1), (39, 1), (40, 2), (60, 3), (99, 3)] {
            let mut bytes = framed(&texts);
            let (head, tail) = Frames::new(&mut bytes, 3).split(9, limit);
            assert_eq!(head.count(), expected, "limit {limit}");
            assert_eq!(tail.map_or(0, |tail| tail.count()), 3 - expected, "limit {limit}");
        }
        for (limit, expected) in [(0, 1), (1, 1), (2, 2), (3, 3), (9, 3)] {
            let mut bytes = framed(&texts);
            let (head, tail) = Frames::new(&mut bytes, 3).split(limit, 99);
            assert_eq!(head.count(), expected, "limit {limit}");
            assert_eq!(tail.map_or(0, |tail| tail.count()), 3 - expected, "limit {limit}");
        }
    }

    #[test]
    fn short_and_cut_replies_end_the_datagram() {
        let ack = |len: u32, errno: i32| {
            let mut bytes = len.to_ne_bytes().to_vec();
            bytes.extend(2u16.to_ne_bytes());
            bytes.extend([0; 2]);
            bytes.extend(7u32.to_ne_bytes());
            bytes.extend([0; 4]);
            bytes.extend(errno.to_ne_bytes());
            bytes
        };
        fn acks(bytes: &[u8]) -> Vec<ReplyBody<'_>> {
            replies(bytes).map(|reply| reply.body).collect()
        }
        assert_eq!(acks(&ack(20, -1)), [ReplyBody::Ack(1)]);
        assert_eq!(acks(&ack(9000, 0)), [ReplyBody::Ack(0)], "the quoted request is cut");
        assert_eq!(acks(&ack(20, i32::MIN)), [ReplyBody::Ack(i32::MIN)]);
        for len in 0..20 {
            assert_eq!(acks(&ack(20, -1)[..len]), [], "{len} bytes");
        }
        for len in 0..16 {
            assert_eq!(acks(&ack(len, -1)), [], "a length of {len}");
        }
        let two = [ack(20, 0), ack(20, -13)].concat();
        assert_eq!(acks(&two), [ReplyBody::Ack(0), ReplyBody::Ack(13)]);
    }
}
