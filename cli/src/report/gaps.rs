//! The note about missing records.

use crate::terminal::escape;
use jiff::tz::TimeZone;
use std::fmt::Write;
use viraudit_trail::events::Gap;
use viraudit_trail::report::Report;
use viraudit_trail::time::local;

/// The number of gaps that are shown.
const SHOWN: usize = 3;

/// When records are missing; `None` if none are.
pub(super) fn note(report: &Report, zone: &TimeZone) -> Option<String> {
    let gaps: Vec<&Gap> = report.gaps().collect();
    let times: Vec<String> = gaps.iter().take(SHOWN).map(|gap| times(gap, zone)).collect();
    if times.is_empty() {
        return None;
    }
    let mut note = format!("records are missing {}", times.join(", "));
    if gaps.len() > SHOWN {
        let _ = write!(note, ", and {} more times", gaps.len() - SHOWN);
    }
    Some(note + ": sessions that were open then may have ended; see viraudit verify")
}

/// The times of a gap, and its host.
fn times(gap: &Gap, zone: &TimeZone) -> String {
    let host = match String::from_utf8_lossy(&gap.host) {
        host if host.is_empty() => String::new(),
        host => format!("of host {} ", escape(&host)),
    };
    let (from, until) = (local(gap.from, zone), local(gap.until, zone));
    let others = if gap.is_silence { ", while other hosts have some" } else { "" };
    format!("{host}from {from} to {until}{others}")
}
