//! Differences between logs and their chain.

/// The kind of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// An entry of the chain is malformed, missing or out of place.
    Chain,
    /// An entry was not signed with the key.
    Signature,
    /// A sealed range is not what was sealed.
    Changed,
    /// A sealed range, or the whole log, is missing.
    Missing,
}

impl ProblemKind {
    /// The name in every format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Signature => "signature",
            Self::Changed => "changed",
            Self::Missing => "missing",
        }
    }
}

/// A difference between logs and their chain, or a fault of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The kind.
    pub kind: ProblemKind,
    /// The number of the entry; in a damaged chain, the line.
    pub entry: Option<u64>,
    /// The log; `None` for a problem of the chain itself.
    pub file: Option<String>,
    /// The offset and the length of the range.
    pub range: Option<(u64, u64)>,
    /// The description.
    pub message: String,
}
