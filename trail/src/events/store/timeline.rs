//! The order of events: by their time, unless the clock of their host was set back.

use crate::events::WordId;
use crate::line::Stamp;
use std::collections::HashMap;

/// The largest step of the serial number by which a clock that was set back is recognised. A larger
/// one is a reboot.
const MAX_STEP: u64 = 10_000;

/// The largest steps of the serial number and of the time, in milliseconds, by which a clock that was
/// set back between two logs is recognised. Larger ones are an older log.
const MAX_STEP_TO_NEXT: (u64, i64) = (1000, 24 * 3_600_000);

/// The last event of a host.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    source: usize,
    last: Stamp,
    /// The time by which it is sorted: later than its own while a clock that was set back has not
    /// caught up.
    key: i64,
}

/// The progress of all hosts.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    hosts: HashMap<WordId, Progress>,
    /// The host of the last event. Its entry in `hosts` is out of date.
    current: (WordId, Progress),
}

impl Timeline {
    /// The time by which an event is sorted.
    ///
    /// After a clock was set back, times are lower but serial numbers still rise. In lines out of
    /// order both are lower.
    pub(super) fn key(&mut self, source: usize, host: WordId, stamp: Stamp) -> i64 {
        if self.current.0 != host {
            let (old, progress) = self.current;
            self.hosts.insert(old, progress);
            self.current = (host, self.hosts.get(&host).copied().unwrap_or_default());
        }
        let progress = &mut self.current.1;
        let Progress { source: last_source, last, key } = *progress;
        let is_late = key > last.ms;
        // The next log of the same clock.
        let goes_on = is_late && source == last_source + 1 && stamp.ms >= last.ms;
        let max_step = match source.checked_sub(last_source) {
            Some(0) => MAX_STEP,
            Some(1) if last.ms - stamp.ms < MAX_STEP_TO_NEXT.1 => MAX_STEP_TO_NEXT.0,
            _ => 0,
        };
        let set_back = stamp.ms < last.ms
            && stamp.serial > last.serial
            && stamp.serial - last.serial < max_step
            && last.serial > 0;
        if set_back || goes_on || is_late && source == last_source && stamp.ms >= last.ms {
            // After a reboot, numbers are lower.
            let later = key + i64::from(stamp.serial < last.serial);
            *progress = Progress { source, last: stamp, key: later.max(stamp.ms) };
            return progress.key;
        }
        if last_source != source || stamp.ms >= last.ms {
            *progress = Progress { source, last: stamp, key: stamp.ms };
        }
        stamp.ms
    }
}
