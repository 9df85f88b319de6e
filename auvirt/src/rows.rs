//! The rows of a report. Widths count bytes.

use crate::ctime::Clock;
use crate::entry::{Entry, Kind, Resource};
use crate::ledger::Ledger;
use crate::options::Options;
use std::io::{self, Write};
use std::slice;

/// Writes `text`, cut to `width` bytes or padded to them.
fn padded(out: &mut impl Write, text: &[u8], width: usize) -> io::Result<()> {
    const BLANKS: [u8; 40] = [b' '; 40];
    out.write_all(&text[..text.len().min(width)])?;
    out.write_all(&BLANKS[..width.saturating_sub(text.len())])
}

/// Writes all rows.
pub(crate) fn write(ledger: &Ledger, options: &Options, out: &mut impl Write) -> io::Result<()> {
    let mut clocks = (Clock::new(), Clock::new());
    for entry in ledger.entries.iter() {
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

/// Writes an entry's start, end and duration. The 32 bytes may be too few for the closing bracket.
fn period(entry: &Entry, clocks: &mut (Clock, Clock), out: &mut impl Write) -> io::Result<()> {
    let mut text = [b' '; 32];
    let mut rest = &mut text[..];
    rest.write_all(clocks.0.text(entry.start).map_or(b"(null)          ", |text| text))?;
    if entry.end != 0 {
        rest.write_all(b" - ")?;
        if let Some(end) = clocks.1.text(entry.end) {
            rest.write_all(&end[11..])?;
        }
        rest = &mut text[26..];
        let lasted = entry.end.wrapping_sub(entry.start);
        let days = (lasted / 86_400) as i32;
        let hours = (lasted % 86_400 / 3600) as i32;
        let minutes = (lasted % 3600 / 60) as i32;
        let minutes = format!("{hours:02}:{minutes:02})");
        let lasted = if days == 0 { format!("({minutes}") } else { format!("({days}+{minutes}") };
        let length = lasted.len().min(rest.len());
        rest[..length].copy_from_slice(&lasted.as_bytes()[..length]);
    } else if !entry.success && matches!(entry.kind, Kind::Start | Kind::Stop | Kind::Resource(_)) {
        rest.write_all(b" - failed")?;
    }
    out.write_all(&text)
}

/// Writes the columns that only resources and AVCs have.
fn details(ledger: &Ledger, entry: &Entry, out: &mut impl Write) -> io::Result<()> {
    let text = |number| ledger.texts.text(number);
    let mut pair = |first, second| {
        out.write_all(b"\t")?;
        padded(out, first, 12)?;
        out.write_all(b"\t")?;
        padded(out, second, 10)
    };
    let further = match entry.kind {
        Kind::Resource(kind) => {
            pair(kind.names().resrc.as_bytes(), text(entry.what))?;
            match kind {
                Resource::Cgroup => &ledger.columns(entry)[..3],
                _ => slice::from_ref(&entry.value),
            }
        }
        Kind::Avc => {
            let [result, others @ ..] = ledger.columns(entry);
            pair(text(entry.what), text(*result))?;
            others
        }
        _ => return Ok(()),
    };
    for &column in further {
        out.write_all(b"\t")?;
        out.write_all(text(column))?;
    }
    Ok(())
}
