//! Rows of one kind in every format, for `--guests` and `--operations`.

use super::args::{Format, ReportArgs};
use super::csv;
use super::grid::{Cells, Grid, room};
use super::parallel::{Chunks, in_any_order, in_order};
use jiff::tz::TimeZone;
use std::io::{self, Write};
use std::ops::Range;
use viraudit_trail::report::ClientView;
use viraudit_trail::time::{LocalFormatCache, UtcFormatCache};

/// Rows of one kind, with `N` columns in a table.
pub(super) trait Listing<const N: usize>: Sync {
    /// A row.
    type Row<'r>
    where
        Self: 'r;

    /// The headers of a table.
    const HEADERS: [&'static str; N];

    /// The columns of CSV, in front of the client's.
    const COLUMNS: &'static [&'static str];

    /// The number of rows.
    fn len(&self) -> usize;

    /// Some of the rows.
    fn rows(&self, range: Range<usize>) -> impl Iterator<Item = Self::Row<'_>>;

    /// The cells of a row in a table. The last one is empty unless `proof` is set.
    fn cells<'c>(row: &'c Self::Row<'_>, proof: bool, times: &mut LocalFormatCache)
    -> Cells<'c, N>;

    /// Appends a row as an object of JSON.
    fn append_object(row: &Self::Row<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>);

    /// Appends a row of CSV.
    fn append_csv(row: &Self::Row<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>);
}

/// Writes all rows; returns whether there are any. A page has none of them.
pub(super) fn write<const N: usize, L: Listing<N>>(
    listing: &L,
    args: &ReportArgs,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let found = listing.len() > 0;
    match args.format {
        Format::Table if found => table(listing, args.proof, zone, out)?,
        Format::Json => lines(listing, L::append_object, out)?,
        Format::Csv => {
            csv::write_header(L::COLUMNS.iter().chain(&ClientView::KEYS), out)?;
            lines(listing, L::append_csv, out)?;
        }
        Format::Table | Format::Html => {}
    }
    Ok(found)
}

/// Writes a line for each row.
fn lines<const N: usize, L: Listing<N>>(
    listing: &L,
    append: fn(&L::Row<'_>, &mut UtcFormatCache, &mut Vec<u8>),
    out: &mut dyn Write,
) -> io::Result<()> {
    let worker = || {
        let mut times = UtcFormatCache::default();
        move |range, lines: &mut Vec<u8>| {
            listing.rows(range).for_each(|row| append(&row, &mut times, lines));
        }
    };
    in_order(Chunks::of_count(listing.len()), worker, |lines| out.write_all(lines))
}

fn table<const N: usize, L: Listing<N>>(
    listing: &L,
    proof: bool,
    zone: &TimeZone,
    out: &mut dyn Write,
) -> io::Result<()> {
    let chunks = Chunks::of_count(listing.len());
    let times = LocalFormatCache::new(zone.clone());
    let measured = in_any_order(chunks, |ranges| {
        let (mut grid, mut times) = (Grid::new(L::HEADERS), times.clone());
        for row in ranges.flat_map(|range| listing.rows(range)) {
            grid.measure(&L::cells(&row, proof, &mut times));
        }
        grid
    });
    let mut grid = Grid::new(L::HEADERS);
    measured.iter().for_each(|part| grid.widen(part));
    grid.write_headers(out)?;
    let room = room();
    let worker = || {
        let (grid, mut times) = (&grid, times.clone());
        move |range, lines: &mut Vec<u8>| {
            for row in listing.rows(range) {
                grid.append(&L::cells(&row, proof, &mut times), room, lines);
            }
        }
    };
    in_order(chunks, worker, |lines| out.write_all(lines))
}

/// A time in the table's zone.
pub(super) fn local_text(ms: i64, times: &mut LocalFormatCache) -> String {
    String::from_utf8_lossy(times.bytes(ms)).into_owned()
}
