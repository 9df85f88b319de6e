//! Logs of the kinds that people publish: old, shipped, pasted, interpreted, or of other programs.
//! The contents of each are known, and nothing else may be claimed.

use crate::program::{stderr, text, viraudit};
use std::process::Output;

const UUID: &str = "5e0b7a91-3c4d-4f6e-9a18-27c3d4e5f607";

/// A log, and what is right about it.
struct Log {
    what: &'static str,
    text: String,
    /// The sessions: guest, user, start and state.
    sessions: &'static [&'static str],
    /// A part of what `report` says besides.
    said: &'static str,
    /// The exit statuses of `report` and `verify`.
    exits: (i32, i32),
    /// A part of each line of `verify` but the last.
    findings: &'static [&'static str],
}

/// A record of a start on 2024-03-01 at 08:00:00 UTC, and the stop one minute later.
fn records(suffix: &str) -> [String; 2] {
    [("start", "booted", 0, 90), ("stop", "shutdown", 60, 97)].map(|(op, reason, after, serial)| {
        format!(
            "type=VIRT_CONTROL msg=audit({}.250:{serial}): pid=911 uid=0 auid=1003 ses=4 \
             subj=system_u:system_r:virtd_t:s0 msg='virt=kvm op={op} reason={reason} vm=\"mail\" \
             uuid={UUID} vm-pid=5120 exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? \
             res=success'{suffix}\n",
            1_709_280_000 + after
        )
    })
}

const STOPPED: &[&str] = &["mail carol 2024-03-01T08:00:00.250Z stopped"];
const NOT_0X1D: &[&str] =
    &["note: interpreted fields (UID=, AUID=, ...) do not follow the byte 0x1D"];

fn logs() -> Vec<Log> {
    let enriched = |separator: &str| {
        records(&format!("{separator}UID=\"root\" AUID=\"carol\" ID=\"carol\"")).concat()
    };
    let syslog = |tag: &str| {
        let line = |record: &String| format!("Mar  1 08:00:00 kvm4 {tag}: {record}");
        records("").iter().map(line).collect::<String>()
    };
    let all_well = |what, text, findings| {
        let (said, exits) = ("", (0, 0));
        Log { what, text, sessions: STOPPED, said, exits, findings }
    };
    vec![
        all_well("a blank for 0x1D", enriched(" "), NOT_0X1D),
        all_well("the octal form of 0x1D", enriched("#035"), NOT_0X1D),
        all_well("the caret form of 0x1D", enriched("^]"), NOT_0X1D),
        all_well("no separator", enriched(""), NOT_0X1D),
        all_well("0x1D", enriched("\x1d"), &[]),
        Log {
            what: "fields behind the quote that are no interpretation",
            text: enriched(" uid=0 "),
            sessions: &["mail 1003 2024-03-01T08:00:00.250Z stopped"],
            said: "",
            exits: (0, 1),
            findings: &["forged: text after the closing quote:  uid=0"],
        },
        Log {
            what: "blanks and tabs at the ends of lines",
            text: records(" \t \r").concat(),
            sessions: &["mail 1003 2024-03-01T08:00:00.250Z stopped"],
            said: "",
            exits: (0, 0),
            findings: &[],
        },
        Log {
            what: "libvirt 0.9 on an old libaudit",
            text: format!(
                "type=VIRT_RESOURCE msg=audit(1302509640.120:77): user pid=1411 uid=0 auid=500 \
                 ses=1 msg='resrc=net reason=start vm=\"mail\" uuid={UUID} old-net='?' \
                 new-net='52:54:00:0a:0b:0c': exe=\"/usr/sbin/libvirtd\" (hostname=?, addr=?, \
                 terminal=? res=success)'\n\
                 type=VIRT_CONTROL msg=audit(1302509640.310:78): user pid=1411 uid=0 auid=500 \
                 ses=1 msg='op=start reason=booted vm=\"mail\" uuid={UUID}: \
                 exe=\"/usr/sbin/libvirtd\" (hostname=?, addr=?, terminal=? res=success)'\n"
            ),
            sessions: &["mail 500 2011-04-11T08:14:00.310Z running"],
            said: "",
            exits: (0, 0),
            findings: &["note: the format is that of libvirt before 0.10 or of an old libaudit"],
        },
        Log {
            what: "another program's records about no guest",
            text: format!(
                "type=VIRT_CONTROL msg=audit(1709280001.000:91): pid=640 uid=0 auid=4294967295 \
                 ses=4294967295 subj=u:r:t:s0 msg='op=_ping reason=api vm=? vm-pid=? user=? auid=? \
                 hostname=kvm4 exe=\"/usr/bin/dockerd\" hostname=? addr=? terminal=? \
                 res=success'\n{}",
                records("\x1dAUID=\"carol\"").concat()
            ),
            sessions: STOPPED,
            said: "1 record of /usr/bin/dockerd: not from libvirt, and about no guest",
            exits: (0, 0),
            findings: &["note: /usr/bin/dockerd is not libvirt"],
        },
        Log {
            what: "ausearch -i",
            text: format!(
                "----\ntype=VIRT_CONTROL msg=audit(03/01/2024 08:00:00.250:90) : pid=911 uid=root \
                 auid=carol ses=4 msg='virt=kvm op=start reason=booted vm=mail uuid={UUID} \
                 vm-pid=5120 exe=/usr/sbin/libvirtd hostname=? addr=? terminal=? res=success' \n"
            ),
            sessions: &[],
            said: "1 line is ausearch -i output: use ausearch --raw",
            exits: (1, 1),
            findings: &["unread: 1 line is ausearch -i output"],
        },
        Log {
            what: "syslog under a tag of the admin's",
            text: syslog("kvmaudit"),
            sessions: &[],
            said: "2 lines hold audit records under the tag kvmaudit, which isn't the audit \
                   system's: --tag kvmaudit reads them",
            exits: (1, 1),
            findings: &["unread: 2 lines hold audit records under the tag kvmaudit"],
        },
        Log {
            what: "the kernel's lines with a monotonic time",
            text: format!(
                "[  711.100017] kvm4 kernel: audit: {}[  771.200018] kvm4 kernel: audit: {}",
                records("")[0].replace("VIRT_CONTROL msg=", "2500 "),
                records("")[1].replace("VIRT_CONTROL msg=", "2500 ")
            ),
            sessions: &["mail 1003 2024-03-01T08:00:00.250Z stopped"],
            said: "",
            exits: (0, 0),
            findings: &[],
        },
        Log {
            what: "journald's lines with numbers for names, in another zone",
            text: format!(
                "Fri 2024-03-01 10:00:00 EET kvm4 audit[911]: AUDIT2500 {}",
                records("")[0].split_once("): ").unwrap().1
            ),
            sessions: &["mail 1003 2024-03-01T08:00:00.000Z running"],
            said: "",
            exits: (0, 0),
            findings: &[],
        },
        Log {
            what: "a zone of several offsets",
            text: format!(
                "Fri 2024-03-01 10:00:00 IST kvm4 audit[911]: VIRT_CONTROL {}",
                records("")[0].split_once("): ").unwrap().1
            ),
            sessions: &["mail 1003 2024-03-01T10:00:00.000Z running"],
            said: "the zone IST, which isn't known",
            exits: (0, 1),
            findings: &["time: "],
        },
        Log {
            what: "libvirtd's own log",
            text: format!(
                "2024-03-01 08:00:00.250+0000: 911: info : virDomainAuditLifecycle:714 : success=yes \
                 virt=qemu op=start reason=booted vm=\"mail\" uuid={UUID} vm-pid=5120\n"
            ),
            sessions: &["mail null 2024-03-01T08:00:00.250Z running"],
            said: "1 line is from libvirt's own log: without serial numbers, records that are \
                   missing can't be found",
            exits: (0, 0),
            findings: &["note: 1 line is from libvirt's own log"],
        },
    ]
}

/// The sessions in `report --format json`.
fn sessions(output: &Output) -> Vec<String> {
    let session = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let [vm, user, start, state] = ["vm", "user", "start", "state"]
            .map(|key| object[key].as_str().unwrap_or("null").to_owned());
        format!("{vm} {user} {start} {state}")
    };
    text(&output.stdout).lines().map(session).collect()
}

#[test]
fn nothing_is_claimed_that_a_published_log_does_not_say() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    for log in logs() {
        std::fs::write(&path, &log.text).unwrap();
        let run = |args: &[&str]| viraudit(args).arg(&path).env("TZ", "UTC").output().unwrap();
        let report = run(&["report", "--format", "json"]);
        assert_eq!(sessions(&report), log.sessions, "{}", log.what);
        assert!(stderr(&report).contains(log.said), "{}: {}", log.what, stderr(&report));
        let is_said = !stderr(&report).is_empty();
        assert_eq!(is_said, !log.said.is_empty(), "{}: {}", log.what, stderr(&report));
        let verify = run(&["verify"]);
        let lines: Vec<&str> = std::str::from_utf8(&verify.stdout).unwrap().lines().collect();
        let findings = &lines[..lines.len().saturating_sub(1)];
        assert_eq!(findings.len(), log.findings.len(), "{}: {findings:?}", log.what);
        for (found, expected) in findings.iter().zip(log.findings) {
            assert!(found.contains(expected), "{}: {found}", log.what);
        }
        let exits = (report.status.code(), verify.status.code());
        assert_eq!(exits, (Some(log.exits.0), Some(log.exits.1)), "{}", log.what);
    }
}
