//! Which events are looked at at all.

use super::args::Options;
use super::event::Event;

/// Whether an event is within the times asked for, and of the guest asked for.
///
/// An event that names no guest passes. The UUID is searched after the name, and not at all when
/// the name was searched in vain.
pub(super) fn passes(options: &Options, event: &mut Event<'_>) -> bool {
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
