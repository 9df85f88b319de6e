//! Requests to the kernel and its answers, matched by sequence number.
//!
//! The kernel handles every message of a datagram inside `sendto`: each error is answered, in
//! order, whether an ack was asked for or not, and the last message's ack closes the burst. So one
//! `sendto` and, where nothing fails, one `recvfrom` deliver any number of records.
//!
//! A single record can do without the ack, which costs the kernel a fifth of its time: when
//! `sendto` has returned, either an error waits, or there was none. (An error that the kernel
//! can't queue, for want of memory or room, shows as ENOBUFS.) That is taken for granted only on
//! a socket whose first answers did wait when `sendto` returned.

use super::frame::{Frames, Reply, ReplyBody, framed_len, replies, seal};
use super::socket::{ACK_WAIT, Socket, Wire};
use super::status::KernelStatus;
use super::unread::AuditdSocket;
use super::{AUDIT_GET, AUDIT_VIRT_CONTROL};
use crate::error::Failure;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// The most bytes of one `sendto`: well below the default send buffer of 208 KiB. A smaller
/// buffer shows as EMSGSIZE, and the burst is halved.
const BURST_MAX: usize = 96 * 1024;

/// Room for an ack that quotes its request's header, or for a status.
const REPLY_LEN: usize = 256;

/// How long nobody is asked again who auditd is, and which socket it reads. A security module may
/// note each refusal.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What the kernel said about this process's right to write records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteProbe {
    /// It may, and auditing is on.
    On,
    /// It may, but auditing is off: records are taken and forgotten.
    Off,
    /// It may not.
    Refused(Failure),
}

/// One end of a conversation with the kernel.
#[derive(Debug)]
pub struct Link<W> {
    wire: W,
    sequence: u32,
    /// Whether the kernel answers inside `sendto`: unknown before the first ack, and never again
    /// taken for granted once one was late, or didn't come.
    prompt: Option<bool>,
    auditd: Option<AuditdSocket>,
    /// When the kernel was last asked who auditd is.
    asked: Option<Instant>,
}

impl Link<Socket> {
    /// Opens the audit socket.
    pub fn open() -> Result<Self, Failure> {
        Ok(Self::new(Socket::open()?))
    }
}

impl<W: Wire> Link<W> {
    /// A conversation over `wire`.
    pub fn new(wire: W) -> Self {
        Self { wire, sequence: 0, prompt: None, auditd: None, asked: None }
    }

    /// Sends every message, and tells for each, in order and exactly once, how it went.
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
                    // The same messages again, in smaller bursts; `tail` follows behind them.
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

    /// Gives each message a number of its own. 0 is left out: the kernel uses it for messages
    /// that nobody asked for.
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

    /// The answer to a single message that asked for no ack: an error that waits already, or
    /// nothing.
    fn look_for_error(&mut self, sequence: u32) -> Result<(), Failure> {
        match self.receive(false, |reply| reply.ack_of(sequence))? {
            Some((0, _)) | None => Ok(()),
            Some((errno, _)) => Err(Failure::from_answer(errno)),
        }
    }

    /// Hands acks to `accept` until it gives something back, and takes note of whether the last
    /// one waited already.
    fn await_ack<T>(&mut self, accept: impl FnMut(Reply<'_>) -> Option<T>) -> Result<T, Failure> {
        let prompt = self.prompt.replace(false).unwrap_or(true);
        let (found, at_once) = self.receive(true, accept)?.ok_or(Failure::NoAnswer)?;
        self.prompt = Some(prompt && at_once);
        Ok(found)
    }

    /// Hands the kernel's replies to `accept` until it gives something back; without `wait`, only
    /// those that wait already. Tells with it whether what it accepted did. A single wait takes
    /// [`ACK_WAIT`] at most, and none begins later than that, no matter how many signals or foreign
    /// messages come in between.
    fn receive<T>(
        &mut self,
        wait: bool,
        mut accept: impl FnMut(Reply<'_>) -> Option<T>,
    ) -> Result<Option<(T, bool)>, Failure> {
        let mut buffer = [0; REPLY_LEN];
        let mut deadline = None;
        let mut overrun = false;
        let mut waiting = false;
        loop {
            match self.wire.receive(&mut buffer, waiting && !overrun) {
                // Another process may write to this port, given CAP_NET_ADMIN; the kernel's is 0.
                Ok((len, 0)) => {
                    if let Some(found) = replies(&buffer[..len]).find_map(&mut accept) {
                        return Ok(Some((found, !waiting)));
                    }
                }
                Ok(_) => {}
                // Answers were lost, but what still waits in the buffer may be ours.
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) && !overrun => {
                    overrun = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => match () {
                    () if overrun => return Err(Failure::Overrun),
                    () if waiting || !wait => return Ok(None),
                    () => waiting = true,
                },
                Err(error) => return Err(failure(&error)),
            }
            let now = Instant::now();
            if now >= *deadline.get_or_insert(now + ACK_WAIT) {
                return Err(Failure::NoAnswer);
            }
        }
    }

    /// Asks for the kernel's audit status; needs CAP_AUDIT_CONTROL.
    pub fn status(&mut self) -> Result<KernelStatus, Failure> {
        let first = self.request(AUDIT_GET, false)?;
        // A thread of the kernel's answers this one, so it says nothing about acks.
        let answer = self.receive(true, |reply| match reply.body {
            _ if reply.sequence != first => None,
            ReplyBody::Other(AUDIT_GET, payload) => Some(Ok(KernelStatus::read(payload))),
            ReplyBody::Ack(errno) if errno != 0 => Some(Err(Failure::from_answer(errno))),
            _ => None,
        })?;
        answer.ok_or(Failure::NoAnswer)?.0
    }

    /// How many bytes of records auditd hasn't read yet; `None` where that can't be known: without
    /// CAP_AUDIT_CONTROL, without a look at auditd's descriptors, in another network namespace.
    pub fn unread(&mut self) -> Option<u64> {
        if let Some(unread) = self.auditd.and_then(AuditdSocket::unread) {
            return Some(unread);
        }
        // auditd may have been started since, but the question isn't free for the kernel.
        let now = Instant::now();
        if self.asked.is_some_and(|asked| now - asked < ASK_AGAIN) {
            return None;
        }
        self.asked = Some(now);
        let pid = self.status().ok()?.auditd_pid;
        self.auditd = (pid > 0).then(|| AuditdSocket::of(pid)).flatten();
        self.auditd?.unread()
    }

    /// Asks whether this process may write records, without leaving one: a message without text
    /// is refused with EINVAL, but only after the rights were looked at, and with auditing off it
    /// is taken like any other. (Linux 5.6 and later; an older kernel may
    /// record it, and say what it says with auditing off.)
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

    /// Sends a message without text; an error is answered even without asking for an ack.
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
