//! Requests to the kernel and its answers, matched by sequence number.
//!
//! The kernel handles every message of a datagram inside `sendto`. It answers each error in order,
//! with or without a requested ack, and the last message's ack ends the burst. So one `sendto` and,
//! without errors, one `recvfrom` deliver any number of records.
//!
//! A single record needs no ack, which costs the kernel a fifth of its time. When `sendto` returns,
//! either an error waits in the socket, or there was none. (An error that the kernel has no memory
//! or room to queue shows as ENOBUFS.) This is relied on only for a socket whose first answers had
//! arrived when `sendto` returned.

use super::bindings::NLMSG_DONE;
use super::frame::{Frames, HEADER_LEN, Reply, ReplyBody, framed_len, replies, seal};
use super::rules::{MalformedRule, RULE_LEN, Rule};
use super::socket::{ACK_WAIT, Socket, Wire};
use super::status::KernelStatus;
use super::unread::AuditdSocket;
use super::{AUDIT_GET, AUDIT_LIST_RULES, AUDIT_VIRT_CONTROL};
use crate::error::Failure;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// The most bytes of one `sendto`: well below the default send buffer of 208 KiB. With a smaller
/// buffer `sendto` fails with EMSGSIZE, and the burst is halved.
const BURST_MAX: usize = 96 * 1024;

/// The buffer for an ack, with its request's header, or for a status.
const REPLY_LEN: usize = 256;

/// Minimum interval between AUDIT_GET queries for auditd's pid. A security module may log each
/// refusal.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Whether this process may write records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteProbe {
    /// It may, and auditing is on.
    On,
    /// It may, but auditing is off: the kernel drops records.
    Off,
    /// It may not.
    Refused(Failure),
}

/// The answers that a receive accepted.
struct Found<T> {
    value: T,
    /// It waited already.
    at_once: bool,
    /// Answers in front of it were lost.
    overrun: bool,
}

/// A connection to the kernel.
#[derive(Debug)]
pub struct Link<W> {
    wire: W,
    sequence: u32,
    /// Whether the kernel answers inside `sendto`. `None` before the first ack; `false` for good
    /// after an ack that was late or missing.
    prompt: Option<bool>,
    auditd: Option<AuditdSocket>,
    /// The time of the last query for auditd's pid.
    asked: Option<Instant>,
}

impl Link<Socket> {
    /// Opens the audit socket.
    pub fn open() -> Result<Self, Failure> {
        Ok(Self::new(Socket::open()?))
    }

    #[cfg(test)]
    pub(crate) fn descriptor(&self) -> &super::descriptor::Descriptor {
        self.wire.descriptor()
    }

    /// Opens the socket again if the program has closed it.
    pub(crate) fn ensure_open(&mut self) -> Result<(), Failure> {
        if !self.wire.is_ours() {
            *self = Self::open()?;
        }
        Ok(())
    }
}

impl<W: Wire> Link<W> {
    /// A connection over `wire`.
    pub fn new(wire: W) -> Self {
        Self { wire, sequence: 0, prompt: None, auditd: None, asked: None }
    }

    /// Sends the messages. Calls `outcome` for each, in order and exactly once.
    pub fn send(
        &mut self,
        frames: Frames<'_>,
        outcome: &mut dyn FnMut(usize, Result<(), Failure>),
    ) {
        let mut limit = BURST_MAX;
        let mut done = 0;
        let mut rest = Some(frames);
        while let Some(frames) = rest {
            let (mut burst, tail) = frames.split(usize::MAX, limit);
            let count = burst.count();
            let silent = self.prompt == Some(true) && count == 1;
            let first = self.number(&mut burst);
            if silent {
                burst.ask_for_no_ack();
            }
            match self.wire.send(burst.bytes()) {
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) && count > 1 => {
                    limit = burst.bytes().len() / 2;
                    // The same messages again, in smaller bursts. `tail` follows them.
                    let (head, more) = burst.split(usize::MAX, limit);
                    done += self.retry_halves(head, done, outcome);
                    if let Some(more) = more {
                        done += self.retry_halves(more, done, outcome);
                    }
                }
                Err(error) => {
                    let failure = failure(&error);
                    (done..done + count).for_each(|i| outcome(i, Err(failure)));
                    done += count;
                }
                Ok(()) if silent => {
                    outcome(done, self.look_for_error(first));
                    done += 1;
                }
                Ok(()) => {
                    self.await_acks(first, count, &mut |i, result| outcome(done + i, result));
                    done += count;
                }
            }
            rest = tail;
        }
    }

    fn retry_halves(
        &mut self,
        frames: Frames<'_>,
        base: usize,
        outcome: &mut dyn FnMut(usize, Result<(), Failure>),
    ) -> usize {
        let count = frames.count();
        self.send(frames, &mut |i, result| outcome(base + i, result));
        count
    }

    /// Numbers the messages. 0 is never used: the kernel uses it for messages that are no answers.
    fn number(&mut self, frames: &mut Frames<'_>) -> u32 {
        let count = frames.count() as u32;
        let mut first = self.sequence.wrapping_add(1);
        if first.checked_add(count).is_none() || first == 0 {
            first = 1;
        }
        self.sequence = first + (count - 1);
        frames.number(first);
        first
    }

    fn await_acks(
        &mut self,
        first: u32,
        count: usize,
        outcome: &mut dyn FnMut(usize, Result<(), Failure>),
    ) {
        let mut next = 0;
        let ended = self.await_ack(|reply| {
            let i = reply.sequence.wrapping_sub(first) as usize;
            let ReplyBody::Ack(errno) = reply.body else { return None };
            if i < next || i >= count {
                return None;
            }
            (next..i).for_each(|i| outcome(i, Ok(())));
            outcome(i, if errno == 0 { Ok(()) } else { Err(Failure::from_answer(errno)) });
            next = i + 1;
            (next == count).then_some(())
        });
        if let Err(failure) = ended {
            (next..count).for_each(|i| outcome(i, Err(failure)));
        }
    }

    /// The result of a single message without an ack: an error that waits already, or success.
    fn look_for_error(&mut self, sequence: u32) -> Result<(), Failure> {
        match self.receive(false, |reply| reply.ack_of(sequence))? {
            Some((0, _)) | None => Ok(()),
            Some((errno, _)) => Err(Failure::from_answer(errno)),
        }
    }

    /// Passes replies to `accept` until it returns a value. Remembers whether that reply had arrived
    /// at the first look.
    fn await_ack<T>(&mut self, accept: impl FnMut(Reply<'_>) -> Option<T>) -> Result<T, Failure> {
        let prompt = self.prompt.replace(false).unwrap_or(true);
        let (found, at_once) = self.receive(true, accept)?.ok_or(Failure::NoAnswer)?;
        self.prompt = Some(prompt && at_once);
        Ok(found)
    }

    /// Passes replies to `accept` until it returns a value; without `wait`, only replies that have
    /// arrived already. Also returns whether the accepted reply had. A single wait takes at most
    /// [`ACK_WAIT`], and no wait begins later than that, despite signals and foreign messages.
    fn receive<T>(
        &mut self,
        wait: bool,
        accept: impl FnMut(Reply<'_>) -> Option<T>,
    ) -> Result<Option<(T, bool)>, Failure> {
        let found = self.receive_into(&mut [0; REPLY_LEN], wait, accept)?;
        Ok(found.map(|found| (found.value, found.at_once)))
    }

    /// [`Self::receive`] for replies of any length.
    fn receive_into<T>(
        &mut self,
        buffer: &mut [u8],
        wait: bool,
        mut accept: impl FnMut(Reply<'_>) -> Option<T>,
    ) -> Result<Option<Found<T>>, Failure> {
        let mut deadline = None;
        let mut overrun = false;
        let mut waiting = false;
        loop {
            match self.wire.receive(buffer, waiting && !overrun) {
                // A process with CAP_NET_ADMIN may write to this port; the kernel's own port is 0.
                Ok((len, 0)) => {
                    if let Some(value) = replies(&buffer[..len]).find_map(&mut accept) {
                        return Ok(Some(Found { value, at_once: !waiting, overrun }));
                    }
                }
                Ok(_) => {}
                // Answers were lost, but an answer to this request may still be in the buffer.
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) && !overrun => {
                    overrun = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if overrun {
                        return Err(Failure::Overrun);
                    }
                    if waiting || !wait {
                        return Ok(None);
                    }
                    waiting = true;
                }
                Err(error) => return Err(failure(&error)),
            }
            let now = Instant::now();
            if now >= *deadline.get_or_insert(now + ACK_WAIT) {
                return Err(Failure::NoAnswer);
            }
        }
    }

    /// Queries the kernel's audit status. Needs CAP_AUDIT_CONTROL.
    pub fn status(&mut self) -> Result<KernelStatus, Failure> {
        let first = self.request(AUDIT_GET, false)?;
        // A kernel thread answers this request, so its delay means nothing for acks.
        let answer = self.receive(true, |reply| match reply.body {
            _ if reply.sequence != first => None,
            ReplyBody::Other(AUDIT_GET, payload) => Some(Ok(KernelStatus::read(payload))),
            ReplyBody::Ack(errno) if errno != 0 => Some(Err(Failure::from_answer(errno))),
            _ => None,
        })?;
        answer.ok_or(Failure::NoAnswer)?.0
    }

    /// The kernel's rules for records from user space, in its order; needs CAP_AUDIT_CONTROL.
    pub fn rules(&mut self) -> Result<Vec<Rule>, Failure> {
        let first = self.request(AUDIT_LIST_RULES, false)?;
        let mut rules = Ok(Vec::new());
        let mut add = |rule| match (&mut rules, rule) {
            (Ok(rules), Ok(rule)) => rules.extend(rule),
            (rules, Err(MalformedRule)) => *rules = Err(Failure::Os(libc::EBADMSG)),
            (Err(_), _) => {}
        };
        let mut buffer = vec![0; HEADER_LEN + RULE_LEN];
        let end = self.receive_into(&mut buffer, true, |reply| match reply.body {
            _ if reply.sequence != first => None,
            ReplyBody::Other(AUDIT_LIST_RULES, payload) => {
                add(Rule::read(payload));
                None
            }
            ReplyBody::Other(kind, _) if u32::from(kind) == NLMSG_DONE => Some(Ok(())),
            ReplyBody::Ack(errno) if errno != 0 => Some(Err(Failure::from_answer(errno))),
            _ => None,
        })?;
        let end = end.ok_or(Failure::NoAnswer)?;
        end.value?;
        if end.overrun { Err(Failure::Overrun) } else { rules }
    }

    /// How many bytes of records auditd hasn't read yet. `None` if that is unknown: without
    /// CAP_AUDIT_CONTROL, without access to auditd's descriptors, or in another network namespace.
    pub fn unread(&mut self) -> Option<u64> {
        if let Some(unread) = self.auditd.and_then(AuditdSocket::unread) {
            return Some(unread);
        }
        // auditd may have been started since, but the query isn't free.
        let now = Instant::now();
        if self.asked.is_some_and(|asked| now - asked < ASK_AGAIN) {
            return None;
        }
        self.asked = Some(now);
        let pid = self.status().ok()?.auditd_pid;
        self.auditd = (pid > 0).then(|| AuditdSocket::of(pid)).flatten();
        self.auditd?.unread()
    }

    /// Checks whether this process may write records, without writing one. The kernel rejects a
    /// message without text with EINVAL, but only after the permission check; with auditing off it
    /// accepts it. (Linux 5.6 and later. An older kernel may record it, and answer as with auditing
    /// off.)
    pub fn probe_write(&mut self) -> WriteProbe {
        let answer = self
            .request(AUDIT_VIRT_CONTROL, true)
            .and_then(|first| self.await_ack(|reply| reply.ack_of(first)));
        match answer {
            Ok(0) => WriteProbe::Off,
            Ok(libc::EINVAL) => WriteProbe::On,
            Ok(errno) => WriteProbe::Refused(Failure::from_answer(errno)),
            Err(failure) => WriteProbe::Refused(failure),
        }
    }

    /// Sends a message without text. The kernel answers an error even without a requested ack.
    fn request(&mut self, message_type: u16, ack: bool) -> Result<u32, Failure> {
        let mut buffer = [0; framed_len(0)];
        let len = seal(&mut buffer, message_type, 0);
        let mut frames = Frames::new(&mut buffer[..len], 1);
        let first = self.number(&mut frames);
        if !ack {
            frames.ask_for_no_ack();
        }
        self.wire.send(frames.bytes()).map_err(|error| failure(&error))?;
        Ok(first)
    }
}

fn failure(error: &io::Error) -> Failure {
    Failure::from_answer(error.raw_os_error().unwrap_or(libc::EIO))
}

#[cfg(test)]
mod tests;
