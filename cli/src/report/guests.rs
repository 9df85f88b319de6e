//! `--guests`: one row for each guest.

use super::csv::Row;
use super::grid::Cells;
use super::listing::{Listing, local_text};
use super::object::{Object, key};
use super::wording::{stamps, user};
use std::borrow::Cow;
use std::ops::Range;
use viraudit_trail::report::{GuestRow, Guests};
use viraudit_trail::time::{LocalFormatCache, UtcFormatCache, duration};

impl Listing<12> for Guests<'_> {
    type Row<'r>
        = GuestRow<'r>
    where
        Self: 'r;

    const HEADERS: [&'static str; 12] = [
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
        "PROOF",
    ];

    const COLUMNS: &'static [&'static str] = &[
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

    fn len(&self) -> usize {
        self.len()
    }

    fn rows(&self, range: Range<usize>) -> impl Iterator<Item = GuestRow<'_>> {
        self.range(range)
    }

    fn cells<'c>(
        guest: &'c GuestRow<'_>,
        proof: bool,
        times: &mut LocalFormatCache,
    ) -> Cells<'c, 12> {
        let mut when = |time: Option<i64>, reason: &Option<Cow<'_, str>>| match (time, reason) {
            (Some(time), Some(reason)) => format!("{} {reason}", local_text(time, times)),
            (Some(time), None) => local_text(time, times),
            (None, _) => "-".into(),
        };
        [
            Cow::Borrowed(&*guest.vm),
            guest.hosts.join(" ").into(),
            guest.state.name().into(),
            guest.runs.to_string().into(),
            duration(guest.running_time).into(),
            when(guest.last_start, &guest.last_start_reason).into(),
            when(guest.last_stop, &guest.last_stop_reason).into(),
            when(guest.idle_since, &None).into(),
            user(guest.user, guest.by_daemon).unwrap_or("-".into()),
            guest.failed_starts.to_string().into(),
            guest.denials.to_string().into(),
            if proof { stamps(&guest.proof).into() } else { "".into() },
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
        row.client(guest.client);
        row.end();
    }

    fn append_csv(guest: &GuestRow<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>) {
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
}
