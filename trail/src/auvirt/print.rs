//! The report: rows, or the summary. Widths and cuts count bytes.

use super::args::Options;
use super::entry::{Entry, Kind};
use super::ledger::Ledger;
use super::table::NONE;
use std::io::{self, Write};
use viraudit::internal::audit_sys::calendar::Parts;

/// Writes `text`, cut to `width` bytes or padded to them.
fn padded(out: &mut impl Write, text: &[u8], width: usize) -> io::Result<()> {
    const BLANKS: [u8; 40] = [b' '; 40];
    out.write_all(&text[..text.len().min(width)])?;
    out.write_all(&BLANKS[..width.saturating_sub(text.len())])
}

/// Times as text, as `ctime` has it. The last one is kept, since rows next to each other share it.
struct Clock {
    seconds: i64,
    text: Option<[u8; 16]>,
}

impl Clock {
    fn new() -> Self {
        Self { seconds: 0, text: short(0) }
    }

    /// Weekday, month, day, hour and minute; `None` when the year has no number.
    fn text(&mut self, seconds: i64) -> Option<&[u8; 16]> {
        if self.seconds != seconds {
            *self = Self { seconds, text: short(seconds) };
        }
        self.text.as_ref()
    }
}

/// The first 16 bytes of `ctime`, in which names are never translated.
fn short(seconds: i64) -> Option<[u8; 16]> {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts = Parts::local(seconds).filter(|parts| parts.year() <= i32::MAX.into())?;
    let day = DAYS.get(parts.weekday() as usize)?;
    let (month, date) = parts.date();
    let month = MONTHS.get(month as usize)?;
    let (hour, minute, _) = parts.clock();
    let mut text = [b' '; 16];
    let _ = write!(&mut text[..], "{day} {month}{date:3} {hour:02}:{minute:02}");
    Some(text)
}

/// A time in words, for what isn't a row.
pub(super) fn time(seconds: i64) -> Vec<u8> {
    short(seconds).map_or_else(|| b"(null)".to_vec(), |text| text.to_vec())
}

/// Writes the rows.
pub(super) fn rows(ledger: &Ledger, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let mut clocks = (Clock::new(), Clock::new());
    for entry in &ledger.entries {
        let what = match entry.kind {
            Kind::MachineId => continue,
            Kind::Start => "start",
            _ if !options.all_events => continue,
            Kind::Stop => "stop",
            Kind::Resource(_) => "resrc",
            Kind::Avc => "avc",
            Kind::Anomaly => "anom",
        };
        if options.all_events {
            padded(out, what.as_bytes(), 6)?;
            out.write_all(b" ")?;
        }
        let text = |number| ledger.texts.text(number);
        padded(out, text(entry.name), 22)?;
        if options.show_uuid {
            out.write_all(b"\t")?;
            padded(out, text(entry.uuid), 36)?;
        }
        out.write_all(b"\t")?;
        padded(out, text(entry.user), 11)?;
        out.write_all(b"\t")?;
        period(entry, &mut clocks, out)?;
        details(ledger, entry, out)?;
        out.write_all(b"\n")?;
        if options.proof {
            out.write_all(b"    Proof:")?;
            let mut comma = "";
            for &serial in entry.proof.serials() {
                write!(out, "{comma}{}", ledger.serials.whole(serial))?;
                comma = ",";
            }
            out.write_all(b"\n\n")?;
        }
    }
    Ok(())
}

/// From when to when, in 32 bytes: too few for the closing bracket.
fn period(entry: &Entry, clocks: &mut (Clock, Clock), out: &mut impl Write) -> io::Result<()> {
    let mut text = [b' '; 32];
    let mut room = &mut text[..];
    room.write_all(clocks.0.text(entry.start).map_or(b"(null)          ", |text| text))?;
    if entry.end != 0 {
        room.write_all(b" - ")?;
        if let Some(end) = clocks.1.text(entry.end) {
            room.write_all(&end[11..])?;
        }
        room = &mut text[26..];
        let lasted = entry.end.wrapping_sub(entry.start);
        let days = (lasted / 86_400) as i32;
        let hours = (lasted % 86_400 / 3600) as i32;
        let minutes = (lasted % 3600 / 60) as i32;
        let minutes = format!("{hours:02}:{minutes:02})");
        let lasted = if days == 0 { format!("({minutes}") } else { format!("({days}+{minutes}") };
        let length = lasted.len().min(room.len());
        room[..length].copy_from_slice(&lasted.as_bytes()[..length]);
    } else if !entry.success && matches!(entry.kind, Kind::Start | Kind::Stop | Kind::Resource(_)) {
        room.write_all(b" - failed")?;
    }
    out.write_all(&text)
}

/// The columns of resources and AVCs.
fn details(ledger: &Ledger, entry: &Entry, out: &mut impl Write) -> io::Result<()> {
    let text = |number| ledger.texts.text(number);
    let columns = match entry.columns {
        NONE => [NONE; 4],
        number => ledger.columns[number as usize],
    };
    let mut pair = |first, second| {
        out.write_all(b"\t")?;
        padded(out, first, 12)?;
        out.write_all(b"\t")?;
        padded(out, second, 10)
    };
    let further = match entry.kind {
        Kind::Resource(kind) => {
            pair(kind.name().as_bytes(), text(entry.what))?;
            if entry.columns == NONE { &[entry.value] } else { &columns[..3] }
        }
        Kind::Avc => {
            pair(text(entry.what), text(columns[0]))?;
            &columns[1..]
        }
        _ => return Ok(()),
    };
    for &column in further {
        out.write_all(b"\t")?;
        out.write_all(text(column))?;
    }
    Ok(())
}

/// Writes the numbers of everything.
pub(super) fn summary(ledger: &Ledger, out: &mut impl Write) -> io::Result<()> {
    let (mut starts, mut stops, mut resources, mut avcs, mut anomalies) = (0, 0, 0, 0, 0);
    let mut failed = 0;
    let mut range: Option<(i64, i64)> = None;
    for entry in &ledger.entries {
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
    let edge = |time: Option<i64>| time.map_or_else(|| b"undef".to_vec(), self::time);
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
