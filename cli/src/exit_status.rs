//! The exit statuses: the same for every subcommand, and listed in `viraudit --help`.

/// The command did what it was asked to do.
pub(crate) const DONE: u8 = 0;

/// `report` and `watch`: nothing was found. `config`: a key isn't set, or `--check` would change it.
/// `expect`: a record did not come.
pub(crate) const NOTHING_FOUND: u8 = 1;

/// `verify`: the log is damaged.
pub(crate) const DAMAGE_FOUND: u8 = 1;

/// Wrong arguments, or malformed input.
pub(crate) const BAD_INPUT: u8 = 2;

/// Not permitted, or an I/O error.
pub(crate) const NOT_DONE: u8 = 3;

/// `expect`: the command that it ran failed.
pub(crate) const COMMAND_FAILED: u8 = 4;
