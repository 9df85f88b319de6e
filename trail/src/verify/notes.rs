//! Notes: what is worth knowing about whole records, without being damage. Each is reported once, with
//! the number of its records.

use super::{Note, Place};
use std::collections::BTreeMap;

/// What a note is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// Interpreted fields without their separator.
    Separator,
    /// Records in the format of an old libvirt or libaudit.
    Old,
    /// Records of this program, which is not libvirt's, about no guest.
    NoGuest(Vec<u8>),
    /// Records of this program about guests, with other fields or another order than libvirt's.
    OtherFields(Vec<u8>),
}

impl Topic {
    /// Whether one note is enough for all logs.
    fn is_global(&self) -> bool {
        match self {
            Self::Separator | Self::Old => false,
            Self::NoGuest(_) | Self::OtherFields(_) => true,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Separator => {
                "interpreted fields (UID=, AUID=, ...) do not follow the byte 0x1D, which another \
                 program replaced or dropped"
                    .into()
            }
            Self::Old => {
                "the format is that of libvirt before 0.10 or of an old libaudit: fields that \
                          came later are not expected"
                    .into()
            }
            Self::NoGuest(program) => {
                format!("{} is not libvirt, and its records are about no guest", shown(program))
            }
            Self::OtherFields(program) => format!(
                "{} is not libvirt, and its records have other fields or another order",
                shown(program)
            ),
        }
    }
}

fn shown(program: &[u8]) -> String {
    program.escape_ascii().to_string()
}

/// The notes of a block, with the line of the first record and the number of records.
pub(super) type BlockNotes = BTreeMap<Topic, (u64, u64)>;

/// Counts a record of a block.
pub(super) fn add(notes: &mut BlockNotes, topic: Topic, line: u64) {
    notes.entry(topic).or_insert((line, 0)).1 += 1;
}

/// The notes of all logs.
#[derive(Debug, Default)]
pub(super) struct Notes {
    all: BTreeMap<(Option<usize>, Topic), (Place, u64)>,
}

impl Notes {
    /// Adds the notes of a block, before which its log has this number of lines.
    pub(super) fn add(&mut self, source: usize, before: u64, notes: &BlockNotes) {
        for (topic, (line, records)) in notes {
            let scope = Some(source).filter(|_| !topic.is_global());
            let place = (source, before + line);
            self.all.entry((scope, topic.clone())).or_insert((place, 0)).1 += records;
        }
    }

    /// The notes, by the place of their first record.
    pub(super) fn finish(self) -> Vec<Note> {
        let note = |((_, topic), ((source, line), records)): ((_, Topic), _)| Note {
            source,
            line,
            message: topic.message(),
            records,
        };
        let mut all: Vec<Note> = self.all.into_iter().map(note).collect();
        all.sort_by_key(|note| (note.source, note.line));
        all
    }
}
