//! The check of a block of lines, one by one.

use super::duplicates::BlockStamps;
use super::notes::{self, BlockNotes, Topic};
use super::record::Checked;
use super::shapes::Shapes;
use super::{Damage, Finding, record};
use crate::input::blocks::{BlockOutput, LINE_MAX};
use crate::line::foreign::{ForeignLine, ForeignReader, continues_message, is_interpreted};
use crate::line::{
    AuxKind, Front, LineKind, Reason, Remarks, Stamp, StampReader, front, names, without_cr,
};
use crate::serials::Stretch;

/// The result of checking a block. Lines are counted from its beginning.
#[derive(Debug, Default)]
pub(super) struct CheckedBlock {
    pub(super) lines: u64,
    pub(super) records: u64,
    pub(super) findings: Vec<Finding>,
    /// Each with its host, if it differs from the one before.
    pub(super) stretches: Vec<(Option<Vec<u8>>, Stretch)>,
    pub(super) stamps: BlockStamps,
    pub(super) notes: BlockNotes,
    /// Remarks about lines in other formats.
    pub(super) remarks: Remarks,
    /// Whether the last line was of libvirt's own log: the next may be the rest of its message.
    in_message: bool,
    /// The host of the last record with a serial number.
    node: Vec<u8>,
    shapes: Shapes,
    reader: StampReader,
}

impl BlockOutput for CheckedBlock {
    fn skip_line(&mut self) {
        self.lines += 1;
        let message = format!("longer than {LINE_MAX} bytes");
        self.find(Damage::Malformed, message, None);
    }

    fn clear(&mut self) {
        self.lines = 0;
        self.records = 0;
        self.findings.clear();
        self.stretches.clear();
        self.stamps.clear();
        self.notes.clear();
        self.remarks.clear();
        self.node.clear();
        self.in_message = false;
    }
}

impl CheckedBlock {
    pub(super) fn check(&mut self, text: &[u8], foreign: &ForeignReader) {
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', text) {
            self.check_line(without_cr(&text[from..end]), foreign);
            from = end + 1;
        }
        if from < text.len() {
            self.check_line(without_cr(&text[from..]), foreign);
        }
    }

    fn check_line(&mut self, line: &[u8], foreign: &ForeignReader) {
        if line.len() > LINE_MAX {
            return self.skip_line();
        }
        self.lines += 1;
        if let Some(front) = front(line) {
            self.in_message = false;
            return self.check_record(&front, true);
        }
        let mut rewritten = Vec::new();
        let mut note = |reason| self.remarks.add(reason, self.lines);
        let read = foreign.rewrite(line, &mut rewritten, &mut note);
        self.in_message = continues_message(self.in_message, line, read);
        match read {
            _ if self.in_message && read != ForeignLine::Audit => {}
            ForeignLine::Other => {}
            ForeignLine::Audit => {
                if let Some(front) = front(&rewritten) {
                    self.check_record(&front, false);
                }
            }
            ForeignLine::Unknown => {
                self.find(Damage::Malformed, "not an audit record".into(), None);
            }
        }
    }

    /// Checks a record. `native` is false for one that was rewritten from another format.
    fn check_record(&mut self, front: &Front<'_>, native: bool) {
        let Some((stamp, body)) = self.reader.read(front.rest) else {
            if is_interpreted(front.rest) {
                return self.remarks.add(Reason::Interpreted, self.lines);
            }
            let message = "the time or the serial number is malformed".into();
            return self.find(Damage::Malformed, message, None);
        };
        let node = front.node.unwrap_or_default();
        // The labels of an event's process have the number of another record, which a filtered log
        // has without them.
        let numbered = stamp.serial > 0 && front.kind != LineKind::Aux(AuxKind::Contexts);
        if numbered {
            self.add_stamp(node, stamp, front.kind, native);
        }
        // Of most records, only the stamp counts: their fields aren't split.
        if !matches!(front.kind, LineKind::Virt(_) | LineKind::UnknownVirt) {
            return;
        }
        let line = front.line(stamp, body);
        // Another program may have stored its own copy of a record in another format.
        if numbered && native {
            self.stamps.add(node, stamp, self.lines, (front.name, line.body));
        }
        self.records += 1;
        match line.kind {
            LineKind::Virt(kind) => {
                if !line.names.is_empty() {
                    self.check_names(front, line.names, line.stamp);
                }
                if self.shapes.accepts(kind, line.body) {
                    return;
                }
                let mut usual = true;
                record::check(kind, &line, &mut |result| {
                    usual = false;
                    match result {
                        Checked::Damage(damage, message) => {
                            self.find(damage, message, Some(line.stamp));
                        }
                        Checked::Note(topic) => {
                            self.records -= u64::from(matches!(topic, Topic::NoGuest(_)));
                            notes::add(&mut self.notes, topic, self.lines);
                        }
                    }
                });
                if usual {
                    self.shapes.learn(kind, line.body);
                }
            }
            LineKind::UnknownVirt => {
                let message = format!("unknown record type: {}", front.name.escape_ascii());
                self.find(Damage::Unknown, message, Some(line.stamp));
            }
            _ => {}
        }
    }

    /// Checks the interpreted fields of a record.
    fn check_names(&mut self, front: &Front<'_>, names: &[u8], stamp: Stamp) {
        let at = names.as_ptr().addr() - front.rest.as_ptr().addr();
        if front.rest[..at].last() != Some(&names::SEPARATOR) {
            notes::add(&mut self.notes, Topic::Separator, self.lines);
        } else if !names::are_pairs(names) {
            if names::are_cut(names) {
                return self.find(Damage::Cut, "the line's end is missing".into(), Some(stamp));
            }
            let message = format!("text after the closing quote: {}", names.escape_ascii());
            self.find(Damage::Forged, message, Some(stamp));
        }
    }

    fn add_stamp(&mut self, node: &[u8], stamp: Stamp, kind: LineKind, native: bool) {
        // The first entry of a block always has its host.
        let differs = self.stretches.is_empty() || self.node != node;
        if !differs
            && let Some((_, last)) = self.stretches.last_mut()
            && last.extend(stamp, kind, native)
        {
            return;
        }
        let node = differs.then(|| node.to_vec());
        if let Some(node) = &node {
            self.node.clone_from(node);
        }
        self.stretches.push((node, Stretch::new(self.lines, stamp, kind, native)));
    }

    /// Adds a finding on the current line.
    fn find(&mut self, damage: Damage, message: String, stamp: Option<Stamp>) {
        self.findings.push(Finding { source: 0, line: self.lines, damage, message, stamp });
    }
}
