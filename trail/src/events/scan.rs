//! What of a block's lines matters, found without allocating for those that don't.

mod found;
mod repeat_cache;

pub use found::{AuxRecord, Found, FoundRecord, RecordContent, Sender, Span, VirtSpans};

use crate::line::foreign::{self, ForeignLine};
use crate::line::{Front, Kind, Line, Op, VirtLine, front, without_cr};
use crate::time::Clock;
use repeat_cache::RepeatCache;
use viraudit::RecordType;

/// What a report needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Every event of a session, not only its start and stop.
    pub details: bool,
    /// Operations that failed, even without the other details.
    pub failed: bool,
}

/// Looks at lines.
#[derive(Debug)]
pub struct Scanner {
    wants: Wants,
    clock: Clock,
}

impl Scanner {
    /// A scanner for a report that wants this.
    pub fn new(wants: Wants, clock: Clock) -> Self {
        Self { wants, clock }
    }

    /// Looks at each line of a text, and adds what it holds.
    pub fn scan(&self, text: &[u8], out: &mut Found) {
        let mut recent = RepeatCache::default();
        let mut rest = text;
        while !rest.is_empty() {
            let len = match recent.repeated_by(rest) {
                Some((stamp, len)) => {
                    out.add_to_last(stamp);
                    len
                }
                None => {
                    let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    self.line(without_cr(&rest[..len]), &mut recent, out);
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
    fn line<'t>(&self, line: &'t [u8], recent: &mut RepeatCache<'t>, out: &mut Found) {
        match front(line) {
            Some(front) => self.record(&front, recent, out),
            None => {
                recent.take_run();
                self.rewrite(line, out);
            }
        }
    }

    /// A line in another form.
    fn rewrite(&self, line: &[u8], out: &mut Found) {
        let mut rewritten = Vec::new();
        match foreign::rewrite(line, &self.clock, &mut rewritten) {
            ForeignLine::Audit => match front(&rewritten) {
                Some(front) => self.record(&front, &mut RepeatCache::default(), out),
                None => out.line_counts.malformed += 1,
            },
            ForeignLine::Other => out.line_counts.other += 1,
            ForeignLine::Unknown => out.line_counts.malformed += 1,
        }
    }

    #[inline]
    fn record<'t>(&self, front: &Front<'t>, recent: &mut RepeatCache<'t>, out: &mut Found) {
        let aux = matches!(front.kind, Kind::Aux(_));
        if !front.kind.matters() || aux && !self.wants.details {
            out.line_counts.other += 1;
            return;
        }
        let Some(line) = front.line_by(&mut recent.stamps) else {
            out.line_counts.malformed += 1;
            return;
        };
        let what = match line.kind {
            Kind::Virt(kind) => {
                self.virt(kind, &line, recent, out);
                return;
            }
            Kind::Aux(kind) => {
                out.line_counts.other += 1;
                let node = line.node.map(|node| out.keep(node));
                let (body, names) = (out.keep(line.body), out.keep(line.names));
                out.aux.push(AuxRecord { stamp: line.stamp, kind, node, body, names });
                return;
            }
            Kind::Avc if self.wants.details => {
                RecordContent::Avc(out.keep(line.body), out.keep(line.names))
            }
            Kind::Anomaly(number) if self.wants.details => {
                let name = out.keep(front.name);
                RecordContent::Anomaly(number, name, out.keep(line.body), out.keep(line.names))
            }
            Kind::Boot => RecordContent::Boot,
            Kind::Kernel if is_initialized(line.body) => RecordContent::Boot,
            Kind::Shutdown => RecordContent::Down,
            Kind::RunLevel if goes_down(line.body) => RecordContent::Down,
            _ => {
                out.line_counts.other += 1;
                return;
            }
        };
        recent.take_run();
        out.line_counts.used += 1;
        let sender = out.sender(line.node, None, None, b"");
        out.facts.push(FoundRecord { stamp: line.stamp, sender, what });
    }

    #[inline]
    fn virt<'t>(
        &self,
        kind: RecordType,
        line: &Line<'t>,
        recent: &mut RepeatCache<'t>,
        out: &mut Found,
    ) {
        let before = recent.take_run();
        let body = match recent.body(line.body) {
            Ok(body) => body,
            Err(defect) => return out.unusable(defect),
        };
        let virt = match VirtLine::of_body(kind, recent.frame(), body) {
            Ok(virt) => virt,
            Err(defect) => return out.unusable(defect),
        };
        let control = kind == RecordType::VirtControl;
        let failed = self.wants.failed && !virt.success;
        let run = recent.run_of(line, &virt);
        let goes_on = run.is_some() && run == before;
        // Most records only tell that the guest was there: it is enough to know which.
        if !self.wants.details && !failed && !control {
            recent.set_run(run, line, &virt);
            if goes_on {
                return out.add_to_last(line.stamp);
            }
        }
        out.line_counts.used += 1;
        if goes_on && virt.op == Op::Start {
            // That the guest was there says its start too, and it is the same session.
            out.facts.pop();
        }
        let shown = self.wants.details || control && virt.op != Op::Init || failed;
        out.push_virt(line, &virt, body, shown);
    }
}

fn is_initialized(body: &[u8]) -> bool {
    body.starts_with(b"state=initialized")
}

/// GuestRun level 0 halts, 6 reboots.
fn goes_down(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"new-level=")
        .and_then(|at| body.get(at + b"new-level=".len()))
        .is_some_and(|level| matches!(level, b'0' | b'6'))
}
