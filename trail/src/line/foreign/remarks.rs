//! What a reader must know about lines in other formats: those that hold records but aren't read,
//! and those whose time isn't certain.

use std::fmt;

/// The longest name in a note, in bytes: any program may choose one.
const NAME_MAX: usize = 64;

/// The most different notes that are kept apart.
const REMARKS_MAX: usize = 16;

/// The reason for a note.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Records under a syslog tag that is not the audit system's.
    Tag(String),
    /// Records under further tags, when there are too many to name.
    OtherTags,
    /// Records that a program sent under a tag of the audit system.
    Sent(String),
    /// Records of the audit system with another text before them.
    Form,
    /// `ausearch -i` has replaced values by names.
    Interpreted,
    /// Records without a time of day.
    Untimed,
    /// Records in JSON, in a field that isn't read.
    Field,
    /// Records whose text `journalctl -o json` has left out, as it does with long ones.
    LeftOut,
    /// Records from the log of libvirt's own daemon.
    Copied,
    /// Times in a zone that isn't known.
    Zone(String),
}

/// Lines with the same note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The reason.
    pub reason: Reason,
    /// The number of lines.
    pub lines: u64,
    /// The first of them, from 1.
    pub first: u64,
}

impl Reason {
    /// Whether the lines were read all the same.
    pub fn was_read(&self) -> bool {
        matches!(self, Self::Zone(_) | Self::Copied)
    }

    /// Whether this is only worth knowing, and no damage.
    pub fn is_note(&self) -> bool {
        matches!(self, Self::Copied)
    }

    pub(super) fn tag(tag: &[u8]) -> Self {
        Self::Tag(shown(tag))
    }

    pub(super) fn sent(tag: &[u8]) -> Self {
        Self::Sent(shown(tag))
    }

    pub(super) fn zone(name: &[u8]) -> Self {
        Self::Zone(shown(name))
    }
}

fn shown(name: &[u8]) -> String {
    name[..name.len().min(NAME_MAX)].escape_ascii().to_string()
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, lines, .. } = self;
        let (count, one) = (lines, *lines == 1);
        let held = if one {
            "1 line holds an audit record".into()
        } else {
            format!("{count} lines hold audit records")
        };
        let (are, reads) =
            if one { ("1 line is".into(), "it") } else { (format!("{count} lines are"), "them") };
        match reason {
            Reason::Tag(tag) => write!(
                f,
                "{held} under the tag {tag}, which isn't the audit system's: --tag {tag} reads {reads}"
            ),
            Reason::OtherTags => {
                write!(f, "{held} under other tags, which aren't the audit system's")
            }
            Reason::Sent(tag) => write!(
                f,
                "{held} that a program sent under the tag {tag}, not the audit system: --tag {tag} reads {reads}"
            ),
            Reason::Form => write!(f, "{held} in a form that isn't read"),
            Reason::Interpreted => write!(f, "{are} ausearch -i output: use ausearch --raw"),
            Reason::Untimed => write!(f, "{held} without a time of day: use journalctl -o json"),
            Reason::Field => {
                write!(f, "{held} in a field of JSON that isn't read: message, log and MESSAGE are")
            }
            Reason::LeftOut => {
                let lack = if one {
                    "1 line lacks its record's text".into()
                } else {
                    format!("{count} lines lack their records' texts")
                };
                write!(
                    f,
                    "{lack}, which is too long for journalctl -o json: use journalctl --all -o json"
                )
            }
            Reason::Copied => write!(
                f,
                "{are} from libvirt's own log: without serial numbers, records that are missing can't be \
                 found, and the user isn't known"
            ),
            Reason::Zone(zone) => {
                let have = if one {
                    "1 line has its time".into()
                } else {
                    format!("{count} lines have their times")
                };
                write!(
                    f,
                    "{have} in the zone {zone}, which isn't known: read as this host's (TZ sets another)"
                )
            }
        }
    }
}

/// The notes about some lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    list: Vec<Remark>,
}

impl Remarks {
    /// Adds a line.
    pub(crate) fn add(&mut self, reason: Reason, line: u64) {
        self.add_note(Remark { reason, lines: 1, first: line });
    }

    /// Adds the notes about later lines. `before` is the number of lines before those.
    pub(crate) fn append(&mut self, later: &Self, before: u64) {
        for note in &later.list {
            self.add_note(Remark { first: before + note.first, ..note.clone() });
        }
    }

    fn add_note(&mut self, mut note: Remark) {
        // Names are any program's choice, so their number has a limit.
        if self.list.len() >= REMARKS_MAX
            && !self.list.iter().any(|known| known.reason == note.reason)
        {
            note.reason = match note.reason {
                Reason::Tag(_) | Reason::Sent(_) => Reason::OtherTags,
                Reason::Zone(_) => Reason::Zone("of others".into()),
                other => other,
            };
        }
        match self.list.iter_mut().find(|known| known.reason == note.reason) {
            Some(known) => known.lines += note.lines,
            None => self.list.push(note),
        }
    }

    /// Removes all notes.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
    }

    /// The notes, in the order of their first lines.
    pub fn iter(&self) -> impl Iterator<Item = &Remark> {
        self.list.iter()
    }
}
