//! `viraudit watch --plugin`, as auditd runs it.

use crate::program::{UUID, stderr, viraudit};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::Duration;

fn line(serial: usize) -> String {
    format!(
        "type=VIRT_CONTROL msg=audit(1795292517.231:{serial}): pid=7 uid=0 auid=1000 ses=3 msg='virt=kvm op=stop \
         reason=shutdown vm=\"web1\" uuid={UUID} vm-pid=9 exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? \
         res=success'\n"
    )
}

fn start(file: &Path) -> (Child, ChildStdin) {
    let mut command = viraudit(["watch", "--plugin"]);
    // auditd's plugins have no environment.
    let mut child = command.arg(file).env_clear().stdin(Stdio::piped()).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    // It hears signals from now on.
    wait_for(file, 0);
    (child, stdin)
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().try_into().unwrap()).unwrap(), signal).unwrap();
}

fn events(file: &Path) -> usize {
    fs::read_to_string(file).unwrap_or_default().lines().count()
}

/// Waits until the file has that many events.
fn wait_for(file: &Path, number: usize) {
    while !file.exists() || number > 0 && events(file) < number {
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn records_that_have_arrived_are_written_when_it_is_terminated() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("events");
    let (child, mut stdin) = start(&file);
    // Stopped meanwhile, so that all of them wait in the pipe.
    send(&child, Signal::STOP);
    let lines: String = (1..=100).map(line).collect();
    stdin.write_all(lines.as_bytes()).unwrap();
    send(&child, Signal::TERM);
    send(&child, Signal::CONT);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    assert_eq!(events(&file), 100);
    let first: serde_json::Value =
        serde_json::from_str(fs::read_to_string(&file).unwrap().lines().next().unwrap()).unwrap();
    for (key, value) in
        [("kind", "stop"), ("vm", "web1"), ("virt", "kvm"), ("exe", "/usr/sbin/libvirtd")]
    {
        assert_eq!(first[key], value);
    }
    assert!(line(1).contains(first["text"].as_str().unwrap()));
}

#[test]
fn a_hangup_opens_the_file_again() {
    let dir = tempfile::tempdir().unwrap();
    let (file, rotated) = (dir.path().join("events"), dir.path().join("events.1"));
    let (child, mut stdin) = start(&file);
    stdin.write_all(line(1).as_bytes()).unwrap();
    wait_for(&file, 1);
    fs::rename(&file, &rotated).unwrap();
    send(&child, Signal::HUP);
    stdin.write_all(line(2).as_bytes()).unwrap();
    wait_for(&file, 1);
    // The end of standard input ends it.
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    assert_eq!((events(&rotated), events(&file)), (1, 1));
}

#[test]
fn a_file_that_can_t_be_written_ends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (logs, moved) = (dir.path().join("logs"), dir.path().join("moved"));
    fs::create_dir(&logs).unwrap();
    let file = logs.join("events");
    let (child, mut stdin) = start(&file);
    fs::rename(&logs, &moved).unwrap();
    send(&child, Signal::HUP);
    stdin.write_all((line(1) + &line(2)).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let name = file.display();
    assert_eq!(
        stderr(&output),
        format!("viraudit: can't write to {name}: No such file or directory; events are dropped\n")
    );

    let (child, mut stdin) = start(Path::new("/dev/full"));
    stdin.write_all((line(1) + &line(2)).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("can't write to /dev/full: No space left on device"));
}

#[test]
fn it_has_its_own_input_and_a_file_that_can_be_opened() {
    for (args, status, message) in [
        (&["--plugin", "x", "--from", "-"][..], 2, "cannot be used with"),
        (&["--plugin", "x", "--ready-fd", "5"], 2, "cannot be used with"),
        (
            &["--plugin", "/nonexistent/x"],
            3,
            "can't write to /nonexistent/x: No such file or directory",
        ),
    ] {
        let output = viraudit(["watch"]).args(args).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{args:?}");
        assert!(stderr(&output).contains(message), "{args:?}: {}", stderr(&output));
    }
}
