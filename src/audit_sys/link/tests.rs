//! The kernel's answers, played back in every order it could ever send them.

use super::*;
use crate::audit_sys::bindings::NLMSG_ERROR;
use std::collections::VecDeque;

/// One thing that a receive gives back.
#[derive(Clone)]
enum Answer {
    /// Acks with these (offset from the burst's first number, errno), in one datagram.
    Acks(&'static [(i64, i32)]),
    /// The same, from another process.
    Foreign(&'static [(i64, i32)]),
    /// Anything.
    Bytes(&'static [u8]),
    /// An errno.
    Fails(i32),
    /// Nothing for now: only somebody who waits gets at what comes behind it.
    Late,
}

#[derive(Default)]
struct Script {
    /// For each send: an errno, or 0.
    sends: VecDeque<i32>,
    answers: VecDeque<Answer>,
    sent: Vec<usize>,
    /// For each send, whether it asked for an ack.
    asked: Vec<bool>,
    first: u32,
}

impl Wire for Script {
    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        match self.sends.pop_front().unwrap_or(0) {
            0 => {
                self.sent.push(replies(datagram).count());
                self.first = replies(datagram).next().expect("a message").sequence;
                self.asked.push(last_asks_for_ack(datagram));
                Ok(())
            }
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    fn receive(&mut self, buffer: &mut [u8], wait: bool) -> io::Result<(usize, u32)> {
        if let Some(Answer::Late) = self.answers.front() {
            if !wait {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.answers.pop_front();
        }
        let (acks, port) = match self.answers.pop_front() {
            None | Some(Answer::Late) => return Err(ErrorKind::WouldBlock.into()),
            Some(Answer::Fails(errno)) => return Err(io::Error::from_raw_os_error(errno)),
            Some(Answer::Bytes(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(bytes);
                return Ok((bytes.len(), 0));
            }
            Some(Answer::Acks(acks)) => (acks, 0),
            Some(Answer::Foreign(acks)) => (acks, 4242),
        };
        let mut at = 0;
        for (offset, errno) in acks {
            let number = self.first.wrapping_add(*offset as u32);
            buffer[at..at + 4].copy_from_slice(&20u32.to_ne_bytes());
            buffer[at + 4..at + 6].copy_from_slice(&(NLMSG_ERROR as u16).to_ne_bytes());
            buffer[at + 6..at + 8].fill(0);
            buffer[at + 8..at + 12].copy_from_slice(&number.to_ne_bytes());
            buffer[at + 12..at + 16].fill(0);
            buffer[at + 16..at + 20].copy_from_slice(&(-errno).to_ne_bytes());
            at += 20;
        }
        Ok((at, port))
    }
}

fn last_asks_for_ack(datagram: &[u8]) -> bool {
    let mut at = 0;
    let mut flags = 0;
    while at < datagram.len() {
        flags = u16::from_ne_bytes([datagram[at + 6], datagram[at + 7]]);
        let len = u32::from_ne_bytes(datagram[at..at + 4].try_into().expect("four bytes"));
        at += (len as usize).next_multiple_of(4);
    }
    flags & 4 != 0
}

fn outcomes(link: &mut Link<Script>, count: usize) -> Vec<Result<(), Failure>> {
    let one = framed_len(1);
    let mut bytes = vec![b'x'; one * count];
    bytes.chunks_mut(one).for_each(|message| assert_eq!(seal(message, 2501, 1), one));
    let mut seen = Vec::new();
    link.send(Frames::new(&mut bytes, count), &mut |i, result| {
        assert_eq!(i, seen.len(), "told in order, once each");
        seen.push(result);
    });
    seen
}

fn play(count: usize, answers: &[Answer]) -> Vec<Result<(), Failure>> {
    let answers = answers.iter().cloned().collect();
    outcomes(&mut Link::new(Script { answers, ..Script::default() }), count)
}

#[test]
fn acks_are_matched_by_number() {
    use Answer::*;
    use Failure::*;
    let late = [(-1, 0), (-5, libc::EPERM)];
    let late: &'static [(i64, i32)] = Box::leak(Box::new(late));
    type Case = (&'static str, usize, Vec<Answer>, Vec<Result<(), Failure>>);
    let table: Vec<Case> = vec![
        ("plain", 1, vec![Acks(&[(0, 0)])], vec![Ok(())]),
        ("burst", 3, vec![Acks(&[(2, 0)])], vec![Ok(()); 3]),
        ("late ack of an earlier send", 1, vec![Acks(late), Acks(&[(0, 0)])], vec![Ok(())]),
        ("duplicate", 2, vec![Acks(&[(0, 1), (0, 0), (1, 0)])], vec![Err(NotPermitted), Ok(())]),
        (
            "error in the middle",
            3,
            vec![Acks(&[(1, 13)]), Acks(&[(2, 0)])],
            vec![Ok(()), Err(Forbidden), Ok(())],
        ),
        (
            "all refused",
            2,
            vec![Acks(&[(0, 111)]), Acks(&[(1, 111)])],
            vec![Err(ForeignNamespace); 2],
        ),
        ("foreign sender", 1, vec![Foreign(&[(0, 0)])], vec![Err(NoAnswer)]),
        ("foreign, then ours", 1, vec![Foreign(&[(0, 1)]), Acks(&[(0, 0)])], vec![Ok(())]),
        ("missing", 2, vec![Acks(&[(0, 22)])], vec![Err(Rejected), Err(NoAnswer)]),
        ("short", 1, vec![Bytes(b"\x14\0\0\0\x02"), Acks(&[(0, 0)])], vec![Ok(())]),
        ("empty", 1, vec![Bytes(b""), Acks(&[(0, 0)])], vec![Ok(())]),
        ("interrupted", 1, vec![Fails(4), Fails(4), Acks(&[(0, 0)])], vec![Ok(())]),
        ("overrun, ack still there", 1, vec![Fails(105), Acks(&[(0, 0)])], vec![Ok(())]),
        ("overrun, ack lost", 2, vec![Fails(105)], vec![Err(Overrun); 2]),
        ("receive fails", 1, vec![Fails(libc::EBADF)], vec![Err(Os(libc::EBADF))]),
    ];
    for (name, count, answers, expected) in table {
        assert_eq!(play(count, &answers), expected, "{name}");
    }
}

#[test]
fn a_single_record_needs_no_ack_of_a_kernel_that_answers_at_once() {
    use Answer::*;
    type Case = (&'static str, Vec<Answer>, Result<(), Failure>);
    let table: Vec<Case> = vec![
        ("silence", vec![], Ok(())),
        ("an error", vec![Acks(&[(0, libc::EPERM)])], Err(Failure::NotPermitted)),
        ("an ack all the same", vec![Acks(&[(0, 0)])], Ok(())),
        ("another process's error", vec![Foreign(&[(0, libc::EPERM)])], Ok(())),
        (
            "another's, then the kernel's",
            vec![Foreign(&[(0, 0)]), Acks(&[(0, libc::EACCES)])],
            Err(Failure::Forbidden),
        ),
        ("an earlier record's error", vec![Acks(&[(-1, libc::EPERM)])], Ok(())),
        ("an answer that is lost", vec![Fails(libc::ENOBUFS)], Err(Failure::Overrun)),
        (
            "lost ones, and the error",
            vec![Fails(libc::ENOBUFS), Acks(&[(0, libc::EINVAL)])],
            Err(Failure::Rejected),
        ),
        ("interrupted", vec![Fails(libc::EINTR)], Ok(())),
        ("receive fails", vec![Fails(libc::EBADF)], Err(Failure::Os(libc::EBADF))),
    ];
    for (name, answers, expected) in table {
        let mut link = Link::new(Script::default());
        link.wire.answers = [Acks(&[(0, 0)])].into();
        assert_eq!(outcomes(&mut link, 1), [Ok(())], "{name}");
        link.wire.answers = answers.into();
        assert_eq!(outcomes(&mut link, 1), [expected], "{name}");
        assert!(link.wire.answers.is_empty(), "{name}: all was read");
        link.wire.answers = [Acks(&[(1, 0)])].into();
        assert_eq!(outcomes(&mut link, 2), [Ok(()); 2], "{name}");
        assert_eq!(link.wire.asked, [true, false, true], "{name}");
    }
}

#[test]
fn a_kernel_that_answers_late_is_always_asked_for_acks() {
    use Answer::*;
    let mut link = Link::new(Script::default());
    for _ in 0..3 {
        link.wire.answers = [Late, Acks(&[(0, 0)])].into();
        assert_eq!(outcomes(&mut link, 1), [Ok(())]);
    }
    assert_eq!(outcomes(&mut link, 1), [Err(Failure::NoAnswer)], "an ack that never comes");
    assert_eq!(link.wire.asked, [true; 4]);
    // One that answered at once before, and was late once, isn't trusted any more.
    let mut link = Link::new(Script::default());
    link.wire.answers = [Acks(&[(0, 0)])].into();
    assert_eq!(outcomes(&mut link, 1), [Ok(())]);
    link.wire.answers = [Late, Acks(&[(1, 0)])].into();
    assert_eq!(outcomes(&mut link, 2), [Ok(()); 2]);
    for _ in 0..2 {
        link.wire.answers = [Acks(&[(0, 0)])].into();
        assert_eq!(outcomes(&mut link, 1), [Ok(())]);
    }
    assert_eq!(link.wire.asked, [true; 4]);
    // Nor is one whose ack never came.
    let mut link = Link::new(Script::default());
    link.wire.answers = [Acks(&[(0, 0)])].into();
    assert_eq!(outcomes(&mut link, 1), [Ok(())]);
    assert_eq!(outcomes(&mut link, 2), [Err(Failure::NoAnswer); 2]);
    link.wire.answers = [Acks(&[(0, 0)])].into();
    assert_eq!(outcomes(&mut link, 1), [Ok(())]);
    assert_eq!(outcomes(&mut link, 1), [Err(Failure::NoAnswer)], "silence is no success");
    assert_eq!(link.wire.asked, [true; 4]);
}

#[test]
fn every_errno_of_a_send_is_told_apart() {
    let table = [
        (libc::EPERM, Failure::NotPermitted),
        (libc::ECONNREFUSED, Failure::ForeignNamespace),
        (libc::EACCES, Failure::Forbidden),
        (libc::ENOBUFS, Failure::Overrun),
        (libc::EINVAL, Failure::Rejected),
        (libc::ENOMEM, Failure::Os(libc::ENOMEM)),
        (libc::EMSGSIZE, Failure::Os(libc::EMSGSIZE)),
    ];
    for (errno, expected) in table {
        let mut link = Link::new(Script { sends: [errno].into(), ..Script::default() });
        assert_eq!(outcomes(&mut link, 1), [Err(expected)], "errno {errno}");
        assert_eq!(expected.errno(), errno);
    }
}

#[test]
fn every_errno_reaches_the_caller() {
    let last = 133;
    for errno in 1..=last {
        let mut link = Link::new(Script { sends: [errno].into(), ..Script::default() });
        assert_eq!(outcomes(&mut link, 1), [Err(Failure::from_answer(errno))], "sendto: {errno}");
        assert_eq!(Failure::from_answer(errno).errno(), errno);

        let acks: &'static [(i64, i32)] = Box::leak(Box::new([(0, errno)]));
        let answered = play(1, &[Answer::Acks(acks)]);
        assert_eq!(answered, [Err(Failure::from_answer(errno))], "answer: {errno}");

        let received = play(1, &[Answer::Fails(errno)]);
        let expected = match errno {
            // Asked again, and nothing ever comes.
            libc::EINTR | libc::EAGAIN => Failure::NoAnswer,
            libc::ENOBUFS => Failure::Overrun,
            errno => Failure::from_answer(errno),
        };
        assert_eq!(received, [Err(expected)], "recvfrom: {errno}");
    }
}

#[test]
fn a_burst_that_is_too_long_is_halved_and_stays_in_order() {
    let sends = [libc::EMSGSIZE, libc::EMSGSIZE, 0, 0, 0].into();
    let answers =
        [Answer::Acks(&[(1, 0)]), Answer::Acks(&[(0, 0), (1, 0)]), Answer::Acks(&[(3, 0)])];
    let mut link = Link::new(Script { sends, answers: answers.into(), ..Script::default() });
    assert_eq!(outcomes(&mut link, 8), [Ok(()); 8]);
    assert_eq!(link.wire.sent, [2, 2, 4]);
}

#[test]
fn numbers_never_are_zero_and_survive_the_wrap() {
    // The last number was just before the greatest one, or the greatest.
    for sequence in [u32::MAX - 3, u32::MAX - 2, u32::MAX - 1, u32::MAX] {
        let mut link = Link::new(Script::default());
        link.sequence = sequence;
        for _ in 0..3 {
            link.wire.answers = [Answer::Acks(&[(1, 0)])].into();
            assert_eq!(outcomes(&mut link, 2), [Ok(()); 2]);
            assert_ne!(link.wire.first, 0, "after {sequence}");
        }
        assert!(link.sequence < 10);
    }
}

#[test]
fn the_probe_tells_off_from_on_from_refused() {
    for (errno, expected) in [
        (0, WriteProbe::Off),
        (libc::EINVAL, WriteProbe::On),
        (libc::EPERM, WriteProbe::Refused(Failure::NotPermitted)),
        (libc::ECONNREFUSED, WriteProbe::Refused(Failure::ForeignNamespace)),
    ] {
        let acks: &'static [(i64, i32)] = Box::leak(Box::new([(0, errno)]));
        let answers = [Answer::Acks(acks)].into();
        assert_eq!(Link::new(Script { answers, ..Script::default() }).probe_write(), expected);
    }
}

#[test]
fn rules_are_read_to_the_end_of_their_list_or_not_at_all() {
    use Answer::*;
    fn reply(kind: u32, sequence: u32, payload: &[u8]) -> Answer {
        let mut bytes = ((HEADER_LEN + payload.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend((kind as u16).to_ne_bytes());
        bytes.extend(2u16.to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend([0; 4]);
        bytes.extend(payload);
        Bytes(bytes.leak())
    }
    // A rule of the user list without fields; one of the exit list; one with 65 fields.
    let mut user = [0; 1040];
    let mut exit = user;
    exit[..4].copy_from_slice(&4u32.to_ne_bytes());
    let rule = |payload: &[u8]| reply(AUDIT_LIST_RULES.into(), 1, payload);
    let done = || reply(NLMSG_DONE, 1, &[]);
    let late = || reply(AUDIT_LIST_RULES.into(), 7, &[]);
    let good = rule(&user);
    user[8..12].copy_from_slice(&65u32.to_ne_bytes());
    let bad = rule(&user);
    let malformed = Err(Failure::Os(libc::EBADMSG));
    let table = [
        ("none", vec![done()], Ok(0)),
        ("two", vec![good.clone(), Late, rule(&exit), good.clone(), done()], Ok(2)),
        ("an earlier request's", vec![late(), good.clone(), done()], Ok(1)),
        ("malformed", vec![bad.clone(), good.clone(), done()], malformed),
        ("cut", vec![rule(&user[..1039]), done()], malformed),
        ("refused", vec![Acks(&[(0, libc::EPERM)])], Err(Failure::NotPermitted)),
        ("no end", vec![good.clone()], Err(Failure::NoAnswer)),
        ("some were lost", vec![good, Fails(libc::ENOBUFS), done()], Err(Failure::Overrun)),
    ];
    for (name, answers, expected) in table {
        let mut link = Link::new(Script { answers: answers.into(), ..Script::default() });
        assert_eq!(link.rules().map(|rules| rules.len()), expected, "{name}");
        assert_eq!(link.wire.asked, [false], "{name}");
    }
}
