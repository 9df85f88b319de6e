//! The state of a session in the table and in CSV.

use viraudit_trail::report::SessionView;
use viraudit_trail::session::State;

/// The state, with a question mark if the session may have ended where records are missing.
pub(super) fn state(session: &SessionView<'_>) -> &'static str {
    match session.state {
        State::Running if session.gap => "running?",
        State::Lost if session.gap => "lost?",
        State::Down if session.gap => "down?",
        state => state.name(),
    }
}
