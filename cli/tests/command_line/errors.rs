//! What is refused: one line, and the exit status.

use crate::golden::check;
use crate::program::{UUID, stderr, text, viraudit};

#[test]
fn usage_and_bad_input() {
    let guest = format!("--virt kvm --name web1 --uuid {UUID}");
    let of = |kind: &str, rest: &str| format!("emit {kind} {guest} {rest}");
    let commands = [
        String::new(),
        "bogus".into(),
        "emit".into(),
        "config".into(),
        "emit disk".into(),
        "emit disk --virt kvm --name web1 --new /a".into(),
        "emit disk --name web1 --new /a".into(),
        of("disk", "--new /a --xml guest.xml"),
        of("disk", "--to stdout"),
        of("disk", "--nwe /a"),
        of("disk", "--new /a --to nowhere"),
        of("disk", "--new /a --to file:"),
        of("disk", "--new /a --level high"),
        of("disk", "--new /a --reason ''"),
        "emit disk --virt '' --name web1 --uuid 0 --new /a".into(),
        format!("emit disk --virt kvm --name web1 --uuid {UUID}0 --new /a"),
        of("fs", "--to stdout"),
        of("net", "--to stdout"),
        of("net", "--new 52:54"),
        of("net", "--mac 52:54:00:a1:b2:c3"),
        of("net", "--mac 52:54:00:a1:b2:c3 --device /dev/net/tun --new 52:54:00:a1:b2:c3"),
        of("net", "--mac 52:54:00:a1:b2:c3 --device /dev/net/tun --rdev 10"),
        of("dev", "--bus isa --device 1"),
        of("dev", "--bus pci --device 03:20.0"),
        of("dev", "--bus usb --device 046d:c52b"),
        of("dev", "--bus scsi --device 0:0:0"),
        of("dev", "--bus scsi_host --device 5001"),
        of("dev", "--bus mdev --device 4b20"),
        of("hostdev", ""),
        of("hostdev", "--disk /dev/sdb --chardev /dev/tty1"),
        of("tpm", ""),
        of("shmem", "--shmem a --size 4M"),
        of("mem", "--new -1"),
        of("vcpu", "--new 4294967296"),
        of("cgroup", "--class path --acl r"),
        of("cgroup", "--class path --path /dev/kvm --acl rx"),
        of("cgroup", "--class major --category pty --major x --acl r"),
        of("cgroup", "--path /dev/kvm"),
        of("cgroup", "--acl r"),
        of("machine-id", ""),
        of("init", ""),
        "emit start --xml - --to stdout < <domain".into(),
        "emit start --xml - --to stdout < <domain type='kvm'><name>a</name></domain>".into(),
        "emit start --xml - --to stdout".into(),
        "completions tcsh".into(),
    ];
    check("bad-input", &commands.iter().map(|line| line.trim_end()).collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_read_or_written() {
    let guest = format!("--virt kvm --name web1 --uuid {UUID}");
    check(
        "not-done",
        &[
            "emit start --xml /nonexistent/guest.xml --to stdout",
            "emit start --xml /tmp --to stdout",
            &format!("emit disk {guest} --new /a --to file:/nonexistent/audit.log"),
            &format!("emit disk {guest} --new /a --to file:/tmp"),
            &format!("emit disk {guest} --new /a --to file:/dev/full"),
            &format!("emit disk {guest} --new /a --to stdout --config /nonexistent/libvirtd.conf"),
            &format!("emit init {guest} --init-pid 0 --to stdout"),
            "emit start --xml examples/guest.xml --to file:/dev/full",
            "status --config /nonexistent/libvirtd.conf",
        ],
    );
}

#[test]
fn a_wrong_file_is_named_with_the_place() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("guest.xml");
    std::fs::write(&file, "<domain type='kvm'>\n  <name>a</name>\n  <uuid>x</uuid>\n</domain>\n")
        .unwrap();
    let run = |args: &[&str]| {
        let output = viraudit(args).output().unwrap();
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), String::new()));
        stderr(&output)
    };
    let name = file.to_str().unwrap();
    let said = run(&["emit", "start", "--to", "stdout", "--xml", name]);
    assert!(said.starts_with(&format!("viraudit: {name}:3:")), "{said}");
    assert_eq!(said.lines().count(), 1);

    let config = directory.path().join("libvirtd.conf");
    std::fs::write(&config, "# auditing\naudit_level = \"2\"\n").unwrap();
    let name = config.to_str().unwrap();
    let said = run(&["emit", "stop", "--xml", "examples/guest.xml", "--config", name]);
    assert!(said.starts_with(&format!("viraudit: {name}:2: audit_level ")), "{said}");
    assert_eq!(run(&["status", "--config", name]), said);
}

#[test]
fn help_and_version_are_no_errors() {
    for args in [
        &["--help"][..],
        &["--version"],
        &["help", "emit"],
        &["emit", "--help"],
        &["emit", "disk", "-h"],
        &["status", "--help"],
    ] {
        let output = viraudit(args).output().unwrap();
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{args:?}");
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
}
