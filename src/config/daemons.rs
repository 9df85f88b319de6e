//! libvirt's daemons on a host, and the files of their settings.
//!
//! The daemons with drivers that audit are libvirtd, and in its place virtqemud and virtlxcd, one
//! for each driver. Each reads /etc/libvirt/NAME.conf, unless its option -f names another file.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The daemons whose drivers audit.
pub const NAMES: [&str; 3] = ["libvirtd", "virtqemud", "virtlxcd"];

/// How a daemon is known to be on this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// It runs, as root.
    Running,
    /// systemd starts it, or its socket.
    Enabled,
    /// Its program or unit is there, or its file, and none of libvirtd's.
    Installed,
}

/// A daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Its name, one of [`NAMES`].
    pub name: &'static str,
    /// The file of its settings, which may be missing.
    pub file: PathBuf,
    /// How it is known.
    pub basis: Basis,
    /// Its process, if it runs.
    pub pid: Option<u32>,
}

/// The file that a daemon reads unless its command line names another one.
pub fn default_file(root: &Path, name: &str) -> PathBuf {
    root.join("etc/libvirt").join(format!("{name}.conf"))
}

/// The daemons of the host whose root directory is `root`: those that run and those that systemd
/// starts, or else those that are installed.
pub fn find(root: &Path) -> Vec<Daemon> {
    let mut daemons = running(root);
    for name in NAMES {
        let known = daemons.iter().any(|daemon| daemon.name == name);
        if !known && let Some(basis) = resting(root, name) {
            let file = named_in_environment(root, name);
            let file = file.unwrap_or_else(|| default_file(root, name));
            daemons.push(Daemon { name, file, basis, pid: None });
        }
    }
    prefer_modular(root, &mut daemons);
    if daemons.iter().any(|daemon| daemon.basis < Basis::Installed) {
        daemons.retain(|daemon| daemon.basis < Basis::Installed);
    }
    daemons.sort_by_key(|daemon| daemon.basis);
    daemons
}

/// Where libvirtd doesn't run and has no file, but another daemon has one, the host is set up for
/// that: each package brings its daemon's file.
fn prefer_modular(root: &Path, daemons: &mut Vec<Daemon>) {
    let [libvirtd, modular @ ..] = NAMES;
    let is_used = |daemon: &Daemon| daemon.basis == Basis::Running || daemon.file.exists();
    if daemons.iter().any(|daemon| daemon.name == libvirtd && is_used(daemon))
        || default_file(root, libvirtd).exists()
    {
        return;
    }
    for name in modular {
        let file = default_file(root, name);
        if file.exists() && !daemons.iter().any(|daemon| daemon.name == name) {
            daemons.push(Daemon { name, file, basis: Basis::Installed, pid: None });
        }
    }
    if daemons.iter().any(|daemon| daemon.name != libvirtd && daemon.file.exists()) {
        daemons.retain(|daemon| daemon.name != libvirtd);
    }
}

/// The file of the first daemon, or libvirtd's without one.
pub(super) fn settings_file(root: &Path) -> PathBuf {
    let daemon = find(root).into_iter().next();
    daemon.map_or_else(|| default_file(root, NAMES[0]), |daemon| daemon.file)
}

/// The daemons that run as root with this root directory, in the order of their names.
fn running(root: &Path) -> Vec<Daemon> {
    let proc = root.join("proc");
    let pids = fs::read_dir(&proc).into_iter().flatten().filter_map(Result::ok);
    let mut pids: Vec<u32> =
        pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    let mut daemons: Vec<Daemon> = Vec::new();
    let mut family = Vec::new();
    for pid in pids {
        let process = proc.join(pid.to_string());
        let Some(name) = name_of(&process) else { continue };
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        family.push(pid);
        // A daemon's child has its name until it runs another program.
        let parent = field(&status, "PPid:").and_then(|parent| parent.parse().ok());
        if parent.is_some_and(|parent: u32| family.contains(&parent)) {
            continue;
        }
        // Anyone may name a process so, or run a daemon for a session of their own.
        let is_root =
            field(&status, "Uid:").is_some_and(|uids| uids.split_whitespace().nth(1) == Some("0"));
        if !is_root || is_elsewhere(root, &process) {
            continue;
        }
        let file = named_in_command(root, &process).unwrap_or_else(|| default_file(root, name));
        if !daemons.iter().any(|daemon| daemon.name == name && daemon.file == file) {
            daemons.push(Daemon { name, file, basis: Basis::Running, pid: Some(pid) });
        }
    }
    daemons.sort_by_key(|daemon| NAMES.iter().position(|name| *name == daemon.name));
    daemons
}

fn name_of(process: &Path) -> Option<&'static str> {
    let comm = fs::read(process.join("comm")).ok()?;
    let comm = comm.strip_suffix(b"\n").unwrap_or(&comm);
    NAMES.into_iter().find(|name| name.as_bytes() == comm)
}

/// A field in the text of /proc/PID/status.
fn field<'s>(status: &'s str, name: &str) -> Option<&'s str> {
    status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// Whether a process has another root directory, such as that of a container.
fn is_elsewhere(root: &Path, process: &Path) -> bool {
    let place = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    let theirs = place(&process.join("root"));
    theirs.is_some() && theirs != place(root)
}

/// The file that the command line of a process names.
fn named_in_command(root: &Path, process: &Path) -> Option<PathBuf> {
    let line = fs::read(process.join("cmdline")).ok()?;
    let words: Vec<&[u8]> = line.split(|&byte| byte == 0).skip(1).collect();
    let file = Path::new(std::ffi::OsStr::from_bytes(option_f(&words)?));
    match file.strip_prefix("/") {
        Ok(below) => Some(root.join(below)),
        Err(_) => Some(fs::read_link(process.join("cwd")).ok()?.join(file)),
    }
}

/// The file that a line such as `VIRTQEMUD_ARGS="-f FILE"` names, in the file of a unit's
/// environment.
fn named_in_environment(root: &Path, name: &str) -> Option<PathBuf> {
    let variable = format!("{}_ARGS=", name.to_ascii_uppercase());
    ["etc/sysconfig", "etc/default", "etc/conf.d"].iter().find_map(|directory| {
        let text = fs::read_to_string(root.join(directory).join(name)).ok()?;
        let value = text.lines().rev().find_map(|line| line.trim().strip_prefix(&variable))?;
        let words = value.trim_matches(['"', '\'']).split_whitespace();
        let words: Vec<_> = words.map(str::as_bytes).collect();
        let file = Path::new(std::ffi::OsStr::from_bytes(option_f(&words)?));
        Some(root.join(file.strip_prefix("/").ok()?))
    })
}

/// The argument of the last option -f or --config, as getopt_long reads a daemon's arguments.
fn option_f<'w>(words: &[&'w [u8]]) -> Option<&'w [u8]> {
    let mut file = None;
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word {
            b"--" => break,
            [b'-', b'-', long @ ..] => {
                let end = long.iter().position(|&byte| byte == b'=');
                let (name, value) = long.split_at(end.unwrap_or(long.len()));
                // An option may be shortened.
                let is = |option: &str| !name.is_empty() && option.as_bytes().starts_with(name);
                if is("config") {
                    file = if end.is_some() { Some(&value[1..]) } else { words.next() };
                } else if (is("timeout") || is("pid-file")) && end.is_none() {
                    words.next();
                }
            }
            [b'-', short @ ..] => {
                let Some(at) = short.iter().position(|option| b"fpt".contains(option)) else {
                    continue;
                };
                let value = Some(&short[at + 1..]).filter(|value| !value.is_empty());
                let value = value.or_else(|| words.next());
                if short[at] == b'f' {
                    file = value;
                }
            }
            _ => {}
        }
    }
    file.filter(|file| !file.is_empty())
}

/// How a daemon that doesn't run is known to be on this host.
fn resting(root: &Path, name: &str) -> Option<Basis> {
    let is_there = |path: &Path| fs::symlink_metadata(path).is_ok();
    let systemd = root.join("etc/systemd/system");
    let service = format!("{name}.service");
    if fs::read_link(systemd.join(&service)).is_ok_and(|target| target == Path::new("/dev/null")) {
        return None;
    }
    let units = fs::read_dir(&systemd).into_iter().flatten().filter_map(Result::ok);
    let wants = units
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "wants"));
    let socket = format!("{name}.socket");
    if wants
        .into_iter()
        .any(|wants| is_there(&wants.join(&service)) || is_there(&wants.join(&socket)))
    {
        return Some(Basis::Enabled);
    }
    let programs =
        ["usr/sbin", "usr/bin", "usr/local/sbin", "sbin"].map(|place| root.join(place).join(name));
    let units = ["etc", "usr/lib", "lib", "usr/local/lib"]
        .map(|place| root.join(place).join("systemd/system").join(&service));
    programs.iter().chain(&units).any(|path| is_there(path)).then_some(Basis::Installed)
}

#[cfg(test)]
mod tests;
