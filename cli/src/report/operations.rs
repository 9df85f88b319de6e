//! `--operations`: one line for each operation.

use super::args::{Format, ReportArgs};
use super::csv::Row;
use super::grid::{Cells, Grid, room};
use super::object::{Object, key};
use super::parallel::{Chunks, in_any_order, in_order};
use jiff::tz::TimeZone;
use std::borrow::Cow;
use std::io::{self, Write};
use viraudit_trail::report::{ClientView, Operation, Operations};
use viraudit_trail::time::{LocalFormatCache, UtcFormatCache};

const HEADERS: [&str; 7] = ["TIME", "HOST", "VM", "USER", "RESULT", "OPERATION", "PROOF"];

const COLUMNS: [&str; 16] = [
    "kind",
    "time",
    "host",
    "vm",
    "uuid",
    "session",
    "operation",
    "resource",
    "old",
    "new",
    "reason",
    "success",
    "user",
    "auid",
    "text",
    "proof",
];

/// Writes all operations.
pub(super) fn write(
    operations: &Operations<'_>,
    args: &ReportArgs,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let chunks = Chunks::of_count(operations.len());
    match args.format {
        Format::Table if operations.is_empty() => Ok(()),
        Format::Table => table(operations, chunks, args.proof, zone, out),
        // The page is written by `page`.
        Format::Html => Ok(()),
        Format::Json => {
            let worker = || {
                let mut times = UtcFormatCache::default();
                move |range, lines: &mut Vec<u8>| {
                    for operation in operations.range(range) {
                        append_object(&operation, &mut times, lines);
                    }
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
                    for operation in operations.range(range) {
                        append_row(&operation, &mut times, lines);
                    }
                }
            };
            in_order(chunks, worker, |lines| out.write_all(lines))
        }
    }
}

fn table(
    operations: &Operations<'_>,
    chunks: Chunks,
    proof: bool,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut grid = Grid::new(HEADERS);
    let times = LocalFormatCache::new(zone.clone());
    let grids = in_any_order(chunks, |ranges| {
        let (mut grid, mut times) = (Grid::new(HEADERS), times.clone());
        for operation in ranges.flat_map(|range| operations.range(range)) {
            grid.measure(&cells(&operation, proof, &mut times));
        }
        grid
    });
    grids.iter().for_each(|measured| grid.widen(measured));
    grid.write_headers(out)?;
    let room = room();
    let worker = || {
        let (grid, mut times) = (&grid, times.clone());
        move |range, lines: &mut Vec<u8>| {
            for operation in operations.range(range) {
                grid.append(&cells(&operation, proof, &mut times), room, lines);
            }
        }
    };
    in_order(chunks, worker, |lines| out.write_all(lines))
}

fn cells<'o>(
    operation: &'o Operation<'_>,
    proof: bool,
    times: &mut LocalFormatCache,
) -> Cells<'o, 7> {
    let time = String::from_utf8_lossy(times.bytes(operation.time)).into_owned();
    let user: Cow<'_, str> = match operation.user {
        Some(user) if operation.by_daemon => format!("({user})").into(),
        Some(user) => user.into(),
        None => "-".into(),
    };
    let stamps = || operation.proof.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    [
        time.into(),
        operation.host.as_deref().unwrap_or_default().into(),
        Cow::Borrowed(&*operation.vm),
        user,
        if operation.success { "ok" } else { "failed" }.into(),
        Cow::Borrowed(&*operation.text),
        if proof { stamps().into() } else { Cow::Borrowed("") },
    ]
}

fn append_object(operation: &Operation<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>) {
    let mut session = String::new();
    operation.session().append_to(&mut session, times);
    let mut row = Object::begin(lines, "operation");
    row.plain(key!("time"), Some(times.bytes(operation.time)));
    row.text(key!("host"), operation.host.as_deref());
    row.text(key!("vm"), Some(&operation.vm));
    row.plain(key!("uuid"), Some(&operation.uuid.text()));
    row.text(key!("session"), Some(&session));
    row.text(key!("operation"), Some(&operation.operation));
    row.text(key!("resource"), operation.resource.as_deref());
    row.text(key!("old"), operation.old.as_deref());
    row.text(key!("new"), operation.new.as_deref());
    row.text(key!("reason"), operation.reason.as_deref());
    row.bool(key!("success"), operation.success);
    row.text(key!("user"), operation.user);
    row.number(key!("auid"), operation.auid.map(Into::into));
    row.text(key!("text"), Some(&operation.text));
    row.proof(&operation.proof);
    if let Some(client) = operation.client {
        client.values().for_each(|(key, value)| row.any(key, &value));
    }
    row.end();
}

fn append_row(operation: &Operation<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>) {
    let mut session = String::new();
    operation.session().append_to(&mut session, times);
    let mut row = Row::begin(lines, "operation");
    row.time(Some(operation.time), times);
    row.text(operation.host.as_deref());
    row.text(Some(&operation.vm));
    row.plain(&operation.uuid.text());
    row.text(Some(&session));
    row.text(Some(&operation.operation));
    row.text(operation.resource.as_deref());
    row.text(operation.old.as_deref());
    row.text(operation.new.as_deref());
    row.text(operation.reason.as_deref());
    row.plain(if operation.success { b"true" } else { b"false" });
    row.text(operation.user);
    row.number(operation.auid.map(Into::into));
    row.text(Some(&operation.text));
    row.proof(&operation.proof);
    row.client(operation.client);
    row.end();
}
