//! Feeds a matcher with records until its verdict, the deadline, or the end of COMMAND.

use super::child::Child;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use viraudit_trail::expect::{Hearing, Matcher, Next, Progress};

/// The longest wait for noticing a signal.
const PATIENCE: Duration = Duration::from_millis(500);

/// The time between two looks at COMMAND after the end of the source.
const INTERVAL: Duration = Duration::from_millis(20);

/// How COMMAND ended, if there was one.
pub(super) type Ended = Option<Result<(), String>>;

/// Expectations, and the records that may meet them.
pub(super) struct Attempt {
    pub(super) hearing: Hearing,
    pub(super) matcher: Matcher,
}

impl Attempt {
    /// Listens until the verdict is clear and the command has ended. Fails with EINTR after a signal.
    pub(super) fn run(
        &mut self,
        mut child: Option<Child>,
        within: Duration,
        stop: &AtomicBool,
    ) -> io::Result<Ended> {
        let mut ended = None;
        let mut deadline = child.is_none().then(|| Instant::now().checked_add(within)).flatten();
        let mut at_end = false;
        loop {
            if stop.load(Ordering::Acquire) {
                if let Some(child) = child {
                    child.terminate();
                }
                return Err(io::Error::from_raw_os_error(libc::EINTR));
            }
            let decided = at_end || self.matcher.progress() != Progress::Waiting;
            if decided && child.is_none() {
                return Ok(ended);
            }
            let left =
                deadline.map_or(PATIENCE, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                self.drain()?;
                return Ok(ended);
            }
            let next = match &child {
                // Only the command's end is awaited.
                Some(child) if at_end && child.is_running() => {
                    std::thread::sleep(INTERVAL);
                    continue;
                }
                Some(_) if at_end => Next::Woken,
                child => {
                    let wake = child.as_ref().map(Child::wake);
                    self.hearing.next(left.min(PATIENCE), wake)?
                }
            };
            if matches!(next, Next::Woken)
                && let Some(child) = child.take()
            {
                let status = child.join();
                deadline = Instant::now().checked_add(within);
                let failed = status.is_err();
                ended = Some(status);
                if failed {
                    self.drain()?;
                    return Ok(ended);
                }
            }
            at_end |= !self.take(next);
        }
    }

    /// Takes what was heard. False at the end of the source.
    fn take(&mut self, next: Next) -> bool {
        match next {
            Next::Record(record) => {
                self.matcher.feed(*record);
            }
            Next::Other | Next::Nothing | Next::Woken => {}
            Next::End => return false,
        }
        true
    }

    /// Takes what is there already.
    fn drain(&mut self) -> io::Result<()> {
        let Self { hearing, matcher } = self;
        if matcher.progress() == Progress::Waiting {
            hearing.drain(|record| {
                matcher.feed(record);
                matcher.progress() == Progress::Waiting
            })?;
        }
        Ok(())
    }
}
