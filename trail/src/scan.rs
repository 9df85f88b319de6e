//! What of a block's lines matters, found without allocating for those that don't.

mod recent;

use crate::blocks::Found;
use crate::line::wrapped::{self, Wrapped};
use crate::line::{Aux, Defect, Front, Kind, Line, Op, Stamp, VirtLine, front, without_cr};
use crate::tally::Tally;
use crate::time::Clock;
use recent::Recent;
use viraudit::{RecordType, Uuid};

/// What a report needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Every event of a session, not only its start and stop.
    pub details: bool,
    /// Operations that failed, even without the other details.
    pub failed: bool,
}

/// Where a text stands in what was kept of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    at: u32,
    len: u32,
}

/// A record that matters.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// When.
    pub stamp: Stamp,
    /// The host; `None` where the line doesn't tell.
    pub node: Option<Span>,
    /// What it says.
    pub what: What,
}

/// What a record says.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A VIRT_* record.
    Virt(VirtSpans),
    /// A guest's records that are not shown: the last of them.
    Seen(VirtSpans),
    /// A denial: its fields and the interpreted ones.
    Avc(Span, Span),
    /// An anomaly: its type, its type's name, its fields and the interpreted ones.
    Anomaly(u16, Span, Span, Span),
    /// The host goes down.
    Down,
    /// The host has started.
    Boot,
}

/// A [`VirtLine`], by places.
#[derive(Clone, Copy, Debug)]
pub struct VirtSpans {
    /// What has happened.
    pub op: Op,
    /// `op=` or `resrc=`
    pub what: Span,
    /// `virt=`
    pub virt: Span,
    /// `vm=`
    pub vm: Span,
    /// `uuid=`
    pub uuid: Uuid,
    /// `reason=`
    pub reason: Span,
    /// The other fields.
    pub tail: Span,
    /// The interpreted fields.
    pub names: Span,
    /// `res=success`
    pub success: bool,
    /// `uid=`
    pub uid: Option<u32>,
    /// `auid=`
    pub auid: Option<u32>,
    /// `vm-pid=`
    pub pid: Option<i64>,
}

/// A record that tells more about another one of its event.
#[derive(Clone, Copy, Debug)]
pub struct AuxFact {
    /// The event.
    pub stamp: Stamp,
    /// What kind of record.
    pub kind: Aux,
    /// The host.
    pub node: Option<Span>,
    /// Its fields.
    pub body: Span,
    /// The interpreted fields.
    pub names: Span,
}

/// What some lines hold.
#[derive(Debug, Default)]
pub struct Scanned {
    /// What matters, in the lines' order.
    pub facts: Vec<Fact>,
    /// What may belong to one of them, sorted by stamp.
    pub aux: Vec<AuxFact>,
    /// What became of the lines.
    pub tally: Tally,
    /// The texts of all these.
    texts: Vec<u8>,
}

impl Found for Scanned {
    fn clear(&mut self) {
        self.facts.clear();
        self.aux.clear();
        self.tally = Tally::default();
        self.texts.clear();
    }
}

impl Scanned {
    /// Counts a record that can't be used.
    fn unusable(&mut self, defect: Defect) {
        match defect {
            Defect::Cut => self.tally.cut += 1,
            Defect::Malformed(_) => self.tally.malformed += 1,
        }
    }

    /// The last fact is seen once more.
    #[inline]
    fn add_to_last(&mut self, stamp: Stamp) {
        self.tally.used += 1;
        if let Some(last) = self.facts.last_mut() {
            last.stamp = last.stamp.max(stamp);
        }
    }

    /// The text that stands at `span`.
    pub fn text(&self, span: Span) -> &[u8] {
        self.texts
            .get(span.at as usize..)
            .and_then(|text| text.get(..span.len as usize))
            .unwrap_or_default()
    }

    /// Keeps a text.
    fn keep(&mut self, text: &[u8]) -> Span {
        if text.is_empty() {
            return Span::default();
        }
        let span = Span { at: self.texts.len() as u32, len: text.len() as u32 };
        self.texts.extend_from_slice(text);
        span
    }

    /// Keeps a record, whose parts were cut out of `body`.
    fn keep_virt(&mut self, virt: &VirtLine<'_>, body: &[u8], names: &[u8]) -> VirtSpans {
        let kept = self.keep(body);
        let of = |part: &[u8]| match part {
            [] => Span::default(),
            part => {
                let at = part.as_ptr().addr() - body.as_ptr().addr();
                Span { at: kept.at + at as u32, len: part.len() as u32 }
            }
        };
        let VirtLine { op, uuid, success, uid, auid, pid, .. } = *virt;
        VirtSpans {
            op,
            what: of(virt.what),
            virt: of(virt.virt),
            vm: of(virt.vm),
            uuid,
            reason: of(virt.reason),
            tail: of(virt.tail),
            names: self.keep(names),
            success,
            uid,
            auid,
            pid,
        }
    }
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
    pub fn scan(&self, text: &[u8], out: &mut Scanned) {
        let mut recent = Recent::default();
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
            out.tally.lines += 1;
            rest = rest.get(len + 1..).unwrap_or_default();
        }
        if self.wants.details {
            // Nearly sorted already.
            out.aux.sort_by_key(|aux| aux.stamp);
        }
    }

    #[inline]
    fn line<'t>(&self, line: &'t [u8], recent: &mut Recent<'t>, out: &mut Scanned) {
        match front(line) {
            Some(front) => self.record(&front, recent, out),
            None => {
                recent.take_run();
                self.rewrite(line, out);
            }
        }
    }

    /// A line in another form.
    fn rewrite(&self, line: &[u8], out: &mut Scanned) {
        let mut rewritten = Vec::new();
        match wrapped::rewrite(line, &self.clock, &mut rewritten) {
            Wrapped::Audit => match front(&rewritten) {
                Some(front) => self.record(&front, &mut Recent::default(), out),
                None => out.tally.malformed += 1,
            },
            Wrapped::Other => out.tally.other += 1,
            Wrapped::Unknown => out.tally.malformed += 1,
        }
    }

    #[inline]
    fn record<'t>(&self, front: &Front<'t>, recent: &mut Recent<'t>, out: &mut Scanned) {
        let aux = matches!(front.kind, Kind::Aux(_));
        if !front.kind.matters() || aux && !self.wants.details {
            out.tally.other += 1;
            return;
        }
        let Some(line) = front.line() else {
            out.tally.malformed += 1;
            return;
        };
        let what = match line.kind {
            Kind::Virt(kind) => {
                self.virt(kind, &line, recent, out);
                return;
            }
            Kind::Aux(kind) => {
                out.tally.other += 1;
                let node = line.node.map(|node| out.keep(node));
                let (body, names) = (out.keep(line.body), out.keep(line.names));
                out.aux.push(AuxFact { stamp: line.stamp, kind, node, body, names });
                return;
            }
            Kind::Avc if self.wants.details => What::Avc(out.keep(line.body), out.keep(line.names)),
            Kind::Anomaly(number) if self.wants.details => {
                let name = out.keep(front.name);
                What::Anomaly(number, name, out.keep(line.body), out.keep(line.names))
            }
            Kind::Boot => What::Boot,
            Kind::Kernel if is_initialized(line.body) => What::Boot,
            Kind::Shutdown => What::Down,
            Kind::RunLevel if goes_down(line.body) => What::Down,
            _ => {
                out.tally.other += 1;
                return;
            }
        };
        recent.take_run();
        out.tally.used += 1;
        let node = line.node.map(|node| out.keep(node));
        out.facts.push(Fact { stamp: line.stamp, node, what });
    }

    #[inline]
    fn virt<'t>(
        &self,
        kind: RecordType,
        line: &Line<'t>,
        recent: &mut Recent<'t>,
        out: &mut Scanned,
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
        out.tally.used += 1;
        if goes_on && virt.op == Op::Start {
            // That the guest was there says its start too, and it is the same session.
            out.facts.pop();
        }
        let spans = out.keep_virt(&virt, body, line.names);
        let shown = self.wants.details || control && virt.op != Op::Init || failed;
        let what = if shown { What::Virt(spans) } else { What::Seen(spans) };
        let node = line.node.map(|node| out.keep(node));
        out.facts.push(Fact { stamp: line.stamp, node, what });
    }
}

fn is_initialized(body: &[u8]) -> bool {
    body.starts_with(b"state=initialized")
}

/// Run level 0 halts, 6 reboots.
fn goes_down(body: &[u8]) -> bool {
    memchr::memmem::find(body, b"new-level=")
        .and_then(|at| body.get(at + b"new-level=".len()))
        .is_some_and(|level| matches!(level, b'0' | b'6'))
}
