//! The promise: each method about a guest sends the record that libvirt's helper would.

#[path = "support/forms.rs"]
mod forms;

use std::sync::{Arc, Mutex};
use viraudit::auditor::{GuestAuditor, InBatch};
use viraudit::backend::MockRecord;
use viraudit::log::{Caller, LogLevel, LogSink};
use viraudit::record::{Access, HostDevice, Lifecycle, Mac, MachineId, TpmKind};
use viraudit::{Auditor, Failure, Guest, MockBackend, Options, Record, Uuid};

const UUID: &str = "8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab";

/// A call, and its record.
struct Case {
    send: fn(&GuestAuditor<'_>) -> Result<(), Failure>,
    /// The same call, into a batch.
    add: fn(&GuestAuditor<'_, InBatch<'_>>),
    /// The fields after `virt`, and those after `uuid`.
    head: &'static str,
    tail: &'static str,
    success: bool,
}

macro_rules! cases {
    ($(($call:expr, $head:expr, $tail:expr, $success:expr $(,)?),)*) => {
        &[$(Case { send: $call, add: $call, head: $head, tail: $tail, success: $success }),*]
    };
}

const MAC: Mac = Mac([0x52, 0x54, 0, 0xab, 0xcd, 1]);

const CASES: &[Case] = cases![
    (|g| g.start("booted", 42, false), "op=start reason=booted", "vm-pid=42", false),
    (|g| g.stop("shutdown", 0), "op=stop reason=shutdown", "vm-pid=0", true),
    (|g| g.init(42, 43, 4_026_532_456), "op=init", "vm-pid=42 init-pid=43 pid-ns=4026532456", true),
    (
        |g| g.security_label(MachineId { model: Some("dac".into()), ..MachineId::default() }, true),
        "",
        "vm-ctx=? img-ctx=? model=dac",
        true,
    ),
    (
        |g| g.lifecycle(Lifecycle::Create { reason: "define".into(), image: None }, true),
        "reason=define",
        "image=\"?\"",
        true,
    ),
    (
        |g| g.disk(None, Some("/a b".into()), "attach", true),
        "resrc=disk reason=attach",
        "old-disk=\"?\" new-disk=2F612062",
        true,
    ),
    (
        |g| g.fs(Some("/a".into()), None, "detach", false),
        "resrc=fs reason=detach",
        "old-fs=\"/a\" new-fs=\"?\"",
        false,
    ),
    (
        |g| g.chardev(None, Some("/dev/pts/1".into()), "start", true),
        "resrc=chardev reason=start",
        "old-chardev=\"?\" new-chardev=\"/dev/pts/1\"",
        true,
    ),
    (
        |g| g.rng(None, Some("/dev/random".into()), "start", true),
        "resrc=rng reason=start",
        "old-rng=\"?\" new-rng=\"/dev/random\"",
        true,
    ),
    (
        |g| g.smartcard(Some("nss-smartcard-device".into()), "start", true),
        "resrc=smartcard reason=start",
        "old-smartcard=\"?\" new-smartcard=\"nss-smartcard-device\"",
        true,
    ),
    (
        |g| g.net(None, Some(MAC), "attach", true),
        "resrc=net reason=attach",
        "old-net=\"?\" new-net=\"52:54:00:ab:cd:01\"",
        true,
    ),
    (
        |g| g.net_device(MAC, Some("/dev/null".into()), true),
        "resrc=net reason=open",
        "net=52:54:00:ab:cd:01 path=\"/dev/null\" rdev=01:03",
        true,
    ),
    (
        |g| g.net_device(MAC, None, false),
        "resrc=net reason=open",
        "net=52:54:00:ab:cd:01 path=\"?\" rdev=?",
        false,
    ),
    (
        |g| {
            let device = HostDevice::Pci { domain: 0, bus: 0xa, slot: 0x1f, function: 7 };
            g.host_device(device, "start", true)
        },
        "resrc=dev reason=start",
        "bus=pci device=\"0000:0a:1f.7\"",
        true,
    ),
    (
        |g| g.host_device(HostDevice::Usb { bus: 3, device: 7 }, "attach", true),
        "resrc=dev reason=attach",
        "bus=usb device=\"003.007\"",
        true,
    ),
    (
        |g| {
            let adapter = "scsi_host0".into();
            let device = HostDevice::Scsi { adapter, bus: 0, target: 2, unit: 5 };
            g.host_device(device, "attach", true)
        },
        "resrc=dev reason=attach",
        "bus=scsi device=\"scsi_host0:0:2:5\"",
        true,
    ),
    (
        |g| g.host_device(HostDevice::ScsiHost(None), "attach", true),
        "resrc=dev reason=attach",
        "bus=scsi_host device=\"?\"",
        true,
    ),
    (
        |g| g.host_device(HostDevice::Mdev(Some(UUID.into())), "detach", true),
        "resrc=dev reason=detach",
        "bus=mdev device=\"8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab\"",
        true,
    ),
    (
        |g| g.redirdev("attach", true),
        "resrc=dev reason=attach",
        "bus=usb device=555342207265646972646576",
        true,
    ),
    (
        |g| g.hostdev_storage(Some("/dev/sdf1".into()), "attach", true),
        "resrc=hostdev reason=attach",
        "disk=\"/dev/sdf1\"",
        true,
    ),
    (
        |g| g.hostdev_misc(None, "attach", true),
        "resrc=hostdev reason=attach",
        "chardev=\"?\"",
        true,
    ),
    (
        |g| g.tpm(TpmKind::Passthrough, Some("/dev/tpm0".into()), "start", true),
        "resrc=tpm reason=start",
        "device=\"/dev/tpm0\"",
        true,
    ),
    (
        |g| g.tpm(TpmKind::Emulator, Some("/run/a".into()), "start", true),
        "resrc=tpm-emulator reason=start",
        "device=\"/run/a\"",
        true,
    ),
    (
        |g| g.tpm(TpmKind::External, None, "start", true),
        "resrc=tpm-external reason=start",
        "device=\"?\"",
        true,
    ),
    (
        |g| g.shmem("shmem0".into(), 4_194_304, "attach", true),
        "resrc=shmem reason=attach",
        "size=4194304 path=/dev/shm/shmem0",
        true,
    ),
    (
        |g| g.shmem_server(Some("/run/x".into()), "attach", true),
        "resrc=ivshmem-socket reason=attach",
        "path=/run/x",
        true,
    ),
    (|g| g.input(None, "attach", true), "resrc=evdev reason=attach", "path=?", true),
    (
        |g| g.memory(0, u64::MAX, "update", true),
        "resrc=mem reason=update",
        "old-mem=0 new-mem=18446744073709551615",
        true,
    ),
    (|g| g.vcpu(1, 2, "update", true), "resrc=vcpu reason=update", "old-vcpu=1 new-vcpu=2", true),
    (
        |g| g.iothread(0, 1, "start", true),
        "resrc=iothread reason=start",
        "old-iothread=0 new-iothread=1",
        true,
    ),
    (
        |g| g.cgroup(None, Access::All, "deny", true),
        "resrc=cgroup reason=deny",
        "cgroup=\"?\" class=all",
        true,
    ),
    (
        |g| {
            let access = Access::Major { category: "pty".into(), major: 136, acl: "rw".into() };
            g.cgroup(Some("/m".into()), access, "allow", true)
        },
        "resrc=cgroup reason=allow",
        "cgroup=\"/m\" class=major category=pty maj=88 acl=rw",
        true,
    ),
    (
        |g| g.cgroup_path(Some("/m/g".into()), "allow", Some("/dev/null".into()), "rw", -1),
        "resrc=cgroup reason=allow",
        "cgroup=\"/m/g\" class=path path=\"/dev/null\" rdev=01:03 acl=rw",
        false,
    ),
];

fn check(case: &Case, sent: &[MockRecord]) {
    let Case { head, tail, success, .. } = case;
    assert_eq!(sent.len(), 1, "{head} {tail}");
    let text = String::from_utf8(sent[0].text.clone()).unwrap();
    let head = if head.is_empty() { String::new() } else { format!("{head} ") };
    let body = format!("virt=kvm {head}vm=\"web1\" uuid={UUID} {tail} exe=");
    assert!(text.starts_with(&body), "have {text}\nwant {body}");
    assert!(text.ends_with(if *success { "res=success" } else { "res=failed" }), "{text}");
}

#[test]
fn each_method_sends_its_record_or_adds_it_to_a_batch() {
    let mock = MockBackend::new();
    let auditor = Auditor::open(mock.clone(), Options::new()).unwrap();
    let guest = Guest::new("kvm", "web1", UUID.parse::<Uuid>().unwrap());
    let mut seen = Vec::new();
    for case in CASES {
        (case.send)(&auditor.guest(&guest)).unwrap();
        let sent = mock.records();
        check(case, &sent);
        if let viraudit::Event::Resource { resource, .. } = sent[0].record().unwrap().event {
            seen.push(resource.into_owned());
        }
        mock.clear();
        let mut batch = auditor.batch();
        (case.add)(&batch.guest(&guest));
        assert_eq!((batch.len(), mock.records().len()), (1, 0));
        batch.send().unwrap();
        check(case, &mock.records());
        mock.clear();
    }
    let left_out = forms::left_out(seen);
    assert!(left_out.is_empty(), "no method was tried for {left_out:?}");
}

#[test]
fn an_event_without_a_record_is_not_sent() {
    let mock = MockBackend::new();
    let auditor = Auditor::open(mock.clone(), Options::new()).unwrap();
    let guest = Guest::new("kvm", "web1", Uuid::default());
    let web1 = auditor.guest(&guest);
    web1.disk(None, None, "attach", true).unwrap();
    web1.cgroup_path(None, "allow", None, "rw", 1).unwrap();
    let mut batch = auditor.batch();
    batch.guest(&guest).cgroup_path(None, "allow", None, "rw", 1);
    assert!(batch.is_empty());
    assert_eq!(mock.records().len(), 0);
}

/// The line of the log is that of the caller, not the library's own.
#[test]
fn a_logged_record_names_its_caller() {
    #[derive(Default)]
    struct Places(Mutex<Vec<(String, usize)>>);
    impl LogSink for Places {
        fn log(&self, _: LogLevel, caller: Caller<'_>, _: &str) {
            self.0.lock().unwrap().push((caller.file.to_owned(), caller.line));
        }
    }
    let places = Arc::new(Places::default());
    let options = Options::new().logging(true).log(Arc::clone(&places));
    let auditor = Auditor::open(MockBackend::new(), options).unwrap();
    let guest = Guest::new("kvm", "web1", Uuid::default());
    let mut batch = auditor.batch();
    let first = line!() as usize + 1;
    auditor.guest(&guest).start("booted", 1, true).unwrap();
    auditor.guest(&guest).memory(0, 1, "start", true).unwrap();
    batch.guest(&guest).stop("shutdown", 0);
    batch.extend([Record::stop(&guest, "shutdown", 0)]);
    let expected = (first..first + 4).map(|line| (file!().to_owned(), line)).collect::<Vec<_>>();
    assert_eq!(*places.0.lock().unwrap(), expected);
}
