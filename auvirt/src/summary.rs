//! The summary of a report.

use crate::ctime;
use crate::entry::Kind;
use crate::ledger::Ledger;
use std::io::{self, Write};

/// Writes the range of time and the number of entries of each kind.
pub(crate) fn write(ledger: &Ledger, out: &mut impl Write) -> io::Result<()> {
    let (mut starts, mut stops, mut resources, mut avcs, mut anomalies) = (0, 0, 0, 0, 0);
    let mut failed = 0;
    let mut range: Option<(i64, i64)> = None;
    for entry in ledger.entries.iter() {
        for time in [entry.start, entry.end].into_iter().filter(|&time| time != 0) {
            let (first, last) = range.unwrap_or((time, time));
            range = Some((first.min(time), last.max(time)));
        }
        let count = match entry.kind {
            Kind::MachineId => continue,
            Kind::Avc => &mut avcs,
            Kind::Anomaly => &mut anomalies,
            _ if !entry.success => &mut failed,
            Kind::Start => &mut starts,
            Kind::Stop => &mut stops,
            Kind::Resource(_) => &mut resources,
        };
        *count += 1;
    }
    let edge = |time: Option<i64>| time.map_or_else(|| b"undef".to_vec(), ctime::text);
    out.write_all(b"Range of time for report:       ")?;
    out.write_all(&edge(range.map(|range| range.0)))?;
    out.write_all(b" - ")?;
    out.write_all(&edge(range.map(|range| range.1)))?;
    write!(out, "\nNumber of guest starts:         {starts}")?;
    write!(out, "\nNumber of guest stops:          {stops}")?;
    write!(out, "\nNumber of resource assignments: {resources}")?;
    write!(out, "\nNumber of related AVCs:         {avcs}")?;
    write!(out, "\nNumber of related anomalies:    {anomalies}")?;
    writeln!(out, "\nNumber of failed operations:    {failed}")
}
