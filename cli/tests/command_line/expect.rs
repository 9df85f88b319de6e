//! `viraudit expect` without the kernel: verdicts, exit statuses, and logs that are rotated.

use crate::program::{UUID, stderr, text, viraudit};
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// The line of a record.
fn line(kind: &str, body: &str, serial: u32, result: &str) -> String {
    format!(
        "type={kind} msg=audit(1795292517.231:{serial}): pid=7 uid=0 auid=1000 ses=3 \
         subj=u:r:virtd_t:s0 msg='virt=kvm {body} exe=\"/usr/sbin/libvirtd\" hostname=? addr=? \
         terminal=? res={result}'\n"
    )
}

fn disk(path: &str, serial: u32) -> String {
    let encoded: String = path.bytes().map(|byte| format!("{byte:02X}")).collect();
    let body = format!(
        "resrc=disk reason=attach vm=\"web1\" uuid={UUID} old-disk=\"?\" new-disk={encoded}"
    );
    line("VIRT_RESOURCE", &body, serial, "success")
}

fn control(op: &str, serial: u32, result: &str) -> String {
    let body = format!("op={op} reason=booted vm=\"web1\" uuid={UUID} vm-pid=9");
    line("VIRT_CONTROL", &body, serial, result)
}

/// A start, two disks, a failed stop, and a record of another type.
fn life() -> String {
    let other =
        "type=USER_LOGIN msg=audit(1795292517.231:5): pid=7 uid=0 msg='op=login res=success'\n";
    control("start", 1, "success")
        + &disk("/a b", 2)
        + &disk("/c", 3)
        + other
        + &control("stop", 6, "failed")
}

fn expect(args: &[&str], input: &str) -> Output {
    let mut child =
        viraudit(["expect", "--from", "-"]).args(args).stdin(Stdio::piped()).spawn().unwrap();
    // It may have its verdict before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn verdicts_on_standard_input() {
    for (args, status, said) in [
        (&["vm=web1"][..], 0, ""),
        (&[], 0, ""),
        (&["--vm", "web1", "--type", "VIRT_RESOURCE", "resrc=disk", "new-disk=/a b"], 0, ""),
        (&["--uuid", &UUID.to_uppercase(), "op=stop", "res=failed"], 0, ""),
        (&["uuid=8e4f0f4c2f8b4b7a9d9c0123456789ab"], 0, ""),
        // Of the kernel, of the origin, and the whole text.
        (&["auid=1000", "exe=/usr/sbin/libvirtd", "virt=kvm", "type=VIRT_CONTROL"], 0, ""),
        (&["text~vm-pid=9 .*failed"], 0, ""),
        (&["new-disk~^/a .$"], 0, ""),
        (&["new-disk~^b"], 1, "its new-disk is \"/a b\", not ~\"^b\""),
        (&["--vm", "web2"], 1, "its vm is \"web1\", not \"web2\""),
        (&["resrc=disk", "new-disk=/d"], 1, "the nearest is record 2:\n"),
        (&["resrc=disk", "old-net=x"], 1, "its old-net is missing, not \"x\""),
        (&["--type", "VIRT_MACHINE_ID"], 1, "its type is VIRT_CONTROL, not VIRT_MACHINE_ID"),
        (&["--count", "2", "resrc=disk"], 0, ""),
        (&["--count", "3", "resrc=disk"], 1, "only 2 of 3 came: resrc=\"disk\""),
        (&["vm=web2"], 1, "4 records about guests were heard, and 1 other record"),
        // Order.
        (&["op=start", "--then", "new-disk=/c", "--then", "op=stop"], 0, ""),
        (&["op=stop", "--and", "op=start"], 0, ""),
        (
            &["op=stop", "--then", "op=start"],
            1,
            "expectation 2 of 2: this did not come: op=\"start\"",
        ),
        (
            &["new-disk=/c", "--then", "new-disk=/a b"],
            1,
            "the nearest is record 2:\n  it came too early",
        ),
        (&["op=stop", "--and", "resrc=disk", "--then", "res~."], 1, "it came too early"),
        (&["resrc=disk", "--then", "resrc=disk", "--then", "resrc=disk"], 1, "expectation 3 of 3"),
        // Absence: until the end, or until the next expectation is met.
        (&["--absent", "vm=web2"], 0, ""),
        (&["--absent", "op=stop"], 1, "this must not come, but did, as record 4: op=\"stop\""),
        (&["--absent"], 1, "as record 1: any record"),
        (&["op=start", "--then", "--absent", "op=start"], 0, ""),
        (&["op=start", "--then", "--absent", "op=stop"], 1, "this must not come"),
        (&["--absent", "op=stop", "--then", "resrc=disk", "--count", "2"], 0, ""),
        (&["--absent", "new-disk=/a b", "--then", "new-disk=/c"], 1, "this must not come"),
        (&["op=start", "--and", "--absent", "res=failed", "--then", "new-disk=/c"], 0, ""),
    ] {
        let output = expect(args, &life());
        let lines = stderr(&output).replace("viraudit: ", "");
        assert_eq!(output.status.code(), Some(status), "{args:?}: {lines}");
        assert_eq!(text(&output.stdout), "ready\n", "{args:?}");
        assert!(
            if said.is_empty() { lines.is_empty() } else { lines.contains(said) },
            "{args:?}: {lines}"
        );
    }
    let silent = expect(&["vm=web1"], "");
    assert_eq!(
        (silent.status.code(), stderr(&silent).contains("no record about a guest was heard")),
        (Some(1), true)
    );
}

#[test]
fn wrong_usage() {
    for (args, said) in [
        (&["disk"][..], "disk is neither KEY=VALUE nor KEY~REGEX"),
        (&["=x"], "neither KEY=VALUE"),
        (&["vm~("], "vm~(: "),
        (&["--type", "AVC"], "AVC is not a type of record: VIRT_CONTROL, "),
        (&["--uuid", "7"], "'7' is not a UUID"),
        (&["--absent", "--count", "2"], "exclude each other"),
        (&["--count", "0"], "--count"),
        (&["--then", "vm=a"], "no record is named before"),
        (&["vm=a", "--and"], "no record is named after"),
        (&["--within", "1s"], "expected a number of seconds"),
        (&["--ready-fd", "2"], "--ready-fd"),
        (&["--ready-fd", "99"], "expect: --ready-fd 99: "),
    ] {
        let output = expect(args, "");
        let lines = stderr(&output);
        assert!(lines.contains(said) && lines.lines().count() == 1, "{args:?}: {lines}");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
    }
    let output = viraudit(["expect", "--from", "/nonexistent/log"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
}

/// `expect --from LOG`, and a shell's script as its command.
fn around(log: &Path, args: &[&str], script: &str) -> Output {
    let mut command = viraudit(["expect", "--from"]);
    command.arg(log).args(args).args(["--", "sh", "-c", script]).env("LOG", log);
    command.env("LIFE", life()).env("DISK", disk("/c", 9)).output().unwrap()
}

#[test]
fn a_command_and_its_own_failure() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let write = "printf %s \"$LIFE\" >>\"$LOG\"";
    for (args, script, status, said) in [
        (&["op=stop"][..], write, 0, ""),
        // What came while it ran counts, even if it runs for longer than the time.
        (&["op=stop", "--within", "0"], &format!("{write}; sleep 0.2"), 0, ""),
        (&["op=init", "--within", "0"], write, 1, "this did not come: op=\"init\""),
        (&["op=stop"], &format!("{write}; exit 7"), 4, "the command failed: status 7"),
        (&["op=stop"], "kill -9 $$", 4, "the command failed: signal 9"),
        (&["op=stop"], "exit 1", 4, "this did not come"),
        (&["--absent", "op=stop", "--within", "0.1"], "true", 0, ""),
        (&["--absent", "op=stop", "--within", "0.1"], write, 1, "this must not come"),
        // It comes after the command has ended.
        (&["op=stop"], &format!("( sleep 0.1; {write} ) >/dev/null 2>&1 &"), 0, ""),
    ] {
        let output = around(&log, args, script);
        let lines = stderr(&output);
        assert_eq!(output.status.code(), Some(status), "{script}: {lines}");
        assert!(
            if said.is_empty() { lines.is_empty() } else { lines.contains(said) },
            "{script}: {lines}"
        );
        assert_eq!(text(&output.stdout), "", "its output is the command's");
    }
    let output = viraudit(["expect", "--from"])
        .arg(&log)
        .args(["--", "/nonexistent/program"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("can't run /nonexistent/program: "), "{}", stderr(&output));
}

#[test]
fn a_log_is_followed_through_rotation() {
    let one = "printf %s \"$DISK\" >>\"$LOG\"";
    for (script, count, status) in [
        // Renamed, with a last record before and a first one after.
        (format!("{one}; mv \"$LOG\" \"$LOG.1\"; {one}"), 2, 0),
        // Two rotations between two looks.
        (format!("{one}; mv \"$LOG\" \"$LOG.1\"; {one}; mv \"$LOG.1\" \"$LOG.2\"; mv \"$LOG\" \"$LOG.1\"; {one}"), 3, 0),
        // A program that still writes to the renamed file.
        (format!("exec 3>>\"$LOG\"; mv \"$LOG\" \"$LOG.1\"; {one}; sleep 0.2; printf %s \"$DISK\" >&3"), 2, 0),
        // Removed, and created later.
        (format!("rm \"$LOG\"; sleep 0.1; {one}"), 1, 0),
        // A line in two pieces.
        ("printf %s \"$DISK\" | head -c 50 >>\"$LOG\"; sleep 0.1; printf %s \"$DISK\" | tail -c +51 >>\"$LOG\"".into(), 1, 0),
        // Truncated: what was there before the next look is lost, so a missing record is uncertain.
        (format!("printf %s \"$DISK$DISK\" >>\"$LOG\"; sleep 0.2; : >\"$LOG\"; {one}"), 3, 0),
        (format!("printf %s \"$DISK$DISK\" >>\"$LOG\"; sleep 0.2; : >\"$LOG\"; {one}"), 4, 3),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        // What was there before doesn't count, and neither does the rest of a line.
        fs::write(&log, life() + "type=VIRT_RESOURCE msg=aud").unwrap();
        let within = if status == 0 { "30" } else { "0.5" };
        let script = format!("echo >>\"$LOG\"; {script}");
        let output = around(&log, &["resrc=disk", "--count", &count.to_string(), "--within", within], &script);
        assert_eq!(output.status.code(), Some(status), "{script}: {}", stderr(&output));
        assert_eq!(stderr(&output).contains("truncated"), status == 3, "{script}");
    }
}

#[test]
fn what_a_cut_record_lacks_is_uncertain() {
    let whole = disk("/c", 3);
    let cut = |lost: &str| whole.replace(lost, "\n");
    let in_a_result = cut("cess'\n");
    let before_the_result = cut(" terminal=? res=success'\n");
    for (input, args, status) in [
        // What is there is certain, and so is a record that is whole.
        (&in_a_result, &["new-disk=/c"][..], 0),
        (&in_a_result, &["new-disk=/c", "--absent"], 1),
        (&(before_the_result.clone() + &disk("/d", 4)), &["res=success"], 0),
        (&whole, &["res=failed"], 1),
        (&in_a_result, &["vm=web2", "res=success"], 1),
        (&in_a_result, &["op=stop", "res=success", "--type", "VIRT_CONTROL"], 1),
        (&in_a_result, &["new-disk=/d", "--absent"], 0),
        // The cut one may have been the one.
        (&in_a_result, &["res=success"], 3),
        (&before_the_result, &["res=success"], 3),
        (&before_the_result, &["res=success", "--absent"], 3),
        (&(before_the_result.clone() + &disk("/d", 4)), &["res=success", "--count", "2"], 3),
    ] {
        let output = expect(&[args, &["--json"]].concat(), input);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", stderr(&output));
        let said = "1 record was cut and may be one of these; the verdict is uncertain";
        assert_eq!(stderr(&output).contains(said), status == 3, "{}", stderr(&output));
        let json = text(&output.stdout);
        assert!(json.contains(if status == 3 { "\"cut\":1" } else { "\"cut\":0" }), "{json}");
    }
}

/// A running `expect` that has printed its first line.
struct Listening {
    child: Child,
    out: BufReader<ChildStdout>,
}

fn listening(mut command: Command) -> Listening {
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert!(first.contains("ready"), "{first}");
    Listening { child, out }
}

#[test]
fn nothing_is_missed_after_the_ready_line() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..50 {
        let log = dir.path().join(number.to_string());
        let mut command = viraudit(["expect", "--json", "resrc=disk", "--within", "60", "--from"]);
        command.arg(&log);
        let Listening { child, mut out } = listening(command);
        // A log that didn't exist, and that of a daemon of libvirt.
        let written = match number % 2 {
            0 => disk("/c", 1),
            _ => format!(
                "2026-11-25 16:26:27.582+0000: 1: info : virDomainAuditDisk:9 : success=yes virt=kvm \
                 resrc=disk reason=attach vm=\"web1\" uuid={UUID} old-disk=\"?\" new-disk=\"/c\"\n"
            ),
        };
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap()
            .write_all(written.as_bytes())
            .unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let verdict: serde_json::Value = serde_json::from_str(&rest).unwrap();
        assert_eq!((&verdict["verdict"], &verdict["heard"]), (&"met".into(), &1.into()), "{rest}");
        assert_eq!(verdict["expectations"][0]["records"][0]["fields"]["new-disk"], "/c", "{rest}");
        assert!(child.wait_with_output().unwrap().status.success());
    }
}

#[test]
fn the_ready_descriptor_is_written_and_closed_before_the_command_runs() {
    let dir = tempfile::tempdir().unwrap();
    let (log, sign) = (dir.path().join("log"), dir.path().join("sign"));
    let script = format!(
        "{} expect --from {} --ready-fd 7 --absent --within 0 -- sh -c 'cat {2}; echo there >&7' 7>{2}",
        env!("CARGO_BIN_EXE_viraudit"),
        log.display(),
        sign.display()
    );
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    // The command doesn't have the descriptor.
    assert_eq!(
        (text(&output.stdout), output.status.code()),
        ("ready\n".into(), Some(4)),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_signal_ends_it_and_its_command() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut command = viraudit(["expect", "vm=web1", "--within", "600", "--from"]);
    command.arg(&log).args(["--", "sh", "-c", "echo ready; exec sleep 600"]);
    let Listening { child, mut out } = listening(command);
    assert!(
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
    // The command had the other end.
    assert_eq!(out.read_to_string(&mut String::new()).unwrap(), 0);
    // A FIFO has no end between two writers.
    let mut command =
        viraudit(["expect", "resrc=disk", "--count", "2", "--within", "600", "--from"]);
    command.arg(&fifo);
    let Listening { child, .. } = listening(command);
    for _ in 0..2 {
        File::options()
            .write(true)
            .open(&fifo)
            .unwrap()
            .write_all(disk("/c", 1).as_bytes())
            .unwrap();
    }
    assert!(child.wait_with_output().unwrap().status.success());
}
