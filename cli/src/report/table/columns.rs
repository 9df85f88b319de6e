//! The columns of the table: which are shown, and how wide.

const HEADERS: [&str; 10] =
    ["VM", "HOST", "USER", "START", "END", "DURATION", "STATE", "REASON", "TOGETHER", "PROOF"];

pub(super) const VM: usize = 0;
pub(super) const HOST: usize = 1;
pub(super) const USER: usize = 2;
pub(super) const START: usize = 3;
pub(super) const END: usize = 4;
pub(super) const DURATION: usize = 5;
pub(super) const STATE: usize = 6;
pub(super) const REASON: usize = 7;
pub(super) const TOGETHER: usize = 8;
pub(super) const PROOF: usize = 9;

/// The minimum width of a name that is cut.
const NAME_MIN: usize = 12;

/// The blanks between columns.
pub(super) const GAP: usize = 2;

/// The layout of rows.
#[derive(Clone, PartialEq)]
pub(crate) struct Columns {
    pub(super) colour: bool,
    /// The width of the terminal. Rows are cut there, and widths are final. Without it, each column
    /// grows with its content.
    pub(super) room: Option<usize>,
    shown: [bool; 10],
    widths: [usize; 10],
}

impl Columns {
    pub(crate) fn new(proof: bool, colour: bool) -> Self {
        let mut shown = [true; 10];
        // Shown once a session has a host.
        shown[HOST] = false;
        // Shown once a session has it.
        shown[TOGETHER] = false;
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

    /// The width of a column, for a text of this width.
    pub(super) fn room_for(&mut self, column: usize, width: usize) -> usize {
        if self.room.is_none() {
            self.widths[column] = self.widths[column].max(width);
        }
        self.widths[column]
    }

    /// Widens the columns to those of `other`.
    pub(super) fn widen(&mut self, other: &Self) {
        for column in 0..HEADERS.len() {
            self.shown[column] |= other.shown[column];
            self.widths[column] = self.widths[column].max(other.widths[column]);
        }
    }

    /// The width of a row.
    fn row(&self) -> usize {
        let shown = (0..HEADERS.len()).filter(|&column| self.shown[column]);
        shown.map(|column| self.widths[column] + GAP).sum::<usize>() - GAP
    }

    /// Narrows the name columns if the terminal is too narrow.
    pub(super) fn fit(&mut self, room: usize) {
        for column in [VM, HOST] {
            let over = self.row().saturating_sub(room);
            let least = NAME_MIN.min(self.widths[column]);
            self.widths[column] = self.widths[column].saturating_sub(over).max(least);
        }
        self.room = Some(room);
    }
}
