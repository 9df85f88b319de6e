//! `viraudit watch` without the kernel: filters, formats, exit statuses.

use crate::program::{UUID, stderr, text, viraudit};
use std::io::Write;
use std::process::{Output, Stdio};

fn watch(args: &[&str]) -> Output {
    let record = |kind: &str, body: &str, serial: u32, result: &str| {
        format!(
            "type={kind} msg=audit(1795292517.231:{serial}): pid=7 uid=0 auid=1000 ses=3 msg='virt=kvm {body} \
             exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res={result}'\n"
        )
    };
    let about = |vm: &str| format!("vm=\"{vm}\" uuid={UUID}");
    let input = [
        record(
            "VIRT_CONTROL",
            &format!("op=start reason=booted {} vm-pid=9", about("web1")),
            1,
            "success",
        ),
        record(
            "VIRT_RESOURCE",
            &format!("resrc=mem reason=update {} old-mem=1 new-mem=2", about("web1")),
            2,
            "failed",
        ),
        // A denial, which the pid assigns to the guest.
        "type=AVC msg=audit(1795292517.300:3): avc:  denied  { read } for  pid=9 comm=\"qemu\" \
         scontext=a:b:c:s0 tcontext=a:b:d:s0 tclass=file permissive=0\n\
         type=EOE msg=audit(1795292517.300:3): \n"
            .into(),
        record(
            "VIRT_CONTROL",
            &format!("op=stop reason=shutdown {} vm-pid=9", about("web1")),
            4,
            "success",
        ),
    ];
    let mut child =
        viraudit(["watch", "--from", "-"]).args(args).stdin(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.concat().as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn events_are_selected_by_the_fields_of_their_records() {
    for (args, kinds) in [
        (&[][..], "start resource avc stop"),
        (&["--vm", "web1"], "start resource avc stop"),
        (&["--uuid", &UUID.to_uppercase()], "start resource avc stop"),
        (&["--vm", "web2"], ""),
        (&["--type", "VIRT_CONTROL"], "start stop"),
        (&["resrc=mem", "new-mem=2"], "resource"),
        (&["res=failed"], "resource"),
        (&["exe~libvirtd$", "virt=kvm", "text~shutdown"], "stop"),
        (&["kind=avc"], "avc"),
        (&["comm=qemu", "operation=read"], "avc"),
        (&["--count", "2"], "start resource"),
    ] {
        let output = watch(&[args, &["--format", "json"]].concat());
        let kind = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["kind"].as_str().unwrap().to_owned()
        };
        let shown: Vec<String> = text(&output.stdout).lines().map(kind).collect();
        assert_eq!(shown.join(" "), kinds, "{args:?}");
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()), "{args:?}");
    }
}

/// As auditd's binary format of 4.2.1 leaves records.
#[test]
fn a_record_without_its_end_is_named() {
    let mut child = viraudit(["watch", "--from", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let cut = format!(
        "type=VIRT_CONTROL msg=audit(1795292517.231:1): pid=7 uid=0 auid=1000 ses=3 msg='virt=kvm op=start \
         reason=booted vm=\"web1\" uuid={UUID} vm-pid=9 exe=\"/usr/sbin/libvirtd\" hostname=? addr=? termina\n"
    );
    let _ = child.stdin.take().unwrap().write_all(cut.as_bytes());
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stdout), "");
    assert_eq!(stderr(&output), "viraudit: 1 record can't be used: cut or malformed\n");
}

#[test]
fn exit_statuses() {
    for (args, status) in [
        (&["--count", "4"][..], 0),
        (&["--count", "5"], 1),
        (&["--count", "1", "--vm", "web2"], 1),
        (&["--timeout", "0.5"], 0),
        (&["--timeout", "0.5", "--vm", "web2"], 1),
        (&["--vm", "web2"], 0),
        (&["--timeout", "x"], 2),
        (&["--uuid", "x"], 2),
        (&["--type", "AVC"], 2),
        (&["x"], 2),
        (&["--ready-fd", "99"], 2),
    ] {
        assert_eq!(watch(args).status.code(), Some(status), "{args:?}");
    }
}

#[test]
fn it_ends_when_the_reader_of_its_output_has_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = viraudit(["watch", "--from"]);
    let mut child = command.arg(dir.path().join("log")).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
