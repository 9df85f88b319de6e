//! The daemon that runs: since when, and with what.

use serde::Serialize;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use viraudit::internal::config::daemons::{Basis, Daemon};

/// How much later than a daemon's start a file's change must be to be later for certain.
const SLACK: Duration = Duration::from_millis(500);

/// The start of the name of each library that a daemon may have preloaded.
const PRELOADS: [&str; 2] = ["libviraudit_preload.so", "libviraudit.so"];

/// The host's processes.
pub(super) struct Proc {
    directory: PathBuf,
    /// When the host was booted, and the clock ticks in a second.
    booted: Option<SystemTime>,
    ticks: u64,
}

impl Proc {
    /// Those of the host whose root directory is `root`.
    pub(super) fn of(root: &Path) -> Self {
        let directory = root.join("proc");
        let uptime = fs::read_to_string(directory.join("uptime")).ok();
        let seconds = uptime.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
        let uptime = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let booted = uptime.and_then(|uptime| SystemTime::now().checked_sub(uptime));
        Self { directory, booted, ticks: rustix::param::clock_ticks_per_second().max(1) }
    }

    /// When a process was started.
    fn started(&self, pid: u32) -> Option<SystemTime> {
        let stat = fs::read_to_string(self.directory.join(format!("{pid}/stat"))).ok()?;
        // The name, in parentheses, may hold anything; the start is the 20th field behind it.
        let ticks: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
        self.booted?.checked_add(Duration::from_millis(ticks.checked_mul(1000)? / self.ticks))
    }

    /// Whether a process has one of our libraries; `None` if that may not be read.
    fn preloaded(&self, pid: u32) -> Option<bool> {
        let maps = fs::read(self.directory.join(format!("{pid}/maps"))).ok()?;
        let maps = String::from_utf8_lossy(&maps);
        let names = maps.lines().filter_map(|line| line.rsplit_once('/'));
        let ours = |name: &str| PRELOADS.iter().any(|ours| name.starts_with(ours));
        // A process that has ended has no maps.
        (!maps.is_empty()).then(|| names.into_iter().any(|(_, name)| ours(name)))
    }
}

/// A daemon on this host.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DaemonState {
    pub(super) name: &'static str,
    /// `running`, `enabled` or `installed`.
    pub(super) state: &'static str,
    pub(super) pid: Option<u32>,
    /// When it was started.
    pub(super) since: Option<String>,
    /// It has viraudit's library; `None` if unknown.
    pub(super) preloaded: Option<bool>,
    /// It was started before the file was changed, so it may have other settings; `None` if unknown.
    pub(super) stale: Option<bool>,
}

impl DaemonState {
    pub(super) fn of(daemon: &Daemon, proc: &Proc) -> Self {
        let started = daemon.pid.and_then(|pid| proc.started(pid));
        let state = match daemon.basis {
            Basis::Running => "running",
            Basis::Enabled => "enabled",
            Basis::Installed => "installed",
        };
        let stale = started.and_then(|started| match fs::metadata(&daemon.file) {
            // A copy of an old file has an old time of its content, but not of its inode.
            Ok(file) => Some(changed(&file)? > started.checked_add(SLACK)?),
            Err(_) => Some(false),
        });
        Self {
            name: daemon.name,
            state,
            pid: daemon.pid,
            since: started.map(shown),
            preloaded: daemon.pid.and_then(|pid| proc.preloaded(pid)),
            stale,
        }
    }
}

/// When a file's content or attributes changed last.
fn changed(file: &fs::Metadata) -> Option<SystemTime> {
    let seconds = Duration::from_secs(u64::try_from(file.ctime()).ok()?);
    UNIX_EPOCH.checked_add(seconds + Duration::from_nanos(u64::try_from(file.ctime_nsec()).ok()?))
}

/// A time in UTC, in seconds.
fn shown(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_daemon_is_described() {
        let root = tempfile::tempdir().unwrap();
        let process = root.path().join("proc/70");
        fs::create_dir_all(&process).unwrap();
        let conf = root.path().join("virtqemud.conf");
        fs::write(&conf, "audit_level = 2\n").unwrap();
        let daemon = Daemon { name: "virtqemud", file: conf, basis: Basis::Running, pid: Some(70) };
        let ticks = rustix::param::clock_ticks_per_second();
        let state = |uptime: u64, started: u64, maps: &str| {
            fs::write(root.path().join("proc/uptime"), format!("{uptime}.00 1.00\n")).unwrap();
            let fields = "0 ".repeat(18);
            let stat = format!("70 (a) b (c) S {fields}{} 0\n", started * ticks);
            fs::write(process.join("stat"), stat).unwrap();
            fs::write(process.join("maps"), maps).unwrap();
            DaemonState::of(&daemon, &Proc::of(root.path()))
        };
        let plain = "7f00-7f01 r-xp 0 08:01 1 /usr/lib/libvirt.so.0\n";
        let ours = "7f00-7f01 r-xp 0 08:01 1 /usr/lib/viraudit/libviraudit_preload.so\n";

        // The file is new. The daemon was started 1,000 s before, and then 1,000 s after it.
        let old = state(5000, 4000, plain);
        assert_eq!((old.stale, old.preloaded, old.state), (Some(true), Some(false), "running"));
        let new = state(5000, 6000, ours);
        assert_eq!((new.stale, new.preloaded), (Some(false), Some(true)));
        let (old, new) = (old.since.unwrap(), new.since.unwrap());
        assert!(old < new && old.len() == "2026-11-25T21:29:08Z".len(), "{old} {new}");

        let replaced = "7f00 r-xp 0 08:01 1 /usr/lib/libviraudit.so.0.1.0 (deleted)\n";
        assert_eq!(state(5000, 4000, replaced).preloaded, Some(true));
        assert_eq!(state(5000, 4000, "").preloaded, None);
        fs::remove_file(process.join("stat")).unwrap();
        let unknown = DaemonState::of(&daemon, &Proc::of(root.path()));
        assert_eq!((unknown.since, unknown.stale), (None, None));
    }
}
