//! One command for each kind of record, and the record's text.

use crate::golden::check;
use crate::program::{UUID, emit, records};
use std::ffi::OsStr;
use viraudit::internal::record::{Field, FieldSink, Fields, Role, Style, form_of};
use viraudit::record::HostDevice;
use viraudit::{Guest, Record, Resource, Uuid};

/// A guest's arguments behind `emit KIND`.
fn lines(commands: &[(&str, &str)]) -> Vec<String> {
    let guest = format!("--virt kvm --name web1 --uuid {UUID} --to stdout");
    commands.iter().map(|(kind, rest)| format!("emit {kind} {guest} {rest}")).collect()
}

fn check_all(name: &str, commands: &[(&str, &str)]) {
    let commands = lines(commands);
    check(name, &commands.iter().map(|line| line.trim_end()).collect::<Vec<_>>());
}

#[test]
fn resources() {
    check_all(
        "resources",
        &[
            ("disk", "--new /images/web1.qcow2"),
            ("disk", "--old /iso/a.iso --new /iso/b.iso --reason update"),
            ("disk", "--old '/srv/a b.img' --reason detach --failed"),
            ("fs", "--new /export/home"),
            ("net", "--new 52:54:00:A1:B2:C3"),
            ("net", "--old 52:54:00:a1:b2:c3 --reason detach"),
            ("net", "--mac 52:54:0:a1:b2:c3 --device /dev/null"),
            ("net", "--mac 52:54:00:a1:b2:c3 --device /dev/net/tun --rdev a:c8"),
            ("net", "--mac 52:54:00:a1:b2:c3 --device /nonexistent"),
            ("chardev", "--new /dev/pts/4"),
            ("rng", "--new /dev/urandom --reason start"),
            ("smartcard", "--new nss-smartcard-device"),
            ("dev", "--bus usb --device 3.7"),
            ("dev", "--bus pci --device 3:0.1"),
            ("dev", "--bus pci --device 0000:03:00.0 --reason detach"),
            ("dev", "--bus scsi --device scsi_host0:0:2:0"),
            ("dev", "--bus scsi_host --device naa.5001405df3e54061"),
            ("dev", "--bus mdev --device 4B20D080-1B54-4048-85B3-A6A62D165C01"),
            ("redirdev", ""),
            ("hostdev", "--disk /dev/sdb"),
            ("hostdev", "--chardev /dev/input/event3"),
            ("tpm", "--device /dev/tpm0"),
            ("tpm-emulator", "--device /var/run/swtpm/web1.sock"),
            ("tpm-external", "--device /var/run/tpm/own.sock"),
            ("shmem", "--shmem shared0 --size 4194304"),
            ("ivshmem-socket", "--path /var/lib/ivshmem.sock"),
            ("ivshmem-socket", ""),
            ("evdev", "--path /dev/input/event1"),
            ("evdev", ""),
            ("mem", "--new 2097152 --reason start"),
            ("mem", "--old 2097152 --new 18446744073709551615"),
            ("vcpu", "--old 2 --new 4"),
            ("iothread", "--new 1"),
            ("cgroup", "--cgroup /machine.slice/web1"),
            ("cgroup", "--cgroup /machine.slice/web1 --class path --path /dev/null --acl rw"),
            ("cgroup", "--class path --path /images/a --acl r --failed"),
            ("cgroup", "--cgroup /m --class major --category pty --major 136 --acl rwm"),
            (
                "cgroup",
                "--cgroup /m --class major --category pty --major 0x8 --acl rw --reason deny",
            ),
        ],
    );
}

/// The option for a field, by its kind and its key.
fn option(kind: &str, field: &Field) -> String {
    match (kind, field.key, field.role) {
        (_, _, Role::Old) => "--old".into(),
        (_, _, Role::New) => "--new".into(),
        ("net", "net", _) => "--mac".into(),
        ("net", "path", _) => "--device".into(),
        ("shmem", "path", _) => "--shmem".into(),
        ("cgroup", "maj", _) => "--major".into(),
        (_, key, _) => format!("--{key}"),
    }
}

/// The value of each field.
struct Values(Vec<String>);

impl FieldSink for Values {
    fn field(&mut self, key: &[u8], _: Style, parts: &[&[u8]]) {
        let value = String::from_utf8(parts.concat()).unwrap();
        self.0.push(match key {
            b"maj" => format!("0x{value}"),
            _ => value.trim_start_matches("/dev/shm/").to_owned(),
        });
    }
}

#[test]
fn every_kind_has_a_command() {
    let mut forms = Vec::new();
    for resource in Resource::every_kind() {
        // The first example of a form has all its values.
        let form = (resource.kind(), form_of(&resource));
        if forms.contains(&form) {
            continue;
        }
        forms.push(form);
        let guest = Guest::new("kvm", "web1", UUID.parse::<Uuid>().unwrap());
        let record = Record::resource(guest, "attach", resource.clone(), true);
        let mut values = Values(Vec::new());
        record.visit(&mut values);
        let mut arguments = Vec::new();
        // virt, resrc, reason, vm and uuid come first.
        for (field, value) in form.1.iter().zip(values.0.drain(5..)) {
            arguments.extend([option(resource.kind(), field), value]);
        }
        let mut kind = resource.kind();
        match &resource {
            Resource::Dev(HostDevice::Redirected) => {
                kind = "redirdev";
                arguments.clear();
            }
            // Their addresses are checked, and the examples aren't such.
            Resource::Dev(HostDevice::ScsiHost(_) | HostDevice::Mdev(_)) => continue,
            _ => {}
        }
        arguments.extend(["--reason", "attach"].map(str::to_owned));
        let arguments: Vec<_> = arguments.iter().map(OsStr::new).collect();
        let output = emit(kind, &arguments).output().unwrap();
        let body = String::from_utf8(record.body()).unwrap();
        let printed = records(&output.stdout);
        let [printed] = &printed[..] else { panic!("emit {kind} {arguments:?}: {output:?}") };
        assert!(printed.contains(&body), "{printed}\n{body}");
    }
}

#[test]
fn the_guests_life() {
    check_all(
        "life",
        &[
            ("start", ""),
            ("start", "--pid 4711 --reason restored --failed"),
            ("stop", ""),
            ("stop", "--pid -1 --reason destroyed"),
            ("init", "--pid 10 --init-pid 11 --pidns 4026532177"),
            ("init", "--init-pid 11 --pidns 4026532177 --reason booted"),
            (
                "machine-id",
                "--vm-ctx system_u:system_r:svirt_t:s0:c1,c2 --img-ctx u:r:i --model selinux",
            ),
            ("machine-id", "--vm-ctx +107:+107 --model dac"),
            ("integrity-check", "--mechanism measured-boot --action refuse --failed"),
            ("create", "--image /images/web1.qcow2"),
            ("destroy", "--reason delete"),
            ("migrate-in", "--source-host h1.example.org"),
            ("migrate-out", "--destination-host h2.example.org --reason offline"),
        ],
    );
}

#[test]
fn guests_from_xml() {
    const XML: &str = "--xml examples/guest.xml --to stdout";
    check(
        "xml",
        &[
            &format!("emit start {XML} --pid 4711"),
            &format!("emit start {XML} --failed --reason restored"),
            &format!("emit stop {XML} --reason crashed"),
            &format!("emit init {XML} --init-pid 11 --pidns 12"),
            &format!("emit disk {XML} --new /images/more.qcow2"),
            "emit vcpu --xml - --new 2 --to stdout < \
         <domain type='lxc'><name>c1</name><uuid>8e4f0f4c2f8b4b7a9d9c0123456789ab</uuid>\
         <memory>1</memory><os><type>exe</type></os></domain>",
        ],
    );
}

#[test]
fn levels_and_logging() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("libvirtd.conf");
    let emit = |settings: &str, rest: &[&str]| {
        std::fs::write(&config, settings).unwrap();
        let mut command = crate::program::emit("fs", &["--new".as_ref(), "/a".as_ref()]);
        let output = command.arg("--config").arg(&config).args(rest).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        (records(&output.stdout).len(), crate::program::stderr(&output))
    };
    assert_eq!(emit("audit_level = 0\n", &[]), (0, String::new()));
    assert_eq!(emit("audit_level = 0\n", &["--level", "1"]), (1, String::new()));
    assert_eq!(emit("audit_level = 2\n", &[]), (1, String::new()));
    assert_eq!(emit("audit_level = 1\n", &["--level", "0"]), (0, String::new()));
    let body = format!(
        "virt=kvm resrc=fs reason=attach vm=\"web1\" uuid={UUID} old-fs=\"?\" new-fs=\"/a\"\n"
    );
    let logged = format!("viraudit: success=yes {body}");
    assert_eq!(emit("audit_logging = 1\n", &[]), (1, logged.clone()));
    assert_eq!(emit("audit_logging = 1\n", &["--level", "0"]), (0, logged));
    let failed = format!("viraudit: success=no {body}");
    assert_eq!(emit("audit_logging = 1\n", &["--failed"]), (1, failed));
}
