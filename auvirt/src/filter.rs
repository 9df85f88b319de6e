//! The events that `--start`, `--end`, `--vm` and `--uuid` select.

use crate::event::Event;
use crate::options::Options;

/// Whether an event is in the range of time, and not of another guest.
///
/// An event that names no guest passes. The UUID is searched for after the name, and never found
/// if there is no name.
pub(crate) fn passes(options: &Options, event: &mut Event<'_>) -> bool {
    let seconds = event.stamp.seconds;
    if (options.start != 0 && seconds < options.start)
        || (options.end != 0 && seconds > options.end)
    {
        return false;
    }
    if let Some(vm) = &options.vm
        && event.find("vm").is_some_and(|found| found.interpreted() != *vm)
    {
        return false;
    }
    if let Some(uuid) = &options.uuid
        && event.find("uuid").is_some_and(|found| found.interpreted() != *uuid)
    {
        return false;
    }
    true
}
