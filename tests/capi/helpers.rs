//! The calls of libvirt's helpers, made through the C functions: one program with all of them.

use crate::cc::{self, Linkage};
use crate::helper_calls::{Expected, HelperCall, corpora, lines};
use std::fmt::Write;
use std::process::Command;
use viraudit::record::{Access, Control, ControlOp, Event, HostDevice, Mac, TpmKind};
use viraudit::{Record, Resource, Value};

/// Begins the program; `show` prints a call's records and a line of its own behind them.
const BEGINNING: &str = "\
#include <stdio.h>
#include <viraudit.h>

static void show(void) {
    size_t i;
    for (i = 0; i < virAuditMockCount(); i++)
        puts(virAuditMockRecord(i));
    puts(\"--\");
    virAuditMockClear();
}

int main(void) {
    virAuditDomain *dom;
    if (virAuditOpenMock() < 0)
        return 1;
";

/// A string literal.
fn text(bytes: &[u8]) -> String {
    let escaped: String = (bytes.iter())
        .map(|&byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b' ' => char::from(byte).to_string(),
            _ => format!("\\{byte:03o}"),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn optional(value: &Option<Value<'_>>) -> String {
    value.as_ref().map_or("NULL".to_owned(), |value| text(value))
}

fn bytes(bytes: &[u8]) -> String {
    let list: Vec<_> = bytes.iter().map(u8::to_string).collect();
    format!("(const unsigned char[]){{{}}}", list.join(", "))
}

fn mac(mac: &Option<Mac>) -> String {
    mac.as_ref().map_or("NULL".to_owned(), |mac| bytes(&mac.0))
}

/// The function for a resource, and its arguments between the guest and the reason.
fn resource(resource: &Resource<'_>) -> (&'static str, String) {
    match resource {
        Resource::Disk(it) => ("Disk", format!("{}, {}", optional(&it.old), optional(&it.new))),
        Resource::Fs(it) => ("FS", format!("{}, {}", optional(&it.old), optional(&it.new))),
        Resource::Chardev(it) => {
            ("Chardev", format!("{}, {}", optional(&it.old), optional(&it.new)))
        }
        Resource::Rng(it) => ("RNG", format!("{}, {}", optional(&it.old), optional(&it.new))),
        Resource::Smartcard(it) => ("Smartcard", optional(&it.new)),
        Resource::Net { old, new } => ("Net", format!("{}, {}", mac(old), mac(new))),
        Resource::Dev(device) => host_device(device),
        Resource::HostdevStorage(block) => ("HostdevStorage", optional(block)),
        Resource::HostdevMisc(chardev) => ("HostdevMisc", optional(chardev)),
        Resource::Tpm { kind, path } => {
            let kind = match kind {
                TpmKind::Passthrough => "PASSTHROUGH",
                TpmKind::Emulator => "EMULATOR",
                _ => "EXTERNAL",
            };
            ("TPM", format!("VIR_AUDIT_TPM_{kind}, {}", optional(path)))
        }
        Resource::Shmem { name, size } => ("Shmem", format!("{}, {size}ULL", text(name))),
        Resource::ShmemServer(path) => ("ShmemServer", optional(path)),
        Resource::Evdev(path) => ("Input", optional(path)),
        Resource::Memory { old, new } => ("Memory", format!("{old}ULL, {new}ULL")),
        Resource::Vcpu { old, new } => ("Vcpu", format!("{old}U, {new}U")),
        Resource::IoThread { old, new } => ("IOThread", format!("{old}U, {new}U")),
        Resource::Cgroup { path, access: Access::All } => ("Cgroup", optional(path)),
        other => panic!("no function takes {other:?}"),
    }
}

fn host_device(device: &HostDevice<'_>) -> (&'static str, String) {
    match device {
        HostDevice::Usb { bus, device } => ("HostdevUSB", format!("{bus}U, {device}U")),
        HostDevice::Pci { domain, bus, slot, function } => {
            ("HostdevPCI", format!("{domain}U, {bus}U, {slot}U, {function}U"))
        }
        HostDevice::Scsi { adapter, bus, target, unit } => {
            ("HostdevSCSI", format!("{}, {bus}U, {target}U, {unit}ULL", text(adapter)))
        }
        HostDevice::ScsiHost(wwpn) => ("HostdevSCSIHost", optional(wwpn)),
        HostDevice::Mdev(uuid) => ("HostdevMdev", optional(uuid)),
        HostDevice::Redirected => ("Redirdev", String::new()),
        other => panic!("no function takes {other:?}"),
    }
}

/// The call that makes a record.
fn call(record: &Record<'_>) -> String {
    let success = i32::from(record.success);
    match &record.event {
        Event::Control(Control { op: ControlOp::Start { reason }, .. }) => {
            format!("virAuditDomainStart(dom, {}, {success})", text(reason))
        }
        Event::Control(Control { op: ControlOp::Stop { reason }, .. }) => {
            format!("virAuditDomainStop(dom, {})", text(reason))
        }
        Event::Control(Control { op: ControlOp::Init { init_pid, pid_ns }, .. }) => {
            format!("virAuditDomainInit(dom, {init_pid}LL, {pid_ns}ULL)")
        }
        Event::MachineId(labels) => {
            let [vm, img, model] = [&labels.vm_ctx, &labels.img_ctx, &labels.model].map(optional);
            format!("virAuditDomainSecurityLabel(dom, {vm}, {img}, {model}, {success})")
        }
        Event::Resource { reason, resource: Resource::NetDevice { mac, path, .. } } => {
            assert_eq!(**reason, *b"open");
            let mac = bytes(&mac.0);
            format!("virAuditDomainNetDevice(dom, {mac}, {}, {success})", optional(path))
        }
        Event::Resource {
            reason,
            resource: Resource::Cgroup { path: cgroup, access: Access::Path { path, acl, .. } },
        } => {
            let (cgroup, path) = (optional(cgroup), optional(path));
            let (reason, acl, rc) = (text(reason), text(acl), success - 1);
            format!("virAuditDomainCgroupPath(dom, {cgroup}, {reason}, {path}, {acl}, {rc})")
        }
        Event::Resource {
            reason,
            resource: Resource::Cgroup { path, access: Access::Major { category, major, acl } },
        } => {
            let (cgroup, reason) = (optional(path), text(reason));
            let (name, acl) = (text(category), text(acl));
            format!(
                "virAuditDomainCgroupMajor(dom, {cgroup}, {reason}, {major}, {name}, {acl}, {success})"
            )
        }
        Event::Resource { reason, resource: it } => {
            let (function, arguments) = resource(it);
            let separator = if arguments.is_empty() { "" } else { ", " };
            let reason = text(reason);
            format!("virAuditDomain{function}(dom{separator}{arguments}, {reason}, {success})")
        }
        other => panic!("no function for {other:?}"),
    }
}

/// Whether a record of the mock is the one that libvirt made; one that the kernel would cut is
/// shortened instead.
fn is_same(ours: &str, theirs: &Expected) -> bool {
    let beginning = format!("{} {} exe=\"", theirs.kind, String::from_utf8_lossy(&theirs.body));
    let end = if theirs.success { " res=success" } else { " res=failed" };
    let is_shortened = ours.contains(" truncated=") && theirs.body.len() > 8000;
    is_shortened || ours.starts_with(&beginning) && ours.ends_with(end)
}

#[test]
#[allow(clippy::print_stdout, reason = "the figures are a part of the result")]
fn c_functions_give_the_records_of_libvirts_helpers() {
    let cases: Vec<_> = corpora().iter().flat_map(|corpus| lines(corpus)).collect();
    let mut program = BEGINNING.to_owned();
    for case in &cases {
        let records = HelperCall(case).records().unwrap_or_else(|| panic!("no record for {case}"));
        if let Some(record) = records.first() {
            let guest = &record.guest;
            let (virt, name, uuid) = (text(&guest.virt), text(&guest.name), bytes(&guest.uuid.0));
            let pid = &case["args"]["vm-pid"];
            writeln!(program, "    dom = virAuditDomainNew({virt}, {name}, {uuid});").unwrap();
            writeln!(program, "    virAuditDomainSetPid(dom, {pid}LL);").unwrap();
            for record in &records {
                writeln!(program, "    {};", call(record)).unwrap();
            }
            program.push_str("    virAuditDomainFree(dom);\n");
        }
        program.push_str("    show();\n");
    }
    program.push_str("    return 0;\n}\n");

    let dir = tempfile::tempdir().unwrap();
    let (source, binary) = (dir.path().join("helpers.c"), dir.path().join("helpers"));
    std::fs::write(&source, program).unwrap();
    let flags = ["-std=c99", "-Wno-overlength-strings"];
    cc::compile("gcc", &flags, &source, Linkage::Shared, &binary);
    let output = cc::run(&mut Command::new(&binary));

    let mut blocks = output.split("--\n");
    for case in &cases {
        let ours: Vec<_> = blocks.next().expect("a block for each call").lines().collect();
        let theirs = HelperCall(case).expected();
        let same = ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(ours, theirs)| is_same(ours, theirs));
        assert!(same, "{}\n  ours    {ours:?}\n  libvirt {theirs:?}", HelperCall(case).arguments());
    }
    println!("{} calls give libvirt's records", cases.len());
}
