//! The order of events: by their time, unless the clock of their host was set back.

use crate::events::WordId;
use crate::line::Stamp;
use std::collections::HashMap;

/// The largest step of the serial number by which a clock that was set back is recognised. A larger
/// one is a reboot.
const MAX_STEP: u64 = 10_000;

/// The last event of a host.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    source: usize,
    last: Stamp,
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
        let last = progress.last;
        let set_back = progress.source == source
            && stamp.ms < last.ms
            && stamp.serial > last.serial
            && stamp.serial - last.serial < MAX_STEP
            && last.serial > 0;
        if set_back {
            progress.last.serial = stamp.serial;
            return last.ms;
        }
        if progress.source != source || stamp.ms >= last.ms {
            *progress = Progress { source, last: stamp };
        }
        stamp.ms
    }
}
