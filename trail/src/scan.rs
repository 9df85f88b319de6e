//! What of a block's lines matters, found without allocating for those that don't.

use crate::blocks::Found;
use crate::line::wrapped::{self, Wrapped};
use crate::line::{Aux, Defect, Front, Kind, Line, Op, Stamp, VirtLine, front, without_cr};
use crate::line::{Frame, guest_only};
use crate::tally::Tally;
use crate::time::Clock;
use memchr::memmem::Finder;
use viraudit::{RecordType, Uuid};

/// What a report needs to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Every event of a session, not only its start and stop.
    pub details: bool,
    /// Operations that failed, even without the other details.
    pub failed: bool,
}

/// Where a text stands: in the block, or in what was rewritten of its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    at: u32,
    len: u32,
}

/// The bit of a place that means the rewritten text.
const REWRITTEN: u32 = 1 << 31;

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

/// What a block holds.
#[derive(Debug, Default)]
pub struct Scanned {
    /// What matters, in the lines' order.
    pub facts: Vec<Fact>,
    /// What may belong to one of them, sorted by stamp.
    pub aux: Vec<AuxFact>,
    /// What became of the lines.
    pub tally: Tally,
    rewritten: Vec<u8>,
}

impl Found for Scanned {
    fn clear(&mut self) {
        self.facts.clear();
        self.aux.clear();
        self.tally = Tally::default();
        self.rewritten.clear();
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

    /// The text that stands at `span`, of the block with these lines.
    pub fn text<'b>(&'b self, block: &'b [u8], span: Span) -> &'b [u8] {
        let from = (span.at & !REWRITTEN) as usize;
        let source = if span.at & REWRITTEN == 0 { block } else { &self.rewritten };
        source.get(from..from + span.len as usize).unwrap_or_default()
    }
}

/// Looks at blocks.
#[derive(Debug)]
pub struct Scanner {
    wants: Wants,
    clock: Clock,
    uuid: Finder<'static>,
}

/// Turns texts into places.
#[derive(Clone, Copy)]
struct Places<'t> {
    base: &'t [u8],
    offset: u32,
}

impl Places<'_> {
    fn of(self, part: &[u8]) -> Span {
        if part.is_empty() {
            return Span::default();
        }
        // Parts are always cut out of the base.
        let at = part.as_ptr().addr() - self.base.as_ptr().addr();
        Span { at: at as u32 | self.offset, len: part.len() as u32 }
    }

    fn virt(self, line: &VirtLine<'_>, names: &[u8]) -> VirtSpans {
        let VirtLine { op, uuid, success, uid, auid, pid, .. } = *line;
        VirtSpans {
            op,
            what: self.of(line.what),
            virt: self.of(line.virt),
            vm: self.of(line.vm),
            uuid,
            reason: self.of(line.reason),
            tail: self.of(line.tail),
            names: self.of(names),
            success,
            uid,
            auid,
            pid,
        }
    }
}

/// What is remembered of the lines before.
#[derive(Default)]
struct Recent<'t> {
    frame: Frame<'t>,
    run: Option<Run<'t>>,
}

/// The last record about a guest that isn't shown, to which the next one may be added.
#[derive(PartialEq)]
struct Run<'t> {
    node: Option<&'t [u8]>,
    guest: &'t [u8],
    uid: Option<u32>,
    auid: Option<u32>,
}

impl Scanner {
    /// A scanner for a report that wants this.
    pub fn new(wants: Wants, clock: Clock) -> Self {
        Self { wants, clock, uuid: Finder::new(b" uuid=") }
    }

    /// Looks at each line of a block.
    pub fn scan(&self, text: &[u8], out: &mut Scanned) {
        let places = Places { base: text, offset: 0 };
        let mut from = 0;
        let mut recent = Recent::default();
        let mut foreign = Vec::new();
        let mut line = |line, out: &mut Scanned| {
            let line = without_cr(line);
            match front(line) {
                Some(front) => self.record(&front, places, &mut recent, out),
                None => {
                    recent.run = None;
                    foreign.push((out.facts.len(), places.of(line)));
                }
            }
        };
        for end in memchr::memchr_iter(b'\n', text) {
            line(&text[from..end], out);
            out.tally.lines += 1;
            from = end + 1;
        }
        if from < text.len() {
            line(&text[from..], out);
            out.tally.lines += 1;
        }
        if !foreign.is_empty() {
            self.rewrite(text, &foreign, out);
        }
        if self.wants.details {
            // Nearly sorted already.
            out.aux.sort_by_key(|aux| aux.stamp);
        }
    }

    /// Lines in other forms; each is remembered with the number of facts before it.
    fn rewrite(&self, text: &[u8], foreign: &[(usize, Span)], out: &mut Scanned) {
        let mut rewritten = Vec::new();
        let mut lines = Vec::new();
        for (before, span) in foreign {
            let from = rewritten.len();
            let line = &text[span.at as usize..][..span.len as usize];
            match wrapped::rewrite(line, &self.clock, &mut rewritten) {
                Wrapped::Audit => lines.push((*before, from..rewritten.len())),
                Wrapped::Other => out.tally.other += 1,
                Wrapped::Unknown => out.tally.malformed += 1,
            }
        }
        let places = Places { base: &rewritten, offset: REWRITTEN };
        let plain = std::mem::take(&mut out.facts);
        let mut plain = plain.into_iter();
        let mut taken = 0;
        for (before, range) in lines {
            out.facts.extend(plain.by_ref().take(before - taken));
            taken = before;
            match front(&rewritten[range]) {
                Some(front) => self.record(&front, places, &mut Recent::default(), out),
                None => out.tally.malformed += 1,
            }
        }
        out.facts.extend(plain);
        out.rewritten = rewritten;
    }

    #[inline]
    fn record<'t>(
        &self,
        front: &Front<'t>,
        places: Places<'_>,
        recent: &mut Recent<'t>,
        out: &mut Scanned,
    ) {
        let aux = matches!(front.kind, Kind::Aux(_));
        if !front.kind.matters() || aux && !self.wants.details {
            out.tally.other += 1;
            return;
        }
        let Some(line) = front.line() else {
            out.tally.malformed += 1;
            return;
        };
        let node = line.node.map(|node| places.of(node));
        let mut fact = |what| out.facts.push(Fact { stamp: line.stamp, node, what });
        match line.kind {
            Kind::Virt(kind) => {
                self.virt(kind, &line, places, recent, out);
                return;
            }
            Kind::Aux(kind) => {
                out.tally.other += 1;
                let (body, names) = (places.of(line.body), places.of(line.names));
                out.aux.push(AuxFact { stamp: line.stamp, kind, node, body, names });
                return;
            }
            Kind::Avc if self.wants.details => {
                fact(What::Avc(places.of(line.body), places.of(line.names)));
            }
            Kind::Anomaly(number) if self.wants.details => {
                let (body, names) = (places.of(line.body), places.of(line.names));
                fact(What::Anomaly(number, places.of(front.name), body, names));
            }
            Kind::Boot => fact(What::Boot),
            Kind::Kernel if is_initialized(line.body) => fact(What::Boot),
            Kind::Shutdown => fact(What::Down),
            Kind::RunLevel if goes_down(line.body) => fact(What::Down),
            _ => {
                out.tally.other += 1;
                return;
            }
        }
        recent.run = None;
        out.tally.used += 1;
    }

    #[inline]
    fn virt<'t>(
        &self,
        kind: RecordType,
        line: &Line<'t>,
        places: Places<'_>,
        recent: &mut Recent<'t>,
        out: &mut Scanned,
    ) {
        let before = recent.run.take();
        let body = match recent.frame.next(line.body) {
            Ok(body) => body,
            Err(defect) => return out.unusable(defect),
        };
        let frame = &recent.frame;
        let control = kind == RecordType::VirtControl;
        let failed = self.wants.failed && !frame.success;
        let run = || {
            let guest = guest_only(&self.uuid, body).filter(|_| frame.usual)?;
            Some(Run { node: line.node, guest, uid: frame.uid, auid: frame.auid })
        };
        // Most records only tell that the guest was there: it is enough to know which.
        if !self.wants.details && !failed && !control {
            recent.run = run();
            if recent.run.is_some()
                && recent.run == before
                && let Some(last) = out.facts.last_mut()
            {
                last.stamp = last.stamp.max(line.stamp);
                out.tally.used += 1;
                return;
            }
        }
        let virt = match VirtLine::of_body(kind, frame, body) {
            Ok(virt) => virt,
            Err(defect) => {
                recent.run = None;
                return out.unusable(defect);
            }
        };
        out.tally.used += 1;
        let spans = places.virt(&virt, line.names);
        let shown = self.wants.details || control && virt.op != Op::Init || failed;
        if !shown && control {
            recent.run = run();
        }
        let what = if shown { What::Virt(spans) } else { What::Seen(spans) };
        let node = line.node.map(|node| places.of(node));
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
