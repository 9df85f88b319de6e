//! Scanning: finds the records that a report uses, without allocating for any other line.

mod found;
mod repeat_cache;

pub(crate) use found::{
    AuxRecord, Found, FoundRecord, RecordContent, Sender, SenderId, Span, VirtSpans,
};

use crate::input::blocks::{BlockOutput, LINE_MAX};
use crate::line::foreign::{ForeignLine, ForeignReader, continues_message, is_interpreted};
use crate::line::{
    AuxKind, Front, LANDLOCK_DOMAIN, Line, LineKind, Op, Reason, Sign, VirtLine, front, without_cr,
};
use repeat_cache::RepeatCache;
use viraudit::RecordType;

/// The events that a report needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// All events, not only those that start or stop a session.
    pub details: bool,
    /// Failed operations, even without `details`.
    pub failed: bool,
}

/// The kind of the most frequent lines.
const RESOURCE: LineKind = LineKind::Virt(RecordType::VirtResource);

/// A scanner of lines.
#[derive(Debug)]
pub(crate) struct Scanner {
    wants: Wants,
    foreign: ForeignReader,
}

impl Scanner {
    pub(crate) fn new(wants: Wants, foreign: ForeignReader) -> Self {
        Self { wants, foreign }
    }

    /// Scans all lines of a text, and adds what is found to `out`.
    pub(crate) fn scan(&self, text: &[u8], out: &mut Found) {
        let mut cache = RepeatCache::default();
        let mut rest = text;
        while !rest.is_empty() {
            let len = match cache.repeated_by(rest) {
                Some((stamp, len)) => {
                    cache.end_event();
                    out.number(cache.node(), stamp, RESOURCE, true);
                    out.repeat_last(stamp);
                    len
                }
                None => {
                    let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    if len > LINE_MAX {
                        cache.take_run();
                        out.skip_line();
                        rest = rest.get(len + 1..).unwrap_or_default();
                        continue;
                    }
                    self.line(without_cr(&rest[..len]), &mut cache, out);
                    len
                }
            };
            out.line_counts.lines += 1;
            rest = rest.get(len + 1..).unwrap_or_default();
        }
        if self.wants.details {
            // Nearly sorted already.
            out.aux.sort_by_key(|aux| aux.stamp);
        }
    }

    #[inline]
    fn line<'t>(&self, line: &'t [u8], cache: &mut RepeatCache<'t>, out: &mut Found) {
        match front(line) {
            Some(front) => self.record(&front, true, cache, out),
            None => {
                cache.take_run();
                cache.end_event();
                self.foreign_line(line, out);
            }
        }
    }

    #[cold]
    fn foreign_line(&self, line_text: &[u8], out: &mut Found) {
        let mut rewritten = Vec::new();
        let line = out.line_counts.lines + 1;
        let mut note = |reason| out.remarks.add(reason, line);
        let read = self.foreign.rewrite(line_text, &mut rewritten, &mut note);
        let before = out.message_line > 0 && out.message_line + 1 == line;
        if continues_message(before, line_text, read) {
            out.message_line = line;
        }
        match read {
            ForeignLine::Unknown if out.message_line == line => out.line_counts.other += 1,
            ForeignLine::Audit => match front(&rewritten) {
                Some(front) => self.record(&front, false, &mut RepeatCache::default(), out),
                None => out.line_counts.malformed += 1,
            },
            ForeignLine::Other => out.line_counts.other += 1,
            ForeignLine::Unknown => out.line_counts.malformed += 1,
        }
    }

    #[inline]
    fn record<'t>(
        &self,
        front: &Front<'t>,
        native: bool,
        cache: &mut RepeatCache<'t>,
        out: &mut Found,
    ) {
        let aux = matches!(front.kind, LineKind::Aux(_));
        if !front.kind.matters() || aux && !self.wants.details {
            out.line_counts.other += 1;
            if cache.is_numbered(front) {
                return;
            }
            if let Some((stamp, body)) = cache.stamps.read(front.rest) {
                cache.set_numbered(front, body);
                out.number(front.node, stamp, front.kind, native);
            }
            return;
        }
        cache.end_event();
        let Some(line) = front.line_by(&mut cache.stamps) else { return no_stamp(front, out) };
        out.number(line.node, line.stamp, line.kind, native);
        let content = match line.kind {
            LineKind::Virt(kind) => {
                self.virt(kind, &line, cache, out);
                return;
            }
            LineKind::Aux(kind) => {
                out.line_counts.other += 1;
                // The number of this type is another one's, too.
                if kind != AuxKind::Contexts || line.body.starts_with(b"subj_") {
                    out.push_aux(kind, &line);
                }
                return;
            }
            LineKind::Avc if self.wants.details => {
                RecordContent::Avc { body: out.keep(line.body), names: out.keep(line.names) }
            }
            LineKind::Anomaly(number) if self.wants.details => {
                if number == LANDLOCK_DOMAIN {
                    out.push_aux(AuxKind::Domain, &line);
                }
                let (body, names) = (out.keep(line.body), out.keep(line.names));
                RecordContent::Anomaly { number, name: out.keep(front.name), body, names }
            }
            LineKind::Boot => RecordContent::Boot,
            LineKind::Kernel if is_initialized(line.body) => RecordContent::Boot,
            LineKind::Shutdown => RecordContent::Down,
            LineKind::RunLevel if goes_down(line.body) => RecordContent::Down,
            _ => {
                out.line_counts.other += 1;
                return;
            }
        };
        cache.take_run();
        out.line_counts.used += 1;
        let sender = out.sender(line.node, None, None, b"", b"");
        out.records.push(FoundRecord { stamp: line.stamp, sender, content });
    }

    #[inline]
    fn virt<'t>(
        &self,
        kind: RecordType,
        line: &Line<'t>,
        cache: &mut RepeatCache<'t>,
        out: &mut Found,
    ) {
        let last_run = cache.take_run();
        let body = match cache.body(line.body) {
            Ok(body) => body,
            Err(defect) => return out.unusable(defect, line.body),
        };
        let virt = match VirtLine::of_body(kind, cache.envelope(), body) {
            Ok(virt) => virt,
            Err(defect) => return out.unusable(defect, line.body),
        };
        let control = kind == RecordType::VirtControl;
        let failed = self.wants.failed && !virt.success;
        let run = cache.run_of(line, &virt);
        let (before, mut sign) = (cache.sign(), Sign::of(&virt));
        let continues = run.is_some() && run == last_run && before.continues_with(sign);
        // Any other record only shows that the guest is present, which one event a run does.
        if !self.wants.details && !failed && !control {
            cache.start_run(run, if continues { before } else { sign }, line, &virt);
            if continues {
                return out.repeat_last(line.stamp);
            }
        }
        out.line_counts.used += 1;
        if continues && virt.op == Op::Start && before != Sign::Lives {
            // The start shows that the guest is present, too, and belongs to the same session.
            out.records.pop();
            sign = before;
        }
        let shown = self.wants.details || control && virt.op != Op::Init || failed;
        out.push_virt(line, &virt, body, shown, sign);
    }
}

/// Counts a record whose stamp can't be read.
#[cold]
fn no_stamp(front: &Front<'_>, out: &mut Found) {
    if is_interpreted(front.rest) {
        out.remarks.add(Reason::Interpreted, out.line_counts.lines + 1);
        out.line_counts.other += 1;
    } else {
        out.line_counts.malformed += 1;
    }
}

fn is_initialized(body: &[u8]) -> bool {
    body.starts_with(b"state=initialized")
}

/// Whether the host changes to run level 0, which halts it, or 6, which reboots it.
fn goes_down(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"new-level=")
        .and_then(|at| body.get(at + b"new-level=".len()))
        .is_some_and(|level| matches!(level, b'0' | b'6'))
}
