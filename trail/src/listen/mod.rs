//! Records as they happen: from the kernel, from a log that grows, or from a stream.

mod follower;
mod frames;
mod lines;
mod obstacle;
mod records;
mod stream;

use crate::input::blocks::LINE_MAX;
use crate::line::record_line;
use follower::Follower;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fmt;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};
use stream::Stream;
use viraudit::internal::audit_sys::multicast::{self, Listener};

pub use obstacle::{refusal, silence};

/// The result of one wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A line, without its line feed: a record, or any other line of a log.
    Line(Vec<u8>),
    /// Records were lost, or may be; [`Source::loss`] is the reason.
    Lost,
    /// No line in time, or a signal.
    Nothing,
    /// The descriptor that may end the wait did so.
    Woken,
    /// No line will follow.
    End,
}

/// The reason for a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The kernel's buffer was full.
    Overrun,
    /// The log was truncated.
    Truncated,
    /// The other end closed the connection: auditd ended, or it serves another program.
    Disconnected,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overrun => "records were lost: they arrived faster than they were read",
            Self::Truncated => "the log was truncated: records may be lost",
            Self::Disconnected => {
                "auditd closed the connection (it ended, or another program is connected): records may be lost"
            }
        })
    }
}

/// A descriptor that ends a wait.
#[derive(Clone, Copy, Debug)]
pub struct Wake<'f> {
    /// The descriptor.
    pub fd: BorrowedFd<'f>,
    /// Whether it ends the wait when it can be read. If not, only its other end's closing does.
    pub readable: bool,
}

/// A source of lines. What was written before it was opened is not heard.
#[derive(Debug)]
pub struct Source(Kind);

#[derive(Debug)]
enum Kind {
    Kernel(Listener),
    File(Follower),
    Stream(Stream),
}

impl Source {
    /// The kernel's multicast group. Needs CAP_AUDIT_READ.
    pub fn kernel() -> io::Result<Self> {
        Ok(Self(Kind::Kernel(Listener::open()?)))
    }

    /// A log, from its end on; it is followed through rotation, and may not exist yet. A FIFO and a
    /// UNIX socket are read as streams of lines or of auditd's binary format. Neither ends: a socket
    /// whose other end has closed the connection is connected again, four times a second.
    ///
    /// # Errors
    ///
    /// If it can't be opened, or if neither it nor its directory exists.
    pub fn file(path: &Path) -> io::Result<Self> {
        Ok(Self(match Stream::open(path)? {
            Some(stream) => Kind::Stream(stream),
            None => Kind::File(Follower::open(path)?),
        }))
    }

    /// Standard input, through its end: lines, or auditd's binary format.
    pub fn stdin() -> io::Result<Self> {
        Ok(Self(Kind::Stream(Stream::stdin()?)))
    }

    /// An open stream, through its end: lines, or auditd's binary format.
    pub fn stream(fd: impl Into<OwnedFd>) -> Self {
        Self(Kind::Stream(Stream::new(fd)))
    }

    /// The descriptor that can be read when there is more to hear; `None` for a log that is followed,
    /// after the end, and while a socket isn't connected.
    pub fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            Kind::Kernel(listener) => listener.as_fd().ok(),
            Kind::File(_) => None,
            Kind::Stream(stream) => stream.as_fd(),
        }
    }

    /// Whether lines come from the kernel.
    pub fn is_kernel(&self) -> bool {
        matches!(self.0, Kind::Kernel(_))
    }

    /// The number of records that the kernel dropped so far because this process was slow. The number
    /// wraps. `None` if unknown.
    pub fn lost(&self) -> Option<u32> {
        match &self.0 {
            Kind::Kernel(listener) => listener.lost(),
            _ => None,
        }
    }

    /// The reason for what [`Heard::Lost`] reports.
    pub fn loss(&self) -> Loss {
        match &self.0 {
            Kind::Kernel(_) => Loss::Overrun,
            Kind::File(_) => Loss::Truncated,
            Kind::Stream(_) => Loss::Disconnected,
        }
    }

    /// Waits for the next line for at most `wait`, or until `wake` ends the wait. Lines that are there
    /// already come before `wake`.
    pub fn next(&mut self, wait: Duration, wake: Option<Wake<'_>>) -> io::Result<Heard> {
        match &mut self.0 {
            Kind::Kernel(listener) => kernel(listener, wait, wake),
            Kind::File(follower) => follower.next(wait, wake),
            Kind::Stream(stream) => stream.next(wait, wake),
        }
    }
}

fn kernel(listener: &mut Listener, wait: Duration, wake: Option<Wake<'_>>) -> io::Result<Heard> {
    let mut heard = listener.try_next()?;
    if heard == multicast::Heard::Nothing && !wait.is_zero() {
        match wait_for(Some(listener.as_fd()?), wake, wait)? {
            Waited::Ready => heard = listener.try_next()?,
            Waited::Woken => return Ok(Heard::Woken),
            Waited::Nothing => {}
        }
    }
    Ok(match heard {
        multicast::Heard::Nothing => Heard::Nothing,
        multicast::Heard::Lost => Heard::Lost,
        multicast::Heard::Record(kind, text) => Heard::Line(record_line(kind, &text)),
    })
}

/// The result of a wait for descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Ready,
    Woken,
    Nothing,
}

/// Waits until `fd` can be read or `wake` ends the wait. Both at once is `Ready`.
fn wait_for(
    fd: Option<BorrowedFd<'_>>,
    wake: Option<Wake<'_>>,
    wait: Duration,
) -> io::Result<Waited> {
    let mut fds = Vec::with_capacity(2);
    fds.extend(fd.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
    let flags = |wake: &Wake<'_>| if wake.readable { PollFlags::IN } else { PollFlags::empty() };
    fds.extend(wake.as_ref().map(|wake| PollFd::new(&wake.fd, flags(wake))));
    // Rounded up, so that the last wait before a deadline isn't repeated.
    let timeout = Timespec {
        tv_sec: wait.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: wait.subsec_nanos().into(),
    };
    match poll(&mut fds, Some(&timeout)) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Ok(Waited::Nothing),
        Ok(_) if fd.is_some() && !fds[0].revents().is_empty() => Ok(Waited::Ready),
        Ok(_) => Ok(Waited::Woken),
        Err(error) => Err(error.into()),
    }
}

/// Time that is left of a wait.
#[derive(Clone, Copy, Debug)]
struct Left(Option<Instant>);

impl Left {
    fn of(wait: Duration) -> Self {
        Self(Instant::now().checked_add(wait))
    }

    fn get(self) -> Duration {
        self.0.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }
}
