//! The table's columns: which of them are shown, and how wide.

const HEADERS: [&str; 9] =
    ["VM", "HOST", "USER", "START", "END", "DURATION", "STATE", "REASON", "PROOF"];

pub(super) const VM: usize = 0;
pub(super) const HOST: usize = 1;
pub(super) const USER: usize = 2;
pub(super) const START: usize = 3;
pub(super) const END: usize = 4;
pub(super) const DURATION: usize = 5;
pub(super) const STATE: usize = 6;
pub(super) const REASON: usize = 7;
pub(super) const PROOF: usize = 8;

/// The fewest columns for a name that is cut.
const NAME_MIN: usize = 12;

/// How far apart columns are.
pub(super) const GAP: usize = 2;

/// How rows are drawn.
#[derive(Clone, PartialEq)]
pub(crate) struct Columns {
    pub(super) colour: bool,
    /// The terminal's columns: rows are cut there, and what they need has been measured. Without,
    /// each column grows with what is put there.
    pub(super) room: Option<usize>,
    shown: [bool; 9],
    widths: [usize; 9],
}

impl Columns {
    pub(crate) fn new(proof: bool, colour: bool) -> Self {
        let mut shown = [true; 9];
        // Until a session has one.
        shown[HOST] = false;
        shown[PROOF] = proof;
        Self { colour, room: None, shown, widths: HEADERS.map(str::len) }
    }

    pub(super) fn headers() -> impl Iterator<Item = (usize, &'static str)> {
        HEADERS.into_iter().enumerate()
    }

    pub(super) fn is_shown(&self, column: usize) -> bool {
        self.shown[column]
    }

    pub(super) fn show(&mut self, column: usize) {
        self.shown[column] = true;
    }

    /// The room for a text of this width in a column.
    pub(super) fn room_for(&mut self, column: usize, width: usize) -> usize {
        if self.room.is_none() {
            self.widths[column] = self.widths[column].max(width);
        }
        self.widths[column]
    }

    /// Makes room for what others need, too.
    pub(super) fn widen(&mut self, other: &Self) {
        for column in 0..HEADERS.len() {
            self.shown[column] |= other.shown[column];
            self.widths[column] = self.widths[column].max(other.widths[column]);
        }
    }

    /// How long a row is.
    fn row(&self) -> usize {
        let shown = (0..HEADERS.len()).filter(|&column| self.shown[column]);
        shown.map(|column| self.widths[column] + GAP).sum::<usize>() - GAP
    }

    /// Makes the names shorter where the terminal is too narrow.
    pub(super) fn fit(&mut self, room: usize) {
        for column in [VM, HOST] {
            let over = self.row().saturating_sub(room);
            let least = NAME_MIN.min(self.widths[column]);
            self.widths[column] = self.widths[column].saturating_sub(over).max(least);
        }
        self.room = Some(room);
    }
}
