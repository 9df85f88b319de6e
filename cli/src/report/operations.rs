//! `--operations`: one line for each operation.

use super::csv::Row;
use super::grid::Cells;
use super::listing::{Listing, local_text};
use super::object::{Object, key};
use super::wording::{result, stamps, user};
use std::borrow::Cow;
use std::ops::Range;
use viraudit_trail::report::{Operation, Operations};
use viraudit_trail::time::{LocalFormatCache, UtcFormatCache};

impl Listing<7> for Operations<'_> {
    type Row<'r>
        = Operation<'r>
    where
        Self: 'r;

    const HEADERS: [&'static str; 7] =
        ["TIME", "HOST", "VM", "USER", "RESULT", "OPERATION", "PROOF"];

    const COLUMNS: &'static [&'static str] = &[
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

    fn len(&self) -> usize {
        self.len()
    }

    fn rows(&self, range: Range<usize>) -> impl Iterator<Item = Operation<'_>> {
        self.range(range)
    }

    fn cells<'c>(
        operation: &'c Operation<'_>,
        proof: bool,
        times: &mut LocalFormatCache,
    ) -> Cells<'c, 7> {
        [
            local_text(operation.time, times).into(),
            operation.host.as_deref().unwrap_or_default().into(),
            Cow::Borrowed(&*operation.vm),
            user(operation.user, operation.by_daemon).unwrap_or("-".into()),
            result(operation).into(),
            Cow::Borrowed(&*operation.text),
            if proof { stamps(&operation.proof).into() } else { "".into() },
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
        row.client(operation.client);
        row.end();
    }

    fn append_csv(operation: &Operation<'_>, times: &mut UtcFormatCache, lines: &mut Vec<u8>) {
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
}
