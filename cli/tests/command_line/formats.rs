//! Logs in other formats, as files and through pipes: each form is the same session.

use crate::program::{stderr, text, viraudit};
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

const UUID: &str = "0c4f8a1e-2b3d-4e5f-8091-a2b3c4d5e6f7";

/// The fields of a record.
fn fields(op: &str) -> String {
    format!(
        "pid=812 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:virtd_t:s0-s0:c0.c1023 msg='virt=kvm op={op} reason=booted \
         vm=\"db7\" uuid={UUID} vm-pid=4711 exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res=success'"
    )
}

/// The records of a session of one minute, from 2026-11-21 20:21:57 UTC on.
fn records() -> [(u64, u64, String); 2] {
    [(1_795_292_517, 40, fields("start")), (1_795_292_577, 41, fields("stop"))]
}

/// A log with a line for each record.
fn log(line: impl Fn(u64, u64, &str) -> String) -> String {
    records().iter().map(|(time, serial, fields)| line(*time, *serial, fields)).collect()
}

/// A record as auditd writes it.
fn auditd(time: u64, serial: u64, fields: &str) -> String {
    format!("type=VIRT_CONTROL msg=audit({time}.000:{serial}): {fields}")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The fields of a journal's entry.
fn entry(time: u64, serial: u64, fields: &str) -> [(&'static str, String); 6] {
    [
        ("__REALTIME_TIMESTAMP", format!("{time}000123")),
        ("_TRANSPORT", "audit".into()),
        ("_HOSTNAME", "h1".into()),
        ("_AUDIT_TYPE", "2500".into()),
        ("_AUDIT_ID", serial.to_string()),
        ("MESSAGE", format!("VIRT_CONTROL {fields}")),
    ]
}

fn export(time: u64, serial: u64, fields: &str, binary: bool) -> String {
    let mut text = "__CURSOR=s\n".to_owned();
    for (name, value) in entry(time, serial, fields) {
        if binary && name == "MESSAGE" {
            let len = (value.len() as u64).to_le_bytes();
            text += &format!("{name}\n{}{value}\n", String::from_utf8(len.into()).unwrap());
        } else {
            text += &format!("{name}={value}\n");
        }
    }
    text + "\n"
}

fn pretty(time: u64, serial: u64, fields: &str) -> String {
    let fields = entry(time, serial, fields);
    let lines: Vec<String> =
        (fields.iter().map(|(name, value)| format!("\t\"{name}\" : {}", quoted(value)))).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

fn run(args: &[&str], input: &[u8]) -> Output {
    let mut child = viraudit(args).env("TZ", "UTC").stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// Reads a log from a file, and checks that a pipe gives the same; returns the report and the
/// findings.
fn read(log: &[u8], name: &str) -> (Output, Output) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, log).unwrap();
    let with = |command: &str| {
        let mut command = viraudit([command]);
        command.arg(Path::new(name)).current_dir(directory.path()).env("TZ", "UTC");
        command.output().unwrap()
    };
    let report = with("report");
    assert_eq!(report.stdout, run(&["report", "-"], log).stdout, "{name}");
    (report, with("verify"))
}

#[test]
fn every_form_is_the_same_session() {
    let with_host = [
        ("syslog", log(|t, s, f| format!("Nov 21 20:21:57 h1 audispd: {}\n", auditd(t, s, f)))),
        (
            "rfc5424",
            log(|t, s, f| {
                format!("<13>1 2026-11-21T20:21:57Z h1 audisp-syslog 7 - - {}\n", auditd(t, s, f))
            }),
        ),
        (
            "monotonic",
            log(|t, s, f| format!("[ 12.345678] h1 kernel: audit: {}\n", auditd(t, s, f))),
        ),
        (
            "filebeat",
            log(|t, s, f| {
                format!(
                    "{{\"host\":{{\"name\":\"h1\"}},\"message\":{}}}\n",
                    quoted(&auditd(t, s, f))
                )
            }),
        ),
        (
            "array",
            format!(
                "[{}]\n",
                log(|t, s, f| format!(
                    "{{\"host\":\"h1\",\"log\":{}}},\n",
                    quoted(&auditd(t, s, f))
                ))
            ),
        ),
        (
            "document",
            format!(
                "{{\"events\": [\n{}]}}",
                log(|t, s, f| format!(
                    "{{\"host\":\"h1\",\n\"message\":{}}},\n",
                    quoted(&auditd(t, s, f))
                ))
                .trim_end_matches(",\n")
            ),
        ),
        ("export", log(|t, s, f| export(t, s, f, false))),
        ("export with a length", log(|t, s, f| export(t, s, f, true))),
        ("json-pretty", log(pretty)),
        ("json", log(|t, s, f| pretty(t, s, f).replace('\n', "") + "\n")),
        ("json-seq", log(|t, s, f| format!("\x1e{}\n", pretty(t, s, f).replace('\n', "")))),
    ];
    let without = [
        ("auditd", log(|t, s, f| auditd(t, s, f) + "\n")),
        ("dmesg", log(|t, s, f| format!("[   12.345678] audit: type=2500 audit({t}.000:{s}): {f}\n"))),
        ("dmesg -T", log(|t, s, f| format!("[Sat Nov 21 20:21:57 2026] audit: type=2500 audit({t}.000:{s}): {f}\n"))),
        ("dmesg -x", log(|t, s, f| format!("kern  :notice: [ 1.2] audit: type=2500 audit({t}.000:{s}): {f}\n"))),
        (
            "dmesg --json",
            format!(
                "{{\n   \"dmesg\": [\n      {}\n   ]\n}}\n",
                log(|t, s, f| {
                    let message = quoted(&format!("audit: type=2500 audit({t}.000:{s}): {f}"));
                    format!("{{\n         \"pri\": 5,\n         \"time\":    12.345678,\n         \"msg\": {message}\n      }},")
                })
                .trim_end_matches(',')
            ),
        ),
    ];
    let row = |host: &str| {
        let gap = if host.is_empty() { "" } else { "  " };
        format!(
            "db7{gap}{host}  root  2026-11-21 20:21:57+00:00  2026-11-21 20:22:57+00:00  1m 00s    stopped  booted, booted\n"
        )
    };
    let forms =
        with_host.iter().map(|form| (form, "h1  ")).chain(without.iter().map(|form| (form, "")));
    for ((name, log), host) in forms {
        let (report, verify) = read(log.as_bytes(), name);
        assert_eq!(
            (report.status.code(), stderr(&report)),
            (Some(0), String::new()),
            "{name}\n{log}"
        );
        let found = text(&report.stdout);
        assert_eq!(found.lines().nth(1).map(|line| format!("{line}\n")), Some(row(host)), "{name}");
        let found = text(&verify.stdout);
        assert_eq!(verify.status.code(), Some(0), "{name}: {found}");
        assert!(found.contains(" 2 records about guests, 0 findings"), "{name}: {found}");
    }
}

#[test]
fn a_finding_has_the_line_of_its_entry() {
    let text = format!(
        "{}{}",
        pretty(1_795_292_517, 40, "pid=1 msg='x"),
        pretty(1_795_292_577, 41, &fields("stop"))
    );
    let (_, verify) = read(text.as_bytes(), "pretty");
    assert!(crate::program::text(&verify.stdout).starts_with("pretty:1: cut: "), "{verify:?}");
    let text =
        format!("{}{}", export(1, 1, &fields("start"), true), export(2, 2, "pid=1 msg='x", false));
    let (_, verify) = read(text.as_bytes(), "export");
    // The value's length has no line end of its own.
    assert!(crate::program::text(&verify.stdout).starts_with("export:10: cut: "), "{verify:?}");
}

#[test]
fn what_is_no_log_is_named() {
    for (name, content, kind) in [
        ("a.pcap", &b"\xd4\xc3\xb2\xa1\x02\0"[..], "a network capture (pcap)"),
        ("a.so", b"\x7fELF\x02\x01", "a program (ELF)"),
        ("a.db", b"SQLite format 3\0", "an SQLite database"),
        ("a.evtx", b"ElfFile\0\0", "a Windows event log (evtx)"),
        ("system.journal", b"LPKSHHRH\0", "a journal file: use journalctl --file FILE -o json"),
        ("a.zip", b"PK\x03\x04", "a zip archive: unpack it"),
    ] {
        let (report, verify) = read(content, name);
        for output in [report, verify] {
            let expected = format!("viraudit: can't read {name}: {kind}\n");
            assert_eq!((output.status.code(), stderr(&output)), (Some(3), expected));
        }
    }
    for (name, content, kind) in [
        ("a.yml", "a: b\nc:\n  - d\n", "YAML"),
        ("a.xml", "<domain>\n</domain>\n", "XML"),
        ("audit.rules", "-D\n-w /etc/passwd -p wa\n", "audit rules (auditctl)"),
        ("a.conf", "a = 1\n", "a settings file"),
    ] {
        let (report, verify) = read(content.as_bytes(), name);
        let start = format!("viraudit: no audit records about guests: {name} is {kind}; ");
        assert_eq!(report.status.code(), Some(1));
        assert!(stderr(&report).starts_with(&start), "{}", stderr(&report));
        assert_eq!(
            (verify.status.code(), stderr(&verify)),
            (Some(1), format!("viraudit: {name} is {kind}\n"))
        );
    }
    let (report, verify) = read(b"", "audit.log");
    assert_eq!(stderr(&report), "viraudit: no audit records about guests: audit.log is empty\n");
    assert_eq!((report.status.code(), verify.status.code()), (Some(1), Some(0)));
}

#[test]
fn records_that_are_not_read_are_never_passed_over() {
    let shipped = log(|t, s, f| format!("Nov 21 20:21:57 h1 tag_audit: {}\n", auditd(t, s, f)));
    let interpreted = log(|_, s, f| {
        format!("----\ntype=VIRT_CONTROL msg=audit(11/21/2026 20:21:57.000:{s}) : {f} \n")
    });
    let by_another = "2 lines hold audit records under the tag tag_audit, which isn't the audit system's: \
                      --tag tag_audit reads them";
    for (name, log, line, expected) in [
        ("shipped", &shipped, 1, by_another),
        ("interpreted", &interpreted, 2, "2 lines are ausearch -i output: use ausearch --raw"),
    ] {
        let (report, verify) = read(log.as_bytes(), name);
        let printed = format!("viraudit: no audit records about guests: {expected}\n");
        assert_eq!((report.status.code(), stderr(&report)), (Some(1), printed));
        let found = text(&verify.stdout);
        assert!(found.starts_with(&format!("{name}:{line}: unread: {expected}\n")), "{found}");
        assert_eq!(verify.status.code(), Some(1));
    }
    let tag = ["--tag", "tag_audit", "-"];
    let output = run(&[&["report"], &tag[..]].concat(), shipped.as_bytes());
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    assert!(text(&output.stdout).contains("stopped"));
    let output = run(&[&["verify"], &tag[..]].concat(), shipped.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_time_zone_is_never_taken_for_this_host_s_in_silence() {
    let line = |zone: &str| {
        format!("Tue 2019-06-11 17:53:13 {zone} h1 audit[7]: VIRT_CONTROL {}\n", fields("start"))
    };
    for (zone, time, note) in [
        ("CEST", "2019-06-11 15:53:13+00:00", false),
        ("EDT", "2019-06-11 21:53:13+00:00", false),
        ("+0530", "2019-06-11 12:23:13+00:00", false),
        ("IST", "2019-06-11 17:53:13+00:00", true),
        ("FOO", "2019-06-11 17:53:13+00:00", true),
    ] {
        let (report, verify) = read(line(zone).as_bytes(), "journal");
        assert!(text(&report.stdout).contains(time), "{zone}: {}", text(&report.stdout));
        let expected = format!(
            "1 line has its time in the zone {zone}, which isn't known: read as this host's (TZ sets another)"
        );
        let printed = if note { format!("viraudit: {expected}\n") } else { String::new() };
        assert_eq!((report.status.code(), stderr(&report)), (Some(0), printed));
        assert_eq!(text(&verify.stdout).contains(&format!("journal:1: time: {expected}\n")), note);
    }
}
