//! Feeds a matcher with records until its verdict, the deadline, or the end of COMMAND.

use super::child::Child;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use viraudit_trail::expect::{Matcher, Progress, RecordReader};
use viraudit_trail::listen::{Heard, Source};
use viraudit_trail::time::Clock;

/// The longest wait for noticing a signal.
const PATIENCE: Duration = Duration::from_millis(500);

/// The time between two looks at COMMAND after the end of the source.
const INTERVAL: Duration = Duration::from_millis(20);

/// The most lines that are read after the deadline, if more and more come.
const LATE: u32 = 1_000_000;

/// How COMMAND ended, if there was one.
pub(super) type Ended = Option<Result<(), String>>;

/// The records so far.
pub(super) struct Hearing {
    pub(super) source: Source,
    pub(super) matcher: Matcher,
    reader: RecordReader,
    lost_before: Option<u32>,
    overrun: bool,
}

impl Hearing {
    pub(super) fn new(source: Source, matcher: Matcher) -> Self {
        let lost_before = source.lost();
        let reader = RecordReader::new(Clock::system());
        Self { source, matcher, reader, lost_before, overrun: false }
    }

    /// The number of records that were lost; 0 if it is unknown. `None` if none was.
    pub(super) fn lost(&self) -> Option<u32> {
        let lost = |before| self.source.lost().map(|now| now.wrapping_sub(before));
        let lost = self.lost_before.and_then(lost).unwrap_or(0);
        (lost > 0 || self.overrun).then_some(lost)
    }

    /// The number of records that are not about guests.
    pub(super) fn others(&self) -> u64 {
        self.reader.others()
    }

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
            let heard = match &child {
                // Only the command's end is awaited.
                Some(child) if at_end && child.is_running() => {
                    std::thread::sleep(INTERVAL);
                    continue;
                }
                Some(_) if at_end => Heard::Woken,
                child => {
                    let wake = child.as_ref().map(Child::wake);
                    self.source.next(left.min(PATIENCE), wake)?
                }
            };
            if heard == Heard::Woken
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
            at_end |= !self.take(heard);
        }
    }

    /// Takes what was heard. False at the end of the source.
    fn take(&mut self, heard: Heard) -> bool {
        match heard {
            Heard::Line(line) => {
                if let Some(record) = self.reader.read(&line) {
                    self.matcher.feed(record);
                }
            }
            Heard::Lost => self.overrun = true,
            Heard::Nothing | Heard::Woken => {}
            Heard::End => return false,
        }
        true
    }

    /// Takes what is there already.
    fn drain(&mut self) -> io::Result<()> {
        for _ in 0..LATE {
            if self.matcher.progress() != Progress::Waiting {
                break;
            }
            let heard = self.source.next(Duration::ZERO, None)?;
            if heard == Heard::Nothing || !self.take(heard) {
                break;
            }
        }
        Ok(())
    }
}
