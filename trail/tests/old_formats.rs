//! Records of old libvirts and old libaudits, and fields in any order.

mod support;

use support::{EPOCH, Log, clock, events, sessions, uuid};
use viraudit_trail::events::Store;
use viraudit_trail::verify::{Counts, verify_text};

fn verified(text: &[u8]) -> (Vec<String>, Counts) {
    let mut found = Vec::new();
    let counts = verify_text(text, &clock(), |finding| {
        found.push(format!("{}: {} {}", finding.line, finding.damage.name(), finding.message));
    });
    (found, counts)
}

/// The notes, each as the line of the first record, the number of records and the message.
fn notes(counts: &Counts) -> Vec<String> {
    let note = |note: &viraudit_trail::verify::Note| {
        format!("{} {} {}", note.line, note.records, note.message)
    };
    counts.notes.iter().map(note).collect()
}

const KERNELS: [&str; 2] = ["user pid=2101 uid=0 auid=500 ses=1", "pid=2101 uid=0 auid=500 ses=1"];

/// A record of an old libvirt, in one of the formats of libaudit.
fn record(log: &mut Log, at: u64, kind: &str, kernel: &str, body: &str, suffix: usize, ok: bool) {
    let res = if ok { "success" } else { "failed" };
    let exe = "exe=\"/usr/sbin/libvirtd\"";
    let body = body.replace("GUEST", &format!("vm=\"g1\" uuid={}", uuid(1)));
    let text = match suffix {
        0 => format!("{body} {exe} hostname=? addr=? terminal=? res={res}"),
        1 => format!("{body} {exe} (hostname=?, addr=?, terminal=? res={res})"),
        2 => format!("{body}: {exe} (hostname=?, addr=?, terminal=? res={res})"),
        3 => format!("{body} : {exe} (hostname=?, addr=?, terminal=? res={res})"),
        _ => format!("{body}: {exe} hostname=? addr=? terminal=? res={res}"),
    };
    log.raw(at, kind, &format!("{kernel} subj=virtd msg='{text}'"));
}

#[test]
fn records_of_old_versions_are_read_and_noted_once() {
    for kernel in KERNELS {
        for suffix in 0..5 {
            let mut log = Log::default();
            let mut add = |at, kind: &str, body: &str, ok| {
                record(&mut log, at, kind, kernel, body, suffix, ok);
            };
            add(
                0,
                "VIRT_MACHINE_ID",
                "GUEST vm-ctx=a:b:svirt_t:s0:c1,c2 img-ctx=a:b:c:s0:c1,c2",
                true,
            );
            add(
                0,
                "VIRT_RESOURCE",
                "resrc=disk reason=start GUEST old-disk=\"?\" new-disk=\"/a\"",
                true,
            );
            add(
                0,
                "VIRT_RESOURCE",
                "resrc=net reason=start GUEST old-net='?' new-net='52:54:00:00:00:01'",
                true,
            );
            add(
                0,
                "VIRT_RESOURCE",
                "resrc=net reason=open GUEST net='52:54:00:00:00:01' path=\"/dev/net/tun\" rdev=0A:C8",
                true,
            );
            add(
                0,
                "VIRT_RESOURCE",
                "resrc=net reason=open GUEST net=52:54:00:00:00:02 path=\"/dev/net/tun\" rdev=0A:C8",
                true,
            );
            add(
                0,
                "VIRT_RESOURCE",
                "resrc=dev reason=start GUEST type=pci device=\"0000:03:00.0\"",
                true,
            );
            add(
                0,
                "VIRT_RESOURCE",
                "resrc=cgroup reason=allow GUEST item=path path=\"/dev/kvm\"",
                true,
            );
            add(0, "VIRT_RESOURCE", "resrc=cgroup reason=deny GUEST cgroup=\"/c\" class=all", true);
            add(0, "VIRT_RESOURCE", "resrc=mem reason=start GUEST old-mem=0 new-mem=1024", true);
            add(1, "VIRT_CONTROL", "op=start reason=booted GUEST", true);
            add(
                2,
                "VIRT_RESOURCE",
                "resrc=net reason=detach GUEST old-net='52:54:00:00:00:01' new-net='?'",
                true,
            );
            add(9, "VIRT_CONTROL", "op=stop reason=shutdown GUEST", true);
            let (found, counts) = verified(&log.text);
            assert_eq!(found, [""; 0], "{suffix}");
            let notes = notes(&counts);
            assert_eq!(notes.len(), 1, "{suffix}: {notes:?}");
            assert!(
                notes[0].starts_with("1 12 the format is that of libvirt before 0.10"),
                "{notes:?}"
            );
            let report = log.details();
            assert_eq!(report.store().line_counts.used, 12);
            assert_eq!(sessions(&report), ["g1 stopped 1-9"]);
            assert_eq!(report.sessions().next().unwrap().auid, Some(500));
            let resources = events(&report, &["resource"], &["resource", "old", "new"]);
            assert_eq!(
                resources,
                [
                    "g1 resource disk - /a",
                    "g1 resource net - 52:54:00:00:00:01",
                    "g1 resource net - 52:54:00:00:00:01",
                    "g1 resource net - 52:54:00:00:00:02",
                    "g1 resource dev - 0000:03:00.0",
                    "g1 resource cgroup - -",
                    "g1 resource cgroup /c -",
                    "g1 resource mem 0 1024",
                    "g1 resource net 52:54:00:00:00:01 -",
                ],
                "{suffix}"
            );
        }
    }
}

#[test]
fn records_with_virt_but_old_parts() {
    for body in [
        "virt=kvm GUEST vm-ctx=a img-ctx=b",
        "virt=kvm resrc=net reason=attach GUEST old-net='?' new-net='52:54:00:00:00:01'",
        "virt=kvm resrc=net reason=attach GUEST old-net=? new-net=52:54:00:00:00:01",
    ] {
        let kind = if body.contains("resrc") { "VIRT_RESOURCE" } else { "VIRT_MACHINE_ID" };
        for suffix in 0..3 {
            let mut log = Log::default();
            record(&mut log, 1, kind, KERNELS[0], body, suffix, true);
            let (found, counts) = verified(&log.text);
            assert_eq!((found, notes(&counts).len()), (vec![], 1), "{body} {suffix}");
        }
    }
}

#[test]
fn old_records_must_be_whole_and_unforged() {
    for (body, suffix, expected) in [
        ("op=start reason=booted GUEST words", 0, "forged a value has broken out"),
        ("op=start reason=booted GUEST reason=x", 1, "forged the field reason= appears twice"),
        ("op=start reason=booted GUEST colour=red", 2, "unknown not a field"),
        ("op=start reason=booted vm=\"g1\"", 3, "malformed the field uuid="),
        ("reason=booted GUEST", 0, "malformed the field op="),
        ("virt=kvm op=start reason=booted GUEST", 0, "malformed the field vm-pid="),
        ("virt=kvm op=start reason=booted GUEST", 1, "malformed the field vm-pid="),
        ("virt=kvm op=start reason=booted GUEST vm-pid=1 type=pci", 0, "unknown not a field"),
        ("virt=kvm op=start reason=booted GUEST vm-pid=1: x", 0, "forged"),
    ] {
        let mut log = Log::default();
        record(&mut log, 1, "VIRT_CONTROL", KERNELS[1], body, suffix, true);
        let (found, _) = verified(&log.text);
        assert!(found.len() == 1 && found[0].contains(expected), "{body}: {found:?}");
    }
    let mut log = Log::default();
    record(&mut log, 1, "VIRT_CONTROL", KERNELS[0], "op=start reason=booted GUEST", 1, true);
    for len in [log.text.len() - 4, log.text.len() - 40, 60] {
        assert_eq!(verified(&log.text[..len]).0, ["1: cut the record's end is missing"], "{len}");
    }
}

#[test]
fn a_value_that_ends_with_a_colon_keeps_it() {
    let mut log = Log::default();
    log.start(1, 1).resource(2, 1, "evdev", "attach", "path=/dev/x:");
    assert_eq!(events(&log.details(), &["resource"], &["new"]), ["g1 resource /dev/x:"]);
}

/// Records of another program, in no particular order.
#[test]
fn fields_in_any_order_and_more_of_them() {
    let guest = format!("vm=\"g1\" uuid={}", uuid(1));
    let suffix = "exe=\"/opt/manager\" hostname=? addr=? terminal=?";
    for text in [
        format!("op=start reason=booted {guest} vm-pid=7 {suffix} res=success virt=kvm"),
        format!("res=success virt=kvm op=start reason=booted {guest} vm-pid=7 {suffix}"),
        format!("virt=kvm op=start reason=booted {guest} vm-pid=7 {suffix}"),
        format!(
            "virt=kvm res=1 zone=eu {guest} vm-pid=7 owner=\"a\" reason=booted op=start {suffix}"
        ),
        format!("{suffix} vm-pid=7 reason=booted {guest} op=start res=success virt=kvm zone=eu"),
    ] {
        let mut log = Log::default();
        log.raw(1, "VIRT_CONTROL", &format!("pid=3 uid=0 auid=1000 ses=1 msg='{text}'"));
        let failed = text.replace("res=success", "res=failed").replace("res=1", "res=failed");
        log.raw(2, "VIRT_CONTROL", &format!("pid=3 uid=0 auid=1000 ses=1 msg='{failed}'"));
        let report = log.details();
        assert_eq!(report.store().line_counts.used, 2, "{text}");
        let session = report.sessions().next().unwrap();
        let shown = (&*session.vm, &*session.virt, session.pid, session.reason.as_deref());
        assert_eq!(shown, ("g1", "kvm", Some(7), Some("booted")), "{text}");
        assert_eq!(session.start, Some((EPOCH as i64 + 1) * 1000), "{text}");
        let results = events(&report, &["start"], &["success"]);
        let second = if text == failed { "g1 start true" } else { "g1 start false" };
        assert_eq!(results, ["g1 start true", second], "{text}");
        let (found, counts) = verified(&log.text);
        assert_eq!(found, [""; 0], "{text}");
        let message =
            "/opt/manager is not libvirt, and its records have other fields or another order";
        assert_eq!(notes(&counts), [format!("1 2 {message}")], "{text}");
    }
}

/// Docker of RHEL 7 and OpenShift 3 logs the calls of its API.
#[test]
fn records_about_no_guest_are_noted_once_for_each_program() {
    let id = "4be1".repeat(16);
    let bodies = [
        format!("virt=docker op=start uuid={id}"),
        format!("virt=docker op=stop  uuid={id} vm=\"web\""),
        "op=_ping vm=? vm-pid=? user=origin auid=1000 exe=? hostname=? reason=api".into(),
        "vm=docker.io/a/b@sha256:00 user=? auid=4294967295 reason=api op=exec vm-pid=17 exe=sh \
         hostname=1235c5a6476b "
            .into(),
        "{Action=create, ID=4be1, Username=admin, LoginUID=1000, PID=4711}".into(),
        "type=docker action=start uname=admin cmd=[/bin/sh] image=centos name=c1".into(),
    ];
    let mut log = Log::default();
    for program in ["/usr/bin/dockerd-current", "/usr/bin/docker"] {
        for body in &bodies {
            let suffix = format!("exe=\"{program}\" hostname=? addr=? terminal=? res=success");
            let kernel = "pid=1 uid=0 auid=4294967295 ses=4294967295 subj=a:b:docker_t:s0";
            log.raw(1, "VIRT_CONTROL", &format!("{kernel} msg='{body} {suffix}'"));
        }
    }
    log.start(2, 1);
    let (found, counts) = verified(&log.text);
    assert_eq!((found, counts.records), (vec![], 1));
    assert_eq!(
        notes(&counts),
        [
            "1 6 /usr/bin/dockerd-current is not libvirt, and its records are about no guest",
            "7 6 /usr/bin/docker is not libvirt, and its records are about no guest",
        ]
    );
    let report = log.details();
    let Store { line_counts, programs, .. } = report.store();
    assert_eq!((line_counts.used, line_counts.other), (1, 12));
    assert_eq!((line_counts.malformed, line_counts.cut), (0, 0));
    let programs: Vec<_> = programs.iter().map(|(name, records)| (&name[..], *records)).collect();
    assert_eq!(programs, [(&b"/usr/bin/docker"[..], 6), (b"/usr/bin/dockerd-current", 6)]);
    assert_eq!(sessions(&report), ["g1 running 2-?"]);
}

#[test]
fn a_program_s_name_in_a_value_is_no_program() {
    // libaudit's own `exe=` follows all values.
    let guest = format!("vm=\"g1\" uuid={}", uuid(1));
    for body in [
        format!(
            "resrc=evdev reason=attach {guest} path=/dev/x exe=\"/usr/bin/docker\" res=success"
        ),
        "resrc=evdev reason=attach exe=\"/usr/bin/docker\" vm=\"g1\"".into(),
    ] {
        let mut log = Log::default();
        log.virt(1, "VIRT_RESOURCE", &body, true);
        let (found, counts) = verified(&log.text);
        assert!(!found.is_empty(), "{body}");
        assert_eq!(notes(&counts), [""; 0]);
    }
    // A guest of another program can't break out of its fields either.
    let mut log = Log::default();
    log.virt(1, "VIRT_CONTROL", &format!("op=start reason=a {guest} vm-pid=1 op=stop"), true);
    let text = String::from_utf8(log.text).unwrap().replace("/usr/sbin/libvirtd", "/opt/x");
    let (found, _) = verified(text.as_bytes());
    assert_eq!(found, ["1: forged the field op= appears twice"]);
}
