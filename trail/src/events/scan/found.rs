//! What is kept of lines that matter: small entries, and their texts side by side in one buffer.

use crate::events::LineCounts;
use crate::input::blocks::BlockOutput;
use crate::line::{Aux, Defect, Line, Op, Stamp, VirtLine};
use viraudit::Uuid;

/// Where a text stands in what was kept of the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    at: u32,
    len: u32,
}

/// A record that matters.
#[derive(Clone, Copy, Debug)]
pub struct FoundRecord {
    /// When.
    pub stamp: Stamp,
    /// The number of who wrote it.
    pub sender: u32,
    /// What it says.
    pub what: RecordContent,
}

/// What a record says.
#[derive(Clone, Copy, Debug)]
pub enum RecordContent {
    /// A VIRT_* record; where it isn't shown, the last of several in a row.
    Virt(VirtSpans),
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
    /// Whether it is shown, and not only that the guest was there.
    pub shown: bool,
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
    /// `res=success`
    pub success: bool,
    /// `vm-pid=`
    pub pid: Option<i64>,
}

/// Who wrote records. Nearly all of a log are of one daemon's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sender {
    /// The host; `None` where the line doesn't tell.
    pub node: Option<Span>,
    /// `uid=`
    pub uid: Option<u32>,
    /// `auid=`
    pub auid: Option<u32>,
    /// The interpreted fields.
    pub names: Span,
}

/// A record that tells more about another one of its event.
#[derive(Clone, Copy, Debug)]
pub struct AuxRecord {
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
pub struct Found {
    /// What matters, in the lines' order.
    pub facts: Vec<FoundRecord>,
    /// What may belong to one of them, sorted by stamp.
    pub aux: Vec<AuxRecord>,
    /// What became of the lines.
    pub line_counts: LineCounts,
    senders: Vec<Sender>,
    /// The texts of all these.
    texts: Vec<u8>,
}

impl BlockOutput for Found {
    fn clear(&mut self) {
        self.facts.clear();
        self.aux.clear();
        self.senders.clear();
        self.line_counts = LineCounts::default();
        self.texts.clear();
    }

    fn goes_on(&self) -> bool {
        self.facts
            .iter()
            .any(|fact| matches!(fact.what, RecordContent::Avc(..) | RecordContent::Anomaly(..)))
    }
}

impl Found {
    /// Counts a record that can't be used.
    pub(super) fn unusable(&mut self, defect: Defect) {
        match defect {
            Defect::Cut => self.line_counts.cut += 1,
            Defect::Malformed(_) => self.line_counts.malformed += 1,
        }
    }

    /// The last fact is seen once more.
    #[inline]
    pub(super) fn add_to_last(&mut self, stamp: Stamp) {
        self.line_counts.used += 1;
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
    pub(super) fn keep(&mut self, text: &[u8]) -> Span {
        if text.is_empty() {
            return Span::default();
        }
        let span = Span { at: self.texts.len() as u32, len: text.len() as u32 };
        self.texts.extend_from_slice(text);
        span
    }

    /// Who wrote a fact.
    pub fn sender_of(&self, fact: &FoundRecord) -> Sender {
        self.senders.get(fact.sender as usize).copied().unwrap_or_default()
    }

    /// The number of who writes this.
    #[inline]
    pub(super) fn sender(
        &mut self,
        node: Option<&[u8]>,
        uid: Option<u32>,
        auid: Option<u32>,
        names: &[u8],
    ) -> u32 {
        let is_it = |last: &Sender| {
            (last.uid, last.auid) == (uid, auid)
                && last.node.map(|node| self.text(node)) == node
                // A comparison of nothing, at no place, is surprisingly slow.
                && (last.names.len == 0 && names.is_empty() || self.text(last.names) == names)
        };
        if !self.senders.last().is_some_and(is_it) {
            let node = node.map(|node| self.keep(node));
            let names = self.keep(names);
            self.senders.push(Sender { node, uid, auid, names });
        }
        self.senders.len() as u32 - 1
    }

    /// Adds a record, whose parts were cut out of `body`. It is put together at its place: a
    /// processor waits where what was just written field by field is copied as a whole.
    #[inline(always)]
    pub(super) fn push_virt(
        &mut self,
        line: &Line<'_>,
        virt: &VirtLine<'_>,
        body: &[u8],
        shown: bool,
    ) {
        let sender = self.sender(line.node, virt.uid, virt.auid, line.names);
        let kept = self.keep(body);
        let of = |part: &[u8]| match part {
            [] => Span::default(),
            part => {
                let at = part.as_ptr().addr() - body.as_ptr().addr();
                Span { at: kept.at + at as u32, len: part.len() as u32 }
            }
        };
        let (what, vm, reason, tail) = (of(virt.what), of(virt.vm), of(virt.reason), of(virt.tail));
        let VirtLine { op, uuid, success, pid, .. } = *virt;
        let virt = of(virt.virt);
        let fact = VirtSpans { shown, op, what, virt, vm, uuid, reason, tail, success, pid };
        self.facts.push(FoundRecord { stamp: line.stamp, sender, what: RecordContent::Virt(fact) });
    }
}
