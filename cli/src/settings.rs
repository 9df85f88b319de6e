//! The files of the daemons' settings.

use crate::console::reason;
use crate::failure::Failure;
use clap::ValueEnum;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, stdin};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use viraudit::config::Config;
use viraudit::internal::config as settings;
use viraudit::internal::config::daemons::{Basis, Daemon, NAMES, default_file, find};

/// Which of the host's daemons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DaemonChoice {
    /// libvirtd
    Libvirtd,
    /// virtqemud
    Virtqemud,
    /// virtlxcd
    Virtlxcd,
    /// Every daemon that is on this host
    All,
}

impl DaemonChoice {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Libvirtd => Some("libvirtd"),
            Self::Virtqemud => Some("virtqemud"),
            Self::Virtlxcd => Some("virtlxcd"),
            Self::All => None,
        }
    }
}

/// A file of settings, and the daemon that reads it, if that is known.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) file: PathBuf,
    pub(crate) daemon: Option<Daemon>,
}

impl Target {
    /// The daemon's name: of the daemon that was found, or from the file's name.
    pub(crate) fn daemon_name(&self) -> Option<&str> {
        let stem = || self.file.file_name()?.to_str()?.strip_suffix(".conf");
        let known = |name: &&str| NAMES.contains(name) || *name == "virtproxyd";
        self.daemon.as_ref().map(|daemon| daemon.name).or_else(|| stem().filter(known))
    }

    /// The file, and the daemon that reads it where that was looked up.
    pub(crate) fn shown(&self) -> String {
        let file = crate::console::shown(&self.file);
        match &self.daemon {
            Some(daemon) => format!("{file} ({})", daemon.name),
            None => file,
        }
    }
}

/// The files of the chosen daemons of the host whose root directory is `root`; without a choice,
/// of all that are there. Without any, libvirtd's.
pub(crate) fn targets(root: &Path, choice: Option<DaemonChoice>) -> Vec<Target> {
    let mut daemons = find(root);
    let name = choice.and_then(DaemonChoice::name);
    if let Some(name) = name {
        daemons.retain(|daemon| daemon.name == name);
    }
    if daemons.is_empty() {
        let file = default_file(root, name.unwrap_or(NAMES[0]));
        return vec![Target { file, daemon: None }];
    }
    let target = |daemon: Daemon| Target { file: daemon.file.clone(), daemon: Some(daemon) };
    daemons.into_iter().map(target).collect()
}

/// The same, where several daemons must be named.
pub(crate) fn clear_targets(
    root: &Path,
    choice: Option<DaemonChoice>,
) -> Result<Vec<Target>, Failure> {
    let targets = targets(root, choice);
    if choice.is_none() && targets.len() > 1 {
        let listed: Vec<_> = targets.iter().map(Target::shown).collect();
        return Err(Failure::bad_input(format!(
            "several daemons are on this host: {}; give --daemon NAME, --daemon all or a FILE",
            listed.join(", ")
        )));
    }
    Ok(targets)
}

/// How a daemon is known, in words.
pub(crate) fn basis(daemon: &Daemon) -> &'static str {
    match daemon.basis {
        Basis::Running => "runs",
        Basis::Enabled => "is started by systemd",
        Basis::Installed => "is installed",
    }
}

/// Loads a file that the user named; it must exist.
pub(crate) fn load(file: &Path) -> Result<Config, Failure> {
    let missing =
        || Failure::not_done(format!("can't read {}: No such file or directory", file.display()));
    let text = read(file)?.ok_or_else(missing)?;
    Ok(Config::parse(file, &text)?)
}

/// Loads a daemon's file; without one the defaults apply.
pub(crate) fn load_optional(file: &Path) -> Result<Config, Failure> {
    let text = read(file)?;
    Ok(text.map_or(Ok(Config::default()), |text| Config::parse(file, &text))?)
}

/// Reads a file; `None` if it doesn't exist.
///
/// A FIFO is rejected: reading one would wait for a writer, for ever if there is none.
pub(crate) fn read(file: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let failed = |why: &str| Failure::not_done(format!("can't read {}: {why}", file.display()));
    match OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(file) {
        Ok(opened) if is_fifo(&opened) => Err(failed("it is a FIFO, not a regular file")),
        Ok(opened) => Ok(Some(settings::read_from(file, opened)?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&reason(&error))),
    }
}

fn is_fifo(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.file_type().is_fifo())
}

/// Reads standard input; `name` is for messages.
pub(crate) fn read_stdin(name: &Path) -> Result<Vec<u8>, Failure> {
    Ok(settings::read_from(name, stdin().lock())?)
}
