//! The log of libvirt's own daemons, where `audit_logging = 1` copies each record.

mod support;

use support::{EPOCH, clock, events, report, sessions, uuid};
use viraudit_trail::events::Wants;
use viraudit_trail::report::Filter;
use viraudit_trail::time::utc;
use viraudit_trail::verify::{Counts, verify_text};

const DETAILS: Wants = Wants { details: true, failed: false };

fn verified(text: &str) -> (Vec<String>, Counts) {
    let mut found = Vec::new();
    let counts = verify_text(text.as_bytes(), &clock(), |finding| {
        found.push(format!("{}: {} {}", finding.line, finding.damage.name(), finding.message));
    });
    (found, counts)
}

/// The records of a session, each with its second, its result and the function that logs it.
fn records() -> Vec<(u64, bool, &'static str, String)> {
    let guest = format!("vm=\"g1\" uuid={}", uuid(1));
    vec![
        (
            0,
            true,
            "virDomainAuditSecurityLabel:857",
            format!("virt=qemu {guest} vm-ctx=a:b:c:s0 img-ctx=a:b:d:s0 model=selinux"),
        ),
        (
            0,
            true,
            "virDomainAuditGenericDev:115",
            format!("virt=qemu resrc=disk reason=start {guest} old-disk=\"?\" new-disk=\"/a\""),
        ),
        (
            0,
            true,
            "virDomainAuditResource:691",
            format!("virt=qemu resrc=mem reason=start {guest} old-mem=0 new-mem=1024"),
        ),
        (
            1,
            true,
            "virDomainAuditLifecycle:737",
            format!("virt=qemu op=start reason=booted {guest} vm-pid=77"),
        ),
        (
            5,
            false,
            "virDomainAuditLifecycle:737",
            format!("virt=qemu op=stop reason=shutdown {guest} vm-pid=0"),
        ),
        (
            9,
            true,
            "virDomainAuditLifecycle:737",
            format!("virt=qemu op=stop reason=shutdown {guest} vm-pid=0"),
        ),
    ]
}

/// The records in a format, which gets the time, the level, the function and the message.
fn log(format: impl Fn(u64, &str, &str, &str) -> String) -> String {
    let line = |(at, ok, function, body): &(u64, bool, &str, String)| {
        let level = if *ok { "info" } else { "warning" };
        let result = if *ok { "yes" } else { "no" };
        format(*at, level, function, &format!("success={result} {body}")) + "\n"
    };
    records().iter().map(line).collect()
}

fn file(at: u64, level: &str, function: &str, message: &str) -> String {
    let time = utc((EPOCH + at) as i64 * 1000).replace('T', " ").replace('Z', "+0000");
    format!("{time}: 11757: {level} : {function} : {message}")
}

fn json(at: u64, exe: &str, message: &str) -> String {
    let micros = ((EPOCH + at) * 1_000_000).to_string();
    serde_json::json!({
        "_TRANSPORT": "journal", "SYSLOG_IDENTIFIER": "libvirtd", "_EXE": exe,
        "__REALTIME_TIMESTAMP": micros, "CODE_FUNC": "virDomainAuditLifecycle", "MESSAGE": message,
    })
    .to_string()
}

#[test]
fn records_are_read_from_the_file_the_journal_and_syslog() {
    let iso = |at: u64| utc((EPOCH + at) as i64 * 1000).replace('Z', "+0000");
    let texts = [
        log(file),
        log(|at, _, _, message| format!("{} h1 libvirtd[11757]: {message}", iso(at))),
        log(|at, _, _, message| format!("{} h1 virtqemud[11757]: {message}", iso(at))),
        log(|at, level, function, message| {
            format!("{} h1 libvirtd: 11757: {level} : {function} : {message}", iso(at))
        }),
        log(|at, _, _, message| json(at, "/usr/sbin/libvirtd", message)),
        // libvirtd itself sends no tag to the journal.
        log(|at, _, _, message| {
            json(at, "/usr/sbin/virtqemud", message).replace("SYSLOG_IDENTIFIER", "PRIORITY")
        }),
    ];
    for text in texts {
        let report = report(text.as_bytes(), DETAILS, Filter::default());
        assert_eq!(sessions(&report), ["g1 stopped 1-9"], "{text}");
        let session = report.sessions().next().unwrap();
        assert_eq!((&*session.virt, session.pid, session.user), ("qemu", Some(77), None));
        assert!(session.proof.is_empty(), "there are no serial numbers");
        assert_eq!(
            events(&report, &["start", "stop", "label", "resource"], &["success", "new"]),
            [
                "g1 label true -",
                "g1 resource true /a",
                "g1 resource true 1024",
                "g1 start true -",
                "g1 stop false -",
                "g1 stop true -",
            ]
        );
        assert!(!report.store().line_counts.is_damaged(), "{text}");
        let (found, counts) = verified(&text);
        assert_eq!(found, [""; 0], "{text}");
        let notes: Vec<_> = counts.notes.iter().map(|note| (note.line, note.records)).collect();
        assert_eq!((notes, counts.records), (vec![(1, 6)], 6));
        assert!(counts.notes[0].message.contains("libvirt's own log: without serial numbers"));
    }
}

#[test]
fn other_messages_are_no_records_and_no_damage() {
    let record = &log(file);
    let start = record.lines().nth(3).unwrap();
    let body = start.split_once(" : success").unwrap().1;
    let text = [
        file(0, "info", "libvirt version:", "9.0.0, package: 9.0.0-4 (Debian)"),
        file(0, "error", "virNetSocketReadWire:1791", "End of file while reading data"),
        file(0, "error", "qemuProcessReportLogError:2047", "process exited while connecting:"),
        "qemu-system-x86_64: -drive file=/a: Could not open".into(),
        "  <domain type='kvm'>".into(),
        // A guest's or a program's text in a message.
        file(0, "error", "qemuProcessReportLogError:2047", &format!("success{body}")),
        file(
            0,
            "error",
            "qemuMonitorIO:1",
            &format!("x : virDomainAuditLifecycle:1 : success{body}"),
        ),
        json(1, "/usr/bin/logger", &format!("success{body}")),
        start.to_owned(),
    ]
    .join("\n");
    let read = report(text.as_bytes(), DETAILS, Filter::default());
    assert_eq!(sessions(&read), ["g1 running 1-?"]);
    assert_eq!(read.store().line_counts.used, 1);
    assert!(!read.store().line_counts.is_damaged());
    let (found, counts) = verified(&text);
    assert_eq!((found, counts.records), (vec![], 1));
    // Only the rest of a message may be any text.
    let rubbish = report(b"rubbish\nmore of it\n", DETAILS, Filter::default());
    assert_eq!(rubbish.store().line_counts.malformed, 2);
    let (found, _) = verified(&format!("rubbish\n{start}\nype=VIRT_CONTROL msg=audit(1.0:3): x\n"));
    assert_eq!(found, ["1: malformed not an audit record", "3: malformed not an audit record"]);
}

#[test]
fn damage_is_found_there_too() {
    let text = log(file);
    for (from, to, expected) in [
        ("vm-pid=77", "vm-pid=77 words", "4: forged a value has broken out"),
        ("vm-pid=77", "vm-pid=77 op=stop", "4: forged the field op= appears twice"),
        ("op=start", "op=dance", "4: unknown the value of op="),
        (" vm-pid=77", "", "4: malformed the field vm-pid= is missing"),
        ("uuid=00000001-c179-4cea-a185-c7abe50520c7 vm-pid=77", "uuid=1", "4: malformed"),
    ] {
        let (found, _) = verified(&text.replace(from, to));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{to}: {found:?}");
    }
}
