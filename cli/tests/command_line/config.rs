//! `viraudit config` with files that aren't regular, and several processes at once.

use crate::program::{stderr, text, viraudit};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::process::{Child, Output};
use std::thread;
use std::time::{Duration, Instant};

/// Runs a command that might hang; it is killed after ten seconds.
fn bounded(args: &[&str]) -> Output {
    let mut child = viraudit(args).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("{args:?} hangs");
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn a_fifo_is_rejected_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("fifo.conf");
    mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let fifo = fifo.to_str().unwrap();
    let expected = format!("viraudit: can't read {fifo}: it is a FIFO, not a regular file\n");
    for args in [
        &["config", "check", fifo][..],
        &["config", "set", "audit_level=2", fifo],
        &["status", "--config", fifo],
    ] {
        let output = bounded(args);
        assert_eq!(
            (output.status.code(), stderr(&output)),
            (Some(3), expected.clone()),
            "{args:?}"
        );
        assert_eq!(text(&output.stdout), "");
    }
}

#[test]
fn a_change_that_is_no_use_is_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text, warning) in [
        ("libvirtd.conf", "", ""),
        (
            "libvirtd.conf",
            "tcp_port = 16509\n",
            ":1: tcp_port must be a string in quotes, not 16509; the daemon exits for it",
        ),
        ("virtqemud.conf", "tcp_port = 16509\n", ""),
        (
            "qemu.conf",
            "user = \"root\"\n",
            ": libvirt reads audit settings from the file of a daemon only, such as libvirtd.conf or virtqemud.conf",
        ),
    ] {
        let file = directory.path().join(name);
        fs::write(&file, text).unwrap();
        let output = viraudit(["config", "set", "audit_level=2"]).arg(&file).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}");
        let expected = match warning {
            "" => String::new(),
            warning => format!("viraudit: {}{warning}\n", file.display()),
        };
        assert_eq!(stderr(&output), expected, "{name}");
    }
}

#[test]
fn every_mistake_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    for (name, text, mistakes) in [
        (
            "libvirtd.conf",
            "tls_port = 16514\ntcp_port = 16509\n",
            ["1: tls_port must be", "2: tcp_port must be"],
        ),
        (
            "viraudit.conf",
            "delivery = 1\n\nlimit = 2\n",
            ["1: delivery must be", "3: 'limit' is not a setting"],
        ),
    ] {
        let file = directory.path().join(name);
        fs::write(&file, text).unwrap();
        let output = viraudit(["config", "check"]).arg(&file).output().unwrap();
        assert_eq!((output.status.code(), text_of(&output)), (Some(2), String::new()));
        let found = stderr(&output);
        let lines: Vec<_> = found.lines().collect();
        assert_eq!(lines.len(), 2, "{found}");
        for (line, mistake) in lines.iter().zip(mistakes) {
            assert!(line.starts_with(&format!("viraudit: {}:{mistake}", file.display())), "{line}");
        }
    }
}

fn text_of(output: &Output) -> String {
    text(&output.stdout)
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("libvirtd.conf");
    for round in 0..20 {
        fs::write(&file, "# settings\n").unwrap();
        // The more processes, the more often one waits for another.
        let settings = ["audit_level=2", "audit_logging=1"].into_iter().cycle().take(8);
        let set = |setting| viraudit(["config", "set", setting]).arg(&file).spawn().unwrap();
        let running: Vec<Child> = settings.map(set).collect();
        for child in running {
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
        }
        let found = fs::read_to_string(&file).unwrap();
        for setting in ["audit_level = 2\n", "audit_logging = 1\n"] {
            assert!(found.contains(setting), "round {round}: {found}");
        }
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}
