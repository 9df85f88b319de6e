//! The records that were found in a block: small entries, with their texts in one buffer.

use crate::events::{LineCounts, define_id};
use crate::input::blocks::BlockOutput;
use crate::line::{
    AuxKind, Defect, Line, LineKind, Op, Remarks, Sign, Stamp, VirtLine, other_program, quoted,
};
use crate::serials::Stretch;
use std::collections::BTreeMap;
use viraudit::Uuid;

/// The place of a text in the buffer of a [`Found`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    at: u32,
    len: u32,
}

define_id!(
    /// A [`Sender`] of the records in a block.
    SenderId
);

/// A record that a report uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundRecord {
    pub(crate) stamp: Stamp,
    pub(crate) sender: SenderId,
    pub(crate) content: RecordContent,
}

/// The content of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RecordContent {
    /// A VIRT_* record; of a run that is not shown, the last one.
    Virt(VirtSpans),
    /// A denial: its fields and the interpreted ones.
    Avc { body: Span, names: Span },
    /// An anomaly: its type and the name of it, its fields and the interpreted ones.
    Anomaly { number: u16, name: Span, body: Span, names: Span },
    /// The host goes down.
    Down,
    /// The host has started.
    Boot,
}

/// A copy of a [`VirtLine`], with spans for its texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VirtSpans {
    /// Whether the record itself is shown. If not, it only shows that the guest is present.
    pub(crate) shown: bool,
    pub(crate) op: Op,
    /// `op=` or `resrc=`
    pub(crate) what: Span,
    /// `virt=`
    pub(crate) virt: Span,
    /// `vm=`
    pub(crate) vm: Span,
    /// `uuid=`
    pub(crate) uuid: Uuid,
    /// `reason=`
    pub(crate) reason: Span,
    /// The other fields.
    pub(crate) tail: Span,
    /// `res=success`
    pub(crate) success: bool,
    /// `vm-pid=`
    pub(crate) pid: Option<i64>,
    pub(crate) sign: Sign,
}

/// The sender of records. Nearly all records of a log have the same one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sender {
    /// The host; `None` if the line has none.
    pub(crate) node: Option<Span>,
    /// `uid=`
    pub(crate) uid: Option<u32>,
    /// `auid=`
    pub(crate) auid: Option<u32>,
    /// The interpreted fields.
    pub(crate) names: Span,
    /// The client's fields.
    pub(crate) client: Span,
}

/// An auxiliary record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuxRecord {
    /// The event that it belongs to.
    pub(crate) stamp: Stamp,
    pub(crate) kind: AuxKind,
    /// The host.
    pub(crate) node: Option<Span>,
    /// The fields.
    pub(crate) body: Span,
    /// The interpreted fields.
    pub(crate) names: Span,
}

/// The place of a host's name; `None` if the line has none.
type HostSpan = Option<Span>;

/// The records that were found in some lines.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The records, in the order of their lines.
    pub(crate) records: Vec<FoundRecord>,
    /// The auxiliary records, sorted by stamp.
    pub(crate) aux: Vec<AuxRecord>,
    pub(crate) line_counts: LineCounts,
    /// Remarks about lines in other formats.
    pub(crate) remarks: Remarks,
    /// Other programs than libvirt, with the number of their records that are about no guest.
    pub(crate) programs: BTreeMap<Vec<u8>, u64>,
    /// The last line that belongs to a message of libvirt's own log.
    pub(super) message_line: u64,
    /// The serial numbers of each host.
    stretches: Vec<(HostSpan, Stretch)>,
    /// By host, its last entry in `stretches`. The first host is the one of the last line.
    hosts: Vec<(HostSpan, usize)>,
    senders: Vec<Sender>,
    texts: Vec<u8>,
}

impl BlockOutput for Found {
    fn skip_line(&mut self) {
        self.line_counts.lines += 1;
        self.line_counts.malformed += 1;
    }

    fn clear(&mut self) {
        self.records.clear();
        self.aux.clear();
        self.programs.clear();
        self.message_line = 0;
        self.senders.clear();
        self.stretches.clear();
        self.hosts.clear();
        self.line_counts = LineCounts::default();
        self.remarks.clear();
        self.texts.clear();
    }

    /// The next block may have auxiliary records.
    fn needs_next(&self) -> bool {
        use RecordContent::{Anomaly, Avc};
        self.records.iter().any(|record| matches!(record.content, Avc { .. } | Anomaly { .. }))
    }
}

impl Found {
    /// Counts an unusable record. Those that other programs than libvirt write about no guest are
    /// whole.
    #[cold]
    pub(super) fn unusable(&mut self, defect: Defect, record: &[u8]) {
        match defect {
            Defect::Cut => self.line_counts.cut += 1,
            Defect::Malformed(_) => match quoted(record).ok().and_then(|it| other_program(it.text))
            {
                Some(program) => {
                    self.line_counts.other += 1;
                    *self.programs.entry(program.into_owned()).or_default() += 1;
                }
                None => self.line_counts.malformed += 1,
            },
        }
    }

    /// Counts a record that only repeats the last one.
    #[inline]
    pub(super) fn repeat_last(&mut self, stamp: Stamp) {
        self.line_counts.used += 1;
        if let Some(last) = self.records.last_mut() {
            last.stamp = last.stamp.max(stamp);
        }
    }

    /// Adds the serial number of a line.
    #[inline(always)] // as Stretch::extend is, so that what is known of the kind counts
    pub(super) fn number(
        &mut self,
        node: Option<&[u8]>,
        stamp: Stamp,
        kind: LineKind,
        native: bool,
    ) {
        if let Some(&(host, last)) = self.hosts.first()
            && host.map(|host| self.text(host)) == node
            && self.stretches[last].1.extend(stamp, kind, native)
        {
            return;
        }
        self.number_of_new(node, stamp, kind, native);
    }

    /// Adds a serial number that doesn't follow the one of the line before.
    #[cold]
    fn number_of_new(&mut self, node: Option<&[u8]>, stamp: Stamp, kind: LineKind, native: bool) {
        if stamp.serial == 0 {
            return;
        }
        let is_it = |&(host, _): &(HostSpan, usize)| host.map(|host| self.text(host)) == node;
        match self.hosts.iter().position(is_it) {
            Some(at) => {
                self.hosts.swap(0, at);
                let last = self.hosts[0].1;
                if at > 0 && self.stretches[last].1.extend(stamp, kind, native) {
                    return;
                }
            }
            None => {
                let host = node.map(|node| self.keep(node));
                self.hosts.push((host, 0));
                let last = self.hosts.len() - 1;
                self.hosts.swap(0, last);
            }
        }
        let (host, last) = &mut self.hosts[0];
        *last = self.stretches.len();
        let records = self.records.len() as u64;
        self.stretches.push((*host, Stretch::new(records, stamp, kind, native)));
    }

    /// The serial numbers of each host, with the number of records before them instead of a line.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (Option<&[u8]>, &Stretch)> {
        let text = |host: HostSpan| host.map(|host| self.text(host));
        self.stretches.iter().map(move |(host, stretch)| (text(*host), stretch))
    }

    /// The text at `span`.
    pub(crate) fn text(&self, span: Span) -> &[u8] {
        self.texts
            .get(span.at as usize..)
            .and_then(|text| text.get(..span.len as usize))
            .unwrap_or_default()
    }

    /// Copies a text to the buffer.
    pub(super) fn keep(&mut self, text: &[u8]) -> Span {
        if text.is_empty() {
            return Span::default();
        }
        let span = Span { at: self.texts.len() as u32, len: text.len() as u32 };
        self.texts.extend_from_slice(text);
        span
    }

    /// Adds an auxiliary record.
    pub(super) fn push_aux(&mut self, kind: AuxKind, line: &Line<'_>) {
        let node = line.node.map(|node| self.keep(node));
        let (body, names) = (self.keep(line.body), self.keep(line.names));
        self.aux.push(AuxRecord { stamp: line.stamp, kind, node, body, names });
    }

    /// The sender of a record.
    pub(crate) fn sender_of(&self, record: &FoundRecord) -> Sender {
        self.senders.get(record.sender.index()).copied().unwrap_or_default()
    }

    /// The host of a record.
    pub(crate) fn node_of(&self, record: &FoundRecord) -> Option<&[u8]> {
        self.sender_of(record).node.map(|node| self.text(node))
    }

    /// The auxiliary records of an event.
    pub(crate) fn aux_of<'f>(
        &'f self,
        stamp: Stamp,
        node: Option<&'f [u8]>,
    ) -> impl Iterator<Item = &'f AuxRecord> {
        let from = self.aux.partition_point(|aux| aux.stamp < stamp);
        let of_stamp = self.aux[from..].iter().take_while(move |aux| aux.stamp == stamp);
        of_stamp.filter(move |aux| aux.node.map(|node| self.text(node)) == node)
    }

    /// The id of a sender, which is added unless it is the last one.
    #[inline]
    pub(super) fn sender(
        &mut self,
        node: Option<&[u8]>,
        uid: Option<u32>,
        auid: Option<u32>,
        names: &[u8],
        client: &[u8],
    ) -> SenderId {
        let is_it = |last: &Sender| {
            (last.uid, last.auid) == (uid, auid)
                && last.node.map(|node| self.text(node)) == node
                // Comparing two empty texts is slow for what it does.
                && (last.names.len == 0 && names.is_empty() || self.text(last.names) == names)
                && (last.client.len == 0 && client.is_empty() || self.text(last.client) == client)
        };
        if !self.senders.last().is_some_and(is_it) {
            let node = node.map(|node| self.keep(node));
            let (names, client) = (self.keep(names), self.keep(client));
            self.senders.push(Sender { node, uid, auid, names, client });
        }
        SenderId::new(self.senders.len() - 1)
    }

    /// Adds a VIRT_* record. Its parts must be slices of `body`.
    // Inlined and built in place: avoids a store-forwarding stall.
    #[inline(always)]
    pub(super) fn push_virt(
        &mut self,
        line: &Line<'_>,
        virt: &VirtLine<'_>,
        body: &[u8],
        shown: bool,
        sign: Sign,
    ) {
        let sender = self.sender(line.node, virt.uid, virt.auid, line.names, virt.client);
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
        let spans = VirtSpans { shown, op, what, virt, vm, uuid, reason, tail, success, pid, sign };
        let content = RecordContent::Virt(spans);
        self.records.push(FoundRecord { stamp: line.stamp, sender, content });
    }
}
