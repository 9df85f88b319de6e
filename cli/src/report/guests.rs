//! `--guests`: one row for each guest.

use super::args::{Format, ReportArgs};
use super::csv::Row;
use super::grid::{Cells, Grid, room};
use super::object::{Object, key};
use super::parallel::{Chunks, in_any_order, in_order};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::io::{self, Write};
use viraudit_trail::report::{ClientView, GuestRow, Guests};
use viraudit_trail::time::{UtcFormatCache, duration, local};

const HEADERS: [&str; 11] = [
    "VM",
    "HOSTS",
    "STATE",
    "RUNS",
    "RUNNING",
    "LAST START",
    "LAST STOP",
    "IDLE SINCE",
    "LAST USER",
    "FAILED",
    "DENIALS",
];

const COLUMNS: [&str; 19] = [
    "kind",
    "vm",
    "uuid",
    "virt",
    "hosts",
    "state",
    "first",
    "last",
    "runs",
    "running_ms",
    "last_start",
    "last_start_reason",
    "last_stop",
    "last_stop_reason",
    "idle_since",
    "user",
    "failed_starts",
    "denials",
    "proof",
];

/// Writes all guests.
pub(super) fn write(
    guests: &Guests<'_>,
    args: &ReportArgs,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let chunks = Chunks::of_count(guests.len());
    match args.format {
        Format::Table => table(guests, chunks, args.proof, zone, out),
        // The page is written by `page`.
        Format::Html => Ok(()),
        Format::Json => {
            let worker = || {
                let mut times = UtcFormatCache::default();
                move |range, lines: &mut Vec<u8>| {
                    guests.range(range).for_each(|guest| append_object(&guest, &mut times, lines));
                }
            };
            in_order(chunks, worker, |lines| out.write_all(lines))
        }
        Format::Csv => {
            let columns: Vec<_> = COLUMNS.iter().chain(&ClientView::KEYS).copied().collect();
            writeln!(out, "{}", columns.join(","))?;
            let worker = || {
                let mut times = UtcFormatCache::default();
                move |range, lines: &mut Vec<u8>| {
                    guests.range(range).for_each(|guest| append_row(&guest, &mut times, lines));
                }
            };
            in_order(chunks, worker, |lines| out.write_all(lines))
        }
    }
}

fn table(
    guests: &Guests<'_>,
    chunks: Chunks,
    proof: bool,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let headers: [&'static str; 12] =
        std::array::from_fn(|at| HEADERS.get(at).copied().unwrap_or("PROOF"));
    let mut grid = Grid::new(headers);
    let grids = in_any_order(chunks, |ranges| {
        let mut grid = Grid::new(headers);
        for guest in ranges.flat_map(|range| guests.range(range)) {
            grid.measure(&cells(&guest, proof, zone));
        }
        grid
    });
    grids.iter().for_each(|measured| grid.widen(measured));
    grid.write_headers(out)?;
    let room = room();
    let worker = || {
        |range, lines: &mut Vec<u8>| {
            for guest in guests.range(range) {
                grid.append(&cells(&guest, proof, zone), room, lines);
            }
        }
    };
    in_order(chunks, worker, |lines| out.write_all(lines))
}

fn cells<'g>(guest: &'g GuestRow<'_>, proof: bool, zone: &TimeZone) -> Cells<'g, 12> {
    let when = |time: Option<i64>, reason: &Option<Cow<'_, str>>| match (time, reason) {
        (Some(time), Some(reason)) => format!("{} {reason}", local(time, zone)),
        (Some(time), None) => local(time, zone),
        (None, _) => "-".into(),
    };
    let idle = guest.idle_since.map_or_else(|| "-".into(), |time| local(time, zone));
    let stamps: Vec<String> = guest.proof.iter().map(ToString::to_string).collect();
    [
        Cow::Borrowed(&*guest.vm),
        guest.hosts.join(" ").into(),
        guest.state.name().into(),
        guest.runs.to_string().into(),
        duration(guest.running_time).into(),
        when(guest.last_start, &guest.last_start_reason).into(),
        when(guest.last_stop, &guest.last_stop_reason).into(),
        idle.into(),
        guest.user.unwrap_or("-").into(),
        guest.failed_starts.to_string().into(),
        guest.denials.to_string().into(),
        if proof { stamps.join(" ").into() } else { Cow::Borrowed("") },
    ]
}

fn append_object(guest: &GuestRow<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>) {
    let mut row = Object::begin(lines, "guest");
    row.text(key!("vm"), Some(&guest.vm));
    row.plain(key!("uuid"), Some(&guest.uuid.text()));
    row.text(key!("virt"), Some(&guest.virt));
    row.json(key!("hosts"), &guest.hosts);
    row.text(key!("state"), Some(guest.state.name()));
    row.plain(key!("first"), Some(times.bytes(guest.first)));
    row.plain(key!("last"), Some(times.bytes(guest.last)));
    row.number(key!("runs"), Some(guest.runs as i64));
    row.number(key!("running_ms"), Some(guest.running_time));
    row.plain(key!("last_start"), guest.last_start.map(|ms| times.bytes(ms)));
    row.text(key!("last_start_reason"), guest.last_start_reason.as_deref());
    row.plain(key!("last_stop"), guest.last_stop.map(|ms| times.bytes(ms)));
    row.text(key!("last_stop_reason"), guest.last_stop_reason.as_deref());
    row.plain(key!("idle_since"), guest.idle_since.map(|ms| times.bytes(ms)));
    row.text(key!("user"), guest.user);
    row.number(key!("failed_starts"), Some(guest.failed_starts as i64));
    row.number(key!("denials"), Some(guest.denials as i64));
    row.proof(&guest.proof);
    if let Some(client) = guest.client {
        client.values().for_each(|(key, value)| row.any(key, &value));
    }
    row.end();
}

fn append_row(guest: &GuestRow<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>) {
    let mut row = Row::begin(lines, "guest");
    row.text(Some(&guest.vm));
    row.plain(&guest.uuid.text());
    row.text(Some(&guest.virt));
    row.text(Some(&guest.hosts.join(" ")));
    row.plain(guest.state.name().as_bytes());
    row.time(Some(guest.first), times);
    row.time(Some(guest.last), times);
    row.number(Some(guest.runs as i64));
    row.number(Some(guest.running_time));
    row.time(guest.last_start, times);
    row.text(guest.last_start_reason.as_deref());
    row.time(guest.last_stop, times);
    row.text(guest.last_stop_reason.as_deref());
    row.time(guest.idle_since, times);
    row.text(guest.user);
    row.number(Some(guest.failed_starts as i64));
    row.number(Some(guest.denials as i64));
    row.proof(&guest.proof);
    row.client(guest.client);
    row.end();
}
