//! The counts of `--summary`, for all formats.

use viraudit_trail::report::Summary;
use viraudit_trail::session::State;

/// The counts by their keys, but for those of the states.
pub(super) fn counts(sum: &Summary) -> [(&'static str, u64); 8] {
    [
        ("guests", sum.guests),
        ("sessions", sum.sessions),
        ("starts", sum.starts),
        ("stops", sum.stops),
        ("resources", sum.resources),
        ("avcs", sum.avcs),
        ("anomalies", sum.anomalies),
        ("failed_operations", sum.failed),
    ]
}

/// The number of sessions in each state.
pub(super) fn states(sum: &Summary) -> impl Iterator<Item = (&'static str, u64)> {
    State::ALL.iter().map(|state| state.name()).zip(sum.states)
}
