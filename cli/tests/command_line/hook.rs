//! examples/hooks/viraudit, called as libvirt calls its hooks.

use crate::program::{UUID, record, root};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const XML: &str = "<domain type='xen' id='3'>
  <name>-dom u</name>
  <uuid>8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab</uuid>
  <memory unit='MiB'>512</memory>
  <vcpu>1</vcpu>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <source file='/var/lib/xen/a b.img'/><target dev='xvda' bus='xen'/>
    </disk>
    <interface type='bridge'>
      <mac address='00:16:3e:00:00:01'/><source bridge='br0'/>
    </interface>
  </devices>
</domain>
";

/// The hook where libvirt looks for it.
fn installed(dir: &Path, place: &str) -> PathBuf {
    let hook = dir.join(place);
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    symlink(root().canonicalize().unwrap().join("examples/hooks/viraudit"), &hook).unwrap();
    hook
}

fn call(hook: &Path, operation: &str, phase: &str, log: &Path) -> Output {
    let mut child = Command::new(hook)
        .args(["-dom u", operation, phase, "-"])
        .env("VIRAUDIT", env!("CARGO_BIN_EXE_viraudit"))
        .env("VIRAUDIT_EMIT", format!("--to file:{}", log.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A hook for whom there is nothing to do needn't read.
    let _ = child.stdin.take().unwrap().write_all(XML.as_bytes());
    child.wait_with_output().unwrap()
}

fn lines(log: &Path) -> Vec<String> {
    fs::read_to_string(log).unwrap_or_default().lines().map(record).collect()
}

#[test]
fn a_hooks_guest_is_audited() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    for place in ["hooks/libxl", "hooks/libxl.d/viraudit", "hooks/bhyve", "hooks/ch.d/50-viraudit"]
    {
        let _ = fs::remove_file(&log);
        let hook = installed(dir.path(), place);
        for (operation, phase) in [
            ("prepare", "begin"),
            ("start", "begin"),
            ("started", "begin"),
            ("reconnect", "begin"),
            ("migrate", "begin"),
            ("restore", "begin"),
            ("stopped", "end"),
            ("release", "end"),
        ] {
            let output = call(&hook, operation, phase, &log);
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
            assert!(output.stdout.is_empty(), "it leaves the guest's XML alone: {output:?}");
        }
        let about = format!("vm=2D646F6D2075 uuid={UUID}");
        let resource = format!("reason=start {about}");
        assert_eq!(
            lines(&log),
            [
                format!(
                    "VIRT_RESOURCE virt=xen resrc=disk {resource} old-disk=\"?\" \
                     new-disk=2F7661722F6C69622F78656E2F6120622E696D67 res=success"
                ),
                format!(
                    "VIRT_RESOURCE virt=xen resrc=net {resource} old-net=\"?\" \
                     new-net=\"00:16:3e:00:00:01\" res=success"
                ),
                format!(
                    "VIRT_RESOURCE virt=xen resrc=mem {resource} old-mem=0 new-mem=524288 res=success"
                ),
                format!(
                    "VIRT_RESOURCE virt=xen resrc=vcpu {resource} old-vcpu=0 new-vcpu=1 res=success"
                ),
                format!(
                    "VIRT_CONTROL virt=xen op=start reason=booted {about} vm-pid=0 res=success"
                ),
                format!(
                    "VIRT_CONTROL virt=xen op=stop reason=shutdown {about} vm-pid=0 res=success"
                ),
            ],
            "{place}"
        );
    }
}

#[test]
fn guests_that_libvirt_audits_are_left_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    for place in ["qemu", "lxc.d/viraudit"] {
        let output = call(&installed(dir.path(), place), "started", "begin", &log);
        assert!(output.status.success() && output.stdout.is_empty() && output.stderr.is_empty());
        assert!(!log.exists());
    }
}

#[test]
fn a_record_that_cant_be_written_never_stops_a_guest() {
    let dir = tempfile::tempdir().unwrap();
    let hook = installed(dir.path(), "libxl");
    let output = call(&hook, "started", "begin", &dir.path().join("absent/log"));
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.ends_with("viraudit hook: no record of started of -dom u\n"), "{said}");
}
