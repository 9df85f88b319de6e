//! Records out of pieces of a stream: lines, or auditd's binary format.

use super::frames::{Frames, begins_frame};
use super::lines::Lines;

/// Cuts a stream that arrives in pieces into lines. Its first bytes show its format.
#[derive(Debug)]
pub(super) enum Records {
    /// So few bytes came that both formats are possible.
    Unknown(Vec<u8>),
    Lines(Lines),
    Frames(Frames),
}

impl Default for Records {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl Records {
    pub(super) fn push(&mut self, piece: &[u8]) {
        match self {
            Self::Lines(lines) => lines.push(piece),
            Self::Frames(frames) => frames.push(piece),
            Self::Unknown(bytes) => {
                bytes.extend_from_slice(piece);
                let begin = std::mem::take(bytes);
                *self = match begins_frame(&begin) {
                    None => return *self = Self::Unknown(begin),
                    Some(true) => Self::Frames(Frames::default()),
                    Some(false) => Self::Lines(Lines::default()),
                };
                self.push(&begin);
            }
        }
    }

    /// Ends the last line where no line feed will.
    pub(super) fn finish(&mut self) {
        if let Self::Lines(lines) = self {
            lines.finish();
        }
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        match self {
            Self::Unknown(_) => None,
            Self::Lines(lines) => lines.pop(),
            Self::Frames(frames) => frames.pop(),
        }
    }
}
