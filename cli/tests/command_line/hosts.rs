//! Logs of several hosts, by name, by directory and in archives.

use crate::program::{stderr, text, viraudit};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A record of the guest with this number. Times are seconds after 2026-11-21 20:21:57 UTC.
fn record(after: u64, serial: u64, guest: u32, op: &str) -> String {
    format!(
        "type=VIRT_CONTROL msg=audit({}.000:{serial}): pid=812 uid=0 auid=4294967295 ses=4294967295 \
         subj=unconfined msg='virt=kvm op={op} reason=booted vm=\"g{guest}\" \
         uuid={guest:08x}-2b3d-4e5f-8091-a2b3c4d5e6f7 vm-pid=4711 exe=\"/usr/sbin/libvirtd\" hostname=? addr=? \
         terminal=? res=success'\n",
        1_795_292_517 + after
    )
}

/// Two hosts on which guest 1 runs: it moves from `h1` to `h2` and back.
fn write_hosts(root: &Path) {
    let logs = [
        (
            "h1",
            record(0, 40, 1, "start") + &record(60, 41, 1, "stop") + &record(300, 42, 1, "start"),
        ),
        ("h2", record(50, 90, 1, "start") + &record(310, 91, 1, "stop")),
    ];
    for (host, log) in logs {
        fs::create_dir_all(root.join(host)).unwrap();
        fs::write(root.join(host).join("audit.log"), log).unwrap();
    }
}

fn run(directory: &Path, args: &[&str]) -> Output {
    viraudit(args).current_dir(directory).env("TZ", "UTC").output().unwrap()
}

/// The sessions as `HOST VM STATE`.
fn sessions(directory: &Path, args: &[&str]) -> (Vec<String>, String) {
    let output = run(directory, &[&["report", "--format", "json"], args].concat());
    let rows = text(&output.stdout);
    let rows = rows.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let part = |key: &str| row[key].as_str().unwrap_or("-").to_owned();
        format!("{} {} {}", part("host"), part("vm"), part("state"))
    });
    (rows.collect(), stderr(&output))
}

const RIGHT: [&str; 3] = ["h1 g1 stopped", "h2 g1 stopped", "h1 g1 running"];

#[test]
fn hosts_are_named_by_arguments_and_directories() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write_hosts(&root.join("all"));
    fs::create_dir(root.join("all/empty")).unwrap();
    for args in
        [&["all"][..], &["h1=all/h1", "h2=all/h2"], &["h1=all/h1/audit.log", "h2=all/h2/audit.log"]]
    {
        assert_eq!(
            sessions(root, args),
            (RIGHT.map(String::from).to_vec(), String::new()),
            "{args:?}"
        );
        let verify = run(root, &[&["verify"], args].concat());
        assert_eq!(
            (verify.status.code(), stderr(&verify)),
            (Some(0), String::new()),
            "{args:?}: {verify:?}"
        );
    }
    // The lines' own host counts, and a file may have such a name.
    let log = fs::read_to_string(root.join("all/h2/audit.log")).unwrap();
    fs::write(root.join("a=b"), log.replace("type=", "node=h9 type=")).unwrap();
    for args in [["a=b"], ["x=a=b"]] {
        assert_eq!(sessions(root, &args).0, ["h9 g1 stopped"]);
    }
    // A copy of a host's file system.
    fs::create_dir_all(root.join("copies/h3/var/log")).unwrap();
    fs::rename(root.join("all/h2"), root.join("copies/h3/var/log/audit")).unwrap();
    assert_eq!(sessions(root, &["copies"]).0, ["h3 g1 stopped"]);
    assert_eq!(sessions(root, &["copies/h3"]).0, ["- g1 stopped"]);
    let missing = run(root, &["report", "h1=nothing"]);
    assert_eq!(stderr(&missing), "viraudit: can't read nothing: No such file or directory\n");
}

#[test]
fn logs_without_hosts_that_overlap_are_told() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write_hosts(root);
    for command in ["report", "verify"] {
        let output = run(root, &[command, "h1", "h2"]);
        let expected = format!(
            "viraudit: h1/audit.log and h2/audit.log have records of the same time and don't name their host: \
             if they are of two hosts, name each (viraudit {command} HOST=FILE ...)\n"
        );
        assert_eq!(stderr(&output), expected);
    }
    // Rotations, a copy, and one host with a name.
    fs::write(root.join("audit.log.1"), record(0, 40, 1, "start") + &record(60, 41, 1, "stop"))
        .unwrap();
    fs::write(root.join("audit.log"), record(60, 42, 2, "start") + &record(90, 43, 2, "stop"))
        .unwrap();
    fs::copy(root.join("audit.log.1"), root.join("copy")).unwrap();
    for args in [&["audit.log", "audit.log.1"][..], &["audit.log.1", "copy"], &["h1", "x=h2"]] {
        assert_eq!(sessions(root, args).1, "", "{args:?}");
        let verify = run(root, &[&["verify"], args].concat());
        assert_eq!((verify.status.code(), stderr(&verify)), (Some(0), String::new()), "{verify:?}");
    }
}

/// Makes an archive of `files` with the system's tar.
fn tar(root: &Path, option: &str, archive: &str, files: &[&str]) -> PathBuf {
    let made = Command::new("tar").arg(option).arg(archive).args(files).current_dir(root).status();
    assert!(made.unwrap().success());
    root.join(archive)
}

#[test]
fn archives_are_read_as_their_files() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    write_hosts(root);
    fs::create_dir(root.join("one")).unwrap();
    let half = |n: u64| {
        record(100 * n, 10 * n, n as u32, "start")
            + &record(100 * n + 50, 10 * n + 1, n as u32, "stop")
    };
    fs::write(root.join("one/audit.log"), half(2)).unwrap();
    fs::write(root.join("one/audit.log.1"), half(1)).unwrap();
    let zipped = Command::new("gzip").arg(root.join("one/audit.log.1")).status().unwrap();
    assert!(zipped.success());
    for (option, archive) in [("-cf", "a.tar"), ("-czf", "a.tgz"), ("-cJf", "a.txz")] {
        tar(root, option, archive, &["one"]);
        let expected = ["- g1 stopped", "- g2 stopped"].map(String::from).to_vec();
        assert_eq!(sessions(root, &[archive]), (expected, String::new()), "{archive}");
        let verify = run(root, &["verify", archive]);
        assert_eq!(verify.status.code(), Some(0), "{archive}: {verify:?}");
        assert_eq!(
            sessions(root, &[&format!("h7={archive}")]).0,
            ["h7 g1 stopped", "h7 g2 stopped"]
        );
        // Directories beside each other are hosts.
        tar(root, option, archive, &["./h1", "./h2"]);
        assert_eq!(sessions(root, &[archive]), (RIGHT.map(String::from).to_vec(), String::new()));
    }
    // A finding names the file, and an archive in a directory is one, too.
    fs::write(root.join("one/audit.log"), "x\n").unwrap();
    tar(root, "-czf", "a.tgz", &["one"]);
    let verify = run(root, &["verify", "a.tgz"]);
    assert!(text(&verify.stdout).starts_with("a.tgz/one/audit.log:1: malformed: "), "{verify:?}");
    fs::create_dir(root.join("backup")).unwrap();
    fs::rename(root.join("a.tar"), root.join("backup/a.tar")).unwrap();
    assert_eq!(sessions(root, &["backup"]).0, RIGHT);
    // Through a pipe, and cut.
    let bytes = fs::read(root.join("a.txz")).unwrap();
    fs::write(root.join("cut.txz"), &bytes[..bytes.len() / 2]).unwrap();
    let cut = run(root, &["report", "cut.txz"]);
    assert_eq!(cut.status.code(), Some(3), "{cut:?}");
    let mut piped = viraudit(["report", "-"]);
    piped.stdin(fs::File::open(root.join("backup/a.tar")).unwrap());
    let expected = "viraudit: can't read standard input: a tar archive inside a stream: name the file, or unpack it\n";
    assert_eq!(stderr(&piped.output().unwrap()), expected);
}
