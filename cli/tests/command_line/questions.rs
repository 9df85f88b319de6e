//! The questions of an auditor, and what answers them, on a log of three hosts.
//!
//! `REFRESH=1 cargo test -p viraudit-cli --test command_line questions` writes examples/three-hosts.log
//! and docs/questions.md anew.

mod three_hosts;

use crate::golden::compare;
use crate::program::{root, stderr, text, viraudit};
use serde_json::Value;
use std::fs;
use std::process::Output;

#[path = "../../src/report/questions.rs"]
#[allow(dead_code, reason = "the help is the program's")]
mod list;

use list::QUESTIONS;

const LOG: &str = "examples/three-hosts.log";

fn run(options: &str, more: &[&str]) -> Output {
    let quoted = options.split('\'').enumerate();
    let words = quoted.flat_map(|(i, part)| match i % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    // Tests run at the same time, so the log is written only when it differs.
    let (log, path) = (three_hosts::log(), root().join(LOG));
    if fs::read_to_string(&path).ok().as_ref() != Some(&log) {
        compare(LOG, &log);
    }
    let words: Vec<String> = words.collect();
    let mut command = viraudit(["report"]);
    command.args(words).args(more).arg(LOG).env("TZ", "UTC");
    command.output().unwrap()
}

/// The objects that a command prints.
fn objects(options: &str) -> Vec<Value> {
    let output = run(options, &["--format", "json"]);
    assert_eq!(stderr(&output), "", "{options}");
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Some values of each object: `VALUE VALUE`.
fn answer(options: &str, keys: &[&str]) -> Vec<String> {
    let value = |object: &Value, key: &str| match &object[key] {
        Value::Null => "-".to_owned(),
        // The time of day.
        Value::String(text) if text.starts_with("2026-03-02T") => text[11..16].to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("+")
        }
        other => other.to_string(),
    };
    let line =
        |object: &Value| keys.iter().map(|key| value(object, key)).collect::<Vec<_>>().join(" ");
    objects(options).iter().map(line).collect()
}

/// The remark below an answer. Most answers have none.
fn note(question: usize) -> &'static str {
    match question {
        10 => {
            "A guest that still runs counts only up to its host's last record. Here that is db1's arrival on kvm2, so the log \
             shows no\nlonger time than `0s`."
        }
        11 => {
            "Failed attaches, failed starts and denials count, too. With `--at TIME`, only guests that held such a thing at that \
             moment\nare shown."
        }
        17 => {
            "A row whose result is `granted` (SELinux) or `audit` (AppArmor), or that has `permissive=true`, was not refused. \
             Counts of\ndenials leave out the first two."
        }
        _ => "",
    }
}

/// docs/questions.md is the golden file of all answers.
#[test]
fn the_page_has_every_question_and_its_answer() {
    let mut page = String::from(
        "# Questions and answers\n\n\
         Twenty questions of an auditor, each with the command that answers it. `viraudit report --help` and\n\
         viraudit-report(1) list the same ones. The help has every option and the forms of TIME; [report.md](report.md) has the\n\
         filters and keys. `--format json`, `csv` and `html` work with every command. [tours.md](tours.md#ten-questions) has ten\n\
         questions of this kind.\n\n\
         The log is `examples/three-hosts.log` of the source tree: a day of the hosts kvm1, kvm2 and kvm3, whose libvirtd records\n\
         its clients. Without a file, a command reads this host's own log. The times here are in UTC (`--timezone UTC`); without\n\
         that option, times are local, also those of `--start`, `--end` and `--at` without a zone.\n",
    );
    for (number, (question, options)) in (1..).zip(QUESTIONS) {
        let command = format!("viraudit report {options}").trim_end().to_owned();
        let output = run(options, &[]);
        assert_eq!((output.status.code(), &*stderr(&output)), (Some(0), ""), "{question}");
        page += &format!("\n## {number}. {question}\n\n    $ {command} {LOG}\n");
        for line in text(&output.stdout).lines() {
            page += format!("    {line}").trim_end();
            page.push('\n');
        }
        match note(number) {
            "" => {}
            note => page += &format!("\n{note}\n"),
        }
    }
    compare("docs/questions.md", &page);
}

#[test]
fn every_question_has_an_answer_in_every_format() {
    for (question, options) in QUESTIONS {
        for (format, begins) in [("json", "{\""), ("csv", ""), ("html", "<!doctype html>")] {
            let output = run(options, &["--format", format]);
            assert_eq!((output.status.code(), &*stderr(&output)), (Some(0), ""), "{question}");
            let answer = text(&output.stdout);
            assert!(!answer.is_empty() && answer.starts_with(begins), "{format}: {question}");
        }
    }
}

#[test]
fn every_question_is_in_the_help_and_in_the_manual_page() {
    let help = text(&viraudit(["report", "--help"]).output().unwrap().stdout);
    let manual = fs::read_to_string(root().join("docs/man/viraudit-report.1")).unwrap();
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let manual = flat(&manual.replace("\\-", "-").replace("\\*(Aq", "'").replace("\\(aq", "'"));
    for (question, options) in QUESTIONS {
        for (what, text) in [("help", &flat(&help)), ("page", &manual)] {
            assert!(text.contains(&flat(question)), "{what}: {question}");
            assert!(
                text.contains(&flat(&format!("viraudit report {options}"))),
                "{what}: {options}"
            );
        }
    }
}

#[test]
fn the_answers_are_right() {
    for (options, keys, expected) in [
        (
            "",
            &["vm", "host", "user", "start", "state"][..],
            &[
                "web1 kvm1 alice 08:00 stopped",
                "db1 kvm1 bob 08:05 stopped",
                "build1 kvm3 root 08:10 down",
                "web2 kvm2 alice 08:30 stopped",
                "gpu1 kvm3 bob 10:30 failed",
                "web2 kvm2 alice 12:30 failed",
                "web2 kvm2 bob 12:40 running",
                "db1 kvm2 root 14:00 running",
                "build1 kvm3 root 17:05 lost",
                "build1 kvm3 alice 18:00 running",
            ][..],
        ),
        (
            "--guests",
            &["vm", "hosts", "runs", "user", "failed_starts", "denials", "idle_since"],
            &[
                "build1 kvm3 3 alice 0 0 -",
                "db1 kvm1+kvm2 2 bob 0 0 -",
                "gpu1 kvm3 0 bob 1 0 -",
                "web1 kvm1 1 alice 0 1 15:00",
                "web2 kvm2 2 bob 1 1 -",
            ],
        ),
        (
            "--operations --user carol",
            &["time", "vm", "success", "text"],
            &[
                "09:00 db1 true disk /dev/sdb attached to db1",
                "09:20 db1 true disk /srv/secret/keys.img attached to db1",
                "09:30 db1 false disk /srv/secret/old.img could not be attached to db1",
                "13:00 db1 true disk /srv/secret/keys.img detached from db1",
            ],
        ),
        // The device node and the tap devices belong to the operations.
        (
            "--operations --vm db1 --kind disk,net,dev --reason attach,detach",
            &["text", "proof"],
            &[
                "disk /dev/sdb attached to db1 1772442000.000:4019+1772442000.007:4020",
                "disk /srv/secret/keys.img attached to db1 1772443200.000:4021",
                "disk /srv/secret/old.img could not be attached to db1 1772443800.000:4022",
                "network interface 52:54:00:00:00:06 attached to db1 \
             1772445600.000:4023+1772445600.007:4024+1772445600.014:4025",
                "disk /dev/sdb detached from db1 1772451000.000:4029+1772451000.007:4030",
                "disk /srv/secret/keys.img detached from db1 1772456400.000:4031",
                "host device 0000:03:00.0 detached from db1 1772456400.007:4032+1772456400.014:4033",
            ],
        ),
        // A start is one operation, whatever it takes.
        (
            "--operations --vm web1",
            &["text", "success"],
            &["web1 started (booted) true", "web1 stopped (shutdown) true"],
        ),
        (
            "--vm db1 --changes --host kvm1 --kind mem,vcpu",
            &["kind", "resource", "old", "new"],
            &["session - - -", "resource mem 2097152 4194304", "resource vcpu 2 4"],
        ),
        // Held since the start, attached since, and not what was detached.
        (
            "--vm db1 --at 2026-03-02T12:00:00Z --kind disk,net,dev,mem",
            &["kind", "resource", "time", "new"],
            &[
                "session - - -",
                "held dev 08:05 0000:03:00.0",
                "held disk 08:05 /srv/db1.qcow2",
                "held net 08:05 52:54:00:00:00:02",
                "held disk 09:20 /srv/secret/keys.img",
                "held net 10:00 52:54:00:00:00:06",
                "held mem 11:00 4194304",
            ],
        ),
        (
            "--at 2026-03-02T12:00:00Z",
            &["vm", "host"],
            &["web1 kvm1", "db1 kvm1", "build1 kvm3", "web2 kvm2"],
        ),
        // Between its crash and its next start.
        ("--at 2026-03-02T12:35:00Z --host kvm2", &["vm"], &[]),
        ("--at 2026-03-02T12:35:00Z --host kvm*", &["vm"], &["web1", "db1", "build1"]),
        // Sessions that also have such an event, whenever it was.
        ("--at 2026-03-02T12:00:00Z --reason migrated", &["vm"], &["db1"]),
        ("--at 2026-03-02T12:00:00Z --failed", &["vm"], &["db1"]),
        ("--at 2026-03-02T12:00:00Z --failed --path /srv/db1.qcow2", &["vm"], &["db1"]),
        (
            "--at 2026-03-02T12:00:00Z --reason migrated --kind net",
            &["kind", "vm"],
            &["session db1", "held db1", "held db1"],
        ),
        ("--at 2026-03-02T12:00:00Z --reason migrated --path /srv/web2.qcow2", &["vm"], &[]),
        ("--at 2026-03-02T12:00:00Z --user carol --mac 52:54:00:00:00:06", &["vm"], &["db1"]),
        ("--at 2026-03-02T12:00:00Z --user alice", &["vm"], &["web1", "web2"]),
        // A failed start never ran.
        ("--at 2026-03-02T10:30:00Z --failed starts", &["vm"], &[]),
        ("--with db1", &["vm", "host", "together_ms"], &["web1 kvm1 21359937", "web2 kvm2 0"]),
        // Only the time in the range counts, which includes the last second.
        (
            "--with db1 --start 2026-03-02T09:00:00Z --end 2026-03-02T10:00:00Z",
            &["vm", "together_ms"],
            &["web1 3600999"],
        ),
        (
            "--guests --vm web1 --start 2026-03-02T09:00:00Z --end 2026-03-02T10:00:00Z",
            &["vm", "running_ms"],
            &["web1 3600999"],
        ),
        (
            "--path /srv/secret/**",
            &["vm", "host", "start"],
            &["db1 kvm1 08:05", "build1 kvm3 08:10", "build1 kvm3 17:05", "build1 kvm3 18:00"],
        ),
        ("--path /srv/secret/share/x --vm b*1 --host kvm3 --state lost", &["vm"], &["build1"]),
        // It was detached before.
        ("--path /srv/secret/keys.img --start 2026-03-02T13:30:00Z", &["vm"], &[]),
        ("--path /srv/secret/keys.img --start 2026-03-02T12:30:00Z", &["vm"], &["db1"]),
        (
            "--operations --path /srv/secret/keys.img",
            &["time", "user", "operation"],
            &["09:20 carol attach", "13:00 carol detach"],
        ),
        ("--mac 52-54-00-00-00-06", &["vm", "host"], &["db1 kvm1"]),
        ("--device 03:00.0", &["vm", "host"], &["db1 kvm1"]),
        (
            "--operations --failed operations",
            &["host", "text"],
            &["kvm1 disk /srv/secret/old.img could not be attached to db1"],
        ),
        (
            "--all-events --kind avc,landlock,seccomp",
            &["kind", "vm", "target"],
            &[
                "session web1 -",
                "avc web1 /etc/shadow",
                "session web2 -",
                "avc web2 /srv/web2.qcow2",
            ],
        ),
        ("--state lost,down", &["vm", "state"], &["build1 down", "build1 lost"]),
        ("--host kvm2 --reason migrated", &["vm", "reason"], &["db1 migrated"]),
        ("--summary", &["sessions", "starts", "stops", "failed_operations"], &["10 8 4 4"]),
        // Only events that fit are counted.
        ("--summary --kind avc", &["sessions", "starts", "resources", "avcs"], &["2 0 0 2"]),
        ("--summary --user carol --kind disk", &["resources", "failed_operations"], &["3 1"]),
        ("--guests --kind disk --vm web1", &["vm", "denials"], &["web1 0"]),
    ] {
        let output = run(options, &["--format", "json"]);
        let status = if expected.is_empty() { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(status), "{options}: {}", stderr(&output));
        if status == 0 {
            assert_eq!(answer(options, keys), expected, "{options}");
        }
    }
}

#[test]
fn a_failed_start_names_its_cause() {
    let causes = |vm: &str| {
        let found = objects(&format!("--failed starts --vm {vm}"));
        assert_eq!(found.len(), 1, "{vm}");
        found[0]["causes"].clone()
    };
    let web2 = causes("web2");
    assert_eq!(web2.as_array().unwrap().len(), 1, "{web2}");
    assert_eq!(web2[0]["cause"], "denial");
    assert_eq!(web2[0]["likely"], true);
    let text = "SELinux denied qemu-system-x86 (process 2302) open on /srv/web2.qcow2";
    assert_eq!(web2[0]["text"], text);
    let gpu1 = causes("gpu1");
    assert_eq!((&gpu1[0]["cause"], &gpu1[0]["likely"]), (&"operation".into(), &true.into()));
    assert_eq!(gpu1[0]["text"], "access to /dev/vfio/99 (rw) could not be allowed for gpu1");
    // A blank or an equals sign, and alone as ever.
    let of = |options: &str| answer(options, &["vm"]);
    assert_eq!(of("--failed=starts"), of("--failed starts"));
    assert_eq!(of("--failed"), ["db1", "gpu1", "web2"]);
}

#[test]
fn every_format_has_the_name_and_the_session_in_each_row() {
    let session = "kvm1/00000001-2f8b-4b7a-9d9c-0123456789ab/2026-03-02T08:00:00.056Z";
    for options in ["--vm web1 --all-events", "--vm web1 --operations"] {
        for format in ["table", "json", "csv"] {
            let output = run(options, &["--format", format]);
            let found = text(&output.stdout);
            let rows = found.lines().skip(usize::from(format != "json"));
            let is_table = format == "table";
            for row in rows {
                assert!(row.contains("web1"), "{format}: {row}");
                let is_event = !is_table || row.starts_with("  ");
                assert!(row.contains(session) || !is_event, "{format}: {row}");
            }
        }
    }
}

#[test]
fn impossible_values_are_named() {
    for (options, message) in [
        (
            "--state stoped",
            "invalid value 'stoped' for '--state <STATE,...>' [possible values: running, stopped, failed, lost, down, seen, unstarted]",
        ),
        (
            "--kind disc",
            "invalid value 'disc' for '--kind <KIND,...>' [possible values: disk, fs, ",
        ),
        (
            "--failed=stops",
            "invalid value 'stops' for '--failed[=<starts|operations>]' [possible values: starts, operations]",
        ),
        ("--mac 52:54", "report: --mac '52:54' is not a MAC address, such as 52:54:00:12:34:56"),
        (
            "--device card",
            "report: --device 'card' is not a device's address: 0000:03:00.0 (PCI), ",
        ),
        (
            "--path srv",
            "report: --path 'srv' is not an absolute path, such as /srv/a.img or /srv/**",
        ),
        ("--at never", "report: --at 'never' is not a valid time"),
        ("--at now --kind disk,avc", "report: --at shows resources, and --kind avc is none"),
        ("--guests --operations", "the argument '--guests' cannot be used with '--operations'"),
    ] {
        let output = run(options, &[]);
        let found = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{options}: {found}");
        assert!(found.starts_with(&format!("viraudit: {message}")), "{options}: {found}");
        assert_eq!(found.lines().count(), 1, "{options}: {found}");
    }
    let output = run("--operations --vm web1 --kind disk", &[]);
    assert_eq!((output.status.code(), &*stderr(&output)), (Some(1), "viraudit: nothing found\n"));
}

#[test]
fn a_time_that_the_log_does_not_have_is_named() {
    let range =
        ": the log's records are from 2026-03-02 08:00:00+00:00 to 2026-03-02 18:00:00+00:00";
    for (options, reason) in [
        ("--at 2026-03-02T07:59:00Z", range),
        ("--at 2026-03-03 --vm web1", range),
        ("--end 2026-03-01", range),
        ("--start 2026-03-03 --vm web1", range),
        ("--operations --start 2026-03-03", range),
        ("--at 2026-03-02T12:35:00Z --vm web2", ""),
        ("--start 2026-03-02T07:00:00Z --end 2026-03-03 --vm nobody", ""),
    ] {
        let output = run(options, &["--timezone", "UTC"]);
        assert_eq!(output.status.code(), Some(1), "{options}");
        assert_eq!(stderr(&output), format!("viraudit: nothing found{reason}\n"), "{options}");
    }
}

#[test]
fn what_still_runs_counts_up_to_the_last_record_of_its_host() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    let log = three_hosts::log();
    let starts =
        log.lines().filter(|line| line.contains("node=kvm1 ") && line.contains("op=start"));
    let login =
        "node=kvm1 type=USER_LOGIN msg=audit(1772442000.000:4017): pid=1 uid=0 auid=0 ses=1";
    let lines: Vec<&str> = starts.chain([login]).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    // Whatever its type, and whether or not events are shown.
    for options in [&[][..], &["--all-events"]] {
        let mut command = viraudit(["report", "--with", "db1", "--format", "json"]);
        let output = command.args(options).arg(&path).output().unwrap();
        let first = text(&output.stdout).lines().next().map(str::to_owned).unwrap();
        let session: Value = serde_json::from_str(&first).unwrap();
        let db1 = 1_772_438_700_063;
        assert_eq!(session["together_ms"], 1_772_442_000_000_i64 - db1, "{options:?}");
    }
}

#[test]
fn a_start_that_is_only_prepared_shows_no_guest() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.log");
    // What comes before the first start.
    let log = three_hosts::log();
    let before: Vec<&str> = log.lines().take_while(|line| !line.contains("op=start")).collect();
    fs::write(&path, before.join("\n") + "\n").unwrap();
    for format in ["table", "json"] {
        let args = ["report", "--guests", "--state", "unstarted", "--format", format];
        let output = viraudit(args).arg(&path).output().unwrap();
        assert_eq!(text(&output.stdout), "", "{format}");
        assert_eq!(
            (output.status.code(), &*stderr(&output)),
            (Some(1), "viraudit: nothing found\n")
        );
    }
}

#[test]
fn the_log_is_whole() {
    let output = viraudit(["verify", LOG]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), stderr(&output));
}
