//! What Landlock and seccomp report about a guest's process, and labels in a record of their own.

mod support;

use support::{LEVEL, Log, clock, events, uuid, value};
use viraudit_trail::verify::verify_text;
use viraudit_trail::watch::Watcher;

const KINDS: [&str; 5] = ["avc", "anomaly", "landlock", "landlock-domain", "seccomp"];

fn seccomp(pid: u32, subj: &str) -> String {
    format!(
        "auid=4294967295 uid=107 gid=107 ses=4294967295 subj={subj} pid={pid} comm=\"qemu-kvm\" \
         exe=\"/usr/libexec/qemu-kvm\" sig=31 arch=c000003e syscall=86 compat=0 ip=0x7f0 \
         code=0x80000000"
    )
}

/// The pid of guest 1, which it gets by its start.
const PID: u32 = 1001;

#[test]
fn seccomp_reports_are_shown_with_the_session_of_their_process() {
    let label = format!("system_u:system_r:svirt_t:{LEVEL}");
    for kind in ["SECCOMP", "1326", "UNKNOWN[1326]"] {
        let mut log = Log::default();
        log.label(0, 1, LEVEL).start(1, 1);
        log.raw(2, kind, &seccomp(77, &label));
        log.raw(3, kind, &seccomp(PID, "?"));
        log.raw(4, kind, &seccomp(77, &format!("libvirt-{} (enforce)", uuid(1))));
        log.raw(5, kind, &seccomp(77, "system_u:system_r:httpd_t:s0"));
        let report = log.details();
        let keys = ["action", "syscall", "signal_name", "pid", "label"];
        assert_eq!(
            events(&report, &KINDS, &keys),
            [
                format!("g1 seccomp kill-process 86 SIGSYS 77 {label}"),
                format!("g1 seccomp kill-process 86 SIGSYS {PID} -"),
                format!("g1 seccomp kill-process 86 SIGSYS 77 libvirt-{}", uuid(1)),
            ],
            "{kind}"
        );
        let summary = report.summary();
        assert_eq!((summary.avcs, summary.anomalies), (3, 0));
    }
}

#[test]
fn landlock_reports_are_assigned_by_process_and_domain() {
    for (access, domain) in [
        ("LANDLOCK_ACCESS", "LANDLOCK_DOMAIN"),
        ("UNKNOWN[1423]", "UNKNOWN[1424]"),
        ("1423", "1424"),
    ] {
        let denied = "domain=195ba459b blockers=fs.make_reg,fs.refer path=\"/usr/local\" dev=\"vda2\" ino=365";
        let created = format!(
            "domain=195ba459b status=allocated mode=enforcing pid={PID} uid=107 \
             exe=\"/usr/bin/qemu\" comm=\"qemu\""
        );
        let syscall = format!(
            "arch=c000003e syscall=86 success=no exit=-18 ppid=1 pid={PID} auid=1000 uid=107 \
             comm=\"worker\" exe=\"/usr/bin/qemu\" subj=a key=(null)"
        );
        let mut log = Log::default();
        log.start(1, 1).start(1, 2);
        // The first denial of a domain has its process, also where system calls are not recorded.
        log.raw(2, access, denied).same(2, domain, &created);
        log.raw(3, access, "domain=195ba459b blockers=net.connect_tcp daddr=1.2.3.4 dest=80");
        log.raw(4, access, "domain=195ba459b blockers=ptrace opid=1 ocomm=\"systemd\"");
        log.same(4, "SYSCALL", &syscall);
        log.raw(5, domain, "domain=195ba459b status=deallocated denials=10");
        log.raw(6, access, "domain=7 blockers=ptrace opid=1 ocomm=\"systemd\"");
        log.stop(8, 1);
        log.raw(9, access, denied);
        let report = log.details();
        let keys = ["operation", "target", "status", "denials", "port", "pid", "comm", "user"];
        assert_eq!(
            events(&report, &KINDS, &keys),
            [
                format!("g1 landlock fs.make_reg,fs.refer /usr/local - - - {PID} qemu -"),
                format!("g1 landlock-domain - - allocated - - {PID} qemu 107"),
                "g1 landlock net.connect_tcp - - - 80 - - -".into(),
                format!("g1 landlock ptrace systemd - - - {PID} worker 1000"),
                "g1 landlock-domain - - deallocated 10 - - - -".into(),
            ],
            "{access}"
        );
        assert_eq!(verify_text(&log.text, &clock(), |found| panic!("{found:?}")).records, 3);
    }
}

#[test]
fn two_denials_of_one_event_are_two_rows() {
    let mut log = Log::default();
    log.start(1, 1);
    log.raw(
        2,
        "LANDLOCK_ACCESS",
        "domain=1 blockers=fs.refer path=\"/usr/bin\" dev=\"vda2\" ino=1",
    );
    log.same(
        2,
        "LANDLOCK_ACCESS",
        "domain=1 blockers=fs.refer path=\"/usr/lib\" dev=\"vda2\" ino=2",
    );
    log.same(2, "SYSCALL", &format!("arch=c000003e syscall=86 pid={PID} auid=1000 uid=107"));
    let found = events(&log.details(), &KINDS, &["target"]);
    assert_eq!(found, ["g1 landlock /usr/bin", "g1 landlock /usr/lib"]);
}

#[test]
fn a_denial_of_others_on_an_image_is_found() {
    let mut log = Log::default();
    log.disk(0, 1, "start", "?", "/images/a").start(1, 1);
    log.raw(
        2,
        "LANDLOCK_ACCESS",
        "domain=1 blockers=fs.read_file path=\"/images/a\" dev=\"a\" ino=1",
    );
    log.same(2, "SYSCALL", "arch=c000003e syscall=2 pid=5 auid=1000 uid=0");
    // A domain of another process doesn't become the guest's by that.
    log.raw(3, "LANDLOCK_ACCESS", "domain=1 blockers=ptrace opid=1 ocomm=\"systemd\"");
    assert_eq!(events(&log.details(), &KINDS, &["target"]), ["g1 landlock /images/a"]);
}

#[test]
fn labels_are_read_from_their_own_record() {
    let selinux = format!("system_u:system_r:svirt_t:{LEVEL}");
    let apparmor = format!("libvirt-{} (enforce)", uuid(1));
    for kind in ["MAC_TASK_CONTEXTS", "UNKNOWN[1425]", "UNKNOWN[1420]", "1420", "IPE_ACCESS"] {
        for (labels, shown) in [
            (format!("subj_selinux={selinux} subj_apparmor=unconfined"), selinux.clone()),
            (format!("subj_apparmor={apparmor}"), format!("libvirt-{}", uuid(1))),
            (format!("subj_smack=_ subj_apparmor={apparmor}"), "_".into()),
        ] {
            let mut log = Log::default();
            log.label(0, 1, LEVEL).same(0, kind, "subj_apparmor=unconfined");
            log.start(1, 1).same(1, kind, "subj_apparmor=unconfined");
            let crash = "auid=4294967295 uid=107 gid=107 ses=4294967295 subj=? pid=77 comm=\"q\" \
                         exe=\"/q\" sig=6 res=1";
            log.raw(2, "ANOM_ABEND", crash).same(2, kind, &labels);
            log.raw(3, "SECCOMP", &seccomp(77, "?")).same(3, kind, &labels);
            log.raw(4, "ANOM_ABEND", crash).same(4, kind, "subj_apparmor=unconfined");
            assert_eq!(
                events(&log.details(), &KINDS, &["label"]),
                [format!("g1 anomaly {shown}"), format!("g1 seccomp {shown}")],
                "{kind} {labels}"
            );
            assert_eq!(verify_text(&log.text, &clock(), |found| panic!("{found:?}")).findings, 0);
        }
    }
    // Since Linux 6.12, the number of Ubuntu's record is another one's.
    let mut log = Log::default();
    log.label(0, 1, LEVEL).start(1, 1);
    log.raw(2, "SECCOMP", &seccomp(77, "?"));
    log.same(2, "IPE_ACCESS", &format!("ipe_op=EXECUTE path=\"/x\" subj_selinux={selinux}"));
    assert_eq!(events(&log.details(), &KINDS, &[]), [""; 0]);
}

#[test]
fn a_filtered_log_with_labels_has_no_gaps() {
    let mut log = Log::default();
    for at in 0..40 {
        log.disk(at, 1, "attach", "?", "/a").same(at, "MAC_TASK_CONTEXTS", "subj_selinux=a");
        log.serial += 3;
    }
    let counts = verify_text(&log.text, &clock(), |found| panic!("{found:?}"));
    assert!(counts.filtered);
}

#[test]
fn watch_shows_them_with_their_labels() {
    let mut watcher = Watcher::new(clock());
    let mut shown = Vec::new();
    let mut log = Log::default();
    log.label(0, 1, LEVEL).same(0, "1425", "subj_apparmor=unconfined").start(1, 1);
    log.raw(2, "1326", &seccomp(77, "?"));
    log.same(2, "1425", &format!("subj_apparmor=unconfined subj_selinux=a:b:svirt_t:{LEVEL}"));
    log.raw(3, "1423", "domain=1a blockers=fs.refer path=\"/usr/bin\" dev=\"vda2\" ino=1");
    log.same(
        3,
        "1424",
        &format!("domain=1a status=allocated mode=enforcing pid={PID} uid=0 comm=\"q\""),
    );
    log.same(3, "1320", "");
    log.raw(4, "1424", "domain=1a status=deallocated denials=1");
    for line in String::from_utf8(log.text).unwrap().lines() {
        let (kind, text) = line.strip_prefix("type=").unwrap().split_once(" msg=").unwrap();
        let kind = match kind {
            "VIRT_CONTROL" => 2500,
            "VIRT_MACHINE_ID" => 2502,
            number => number.parse().unwrap(),
        };
        watcher.record(kind, text.as_bytes(), &mut |event| {
            shown.push(format!("{} {} {}", event.vm, event.kind, value(event, "pid")));
        });
    }
    watcher.flush(&mut |event| shown.push(format!("{} {}", event.vm, event.kind)));
    assert_eq!(
        shown,
        [
            "g1 label -".to_owned(),
            format!("g1 start {PID}"),
            "g1 seccomp 77".into(),
            format!("g1 landlock {PID}"),
            format!("g1 landlock-domain {PID}"),
            "g1 landlock-domain".into(),
        ]
    );
    // The labels of events that are not kept are not, either.
    for serial in 1000..20_000 {
        let text = format!("audit(1767225700.000:{serial}): subj_apparmor=unconfined");
        watcher.record(1420, text.as_bytes(), &mut |_| {});
    }
    assert_eq!(watcher.given_up(), 0);
}
