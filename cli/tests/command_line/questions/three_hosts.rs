//! A day of three hosts, in the records of libvirtd, the kernel and systemd: migrations, failed starts,
//! denials, hotplugs, clients, a crash of a guest and one of a host.

use std::fmt::Write;

/// 2026-03-02 00:00 UTC
const DAY: u64 = 1_772_409_600;

/// The disks that a guest starts with, its interface and the categories of its label.
struct Guest {
    name: &'static str,
    n: u32,
    resources: &'static [(&'static str, &'static str)],
}

const WEB1: Guest = Guest { name: "web1", n: 1, resources: &[("disk", "/srv/web1.qcow2")] };
const DB1: Guest = Guest { name: "db1", n: 2, resources: &[("disk", "/srv/db1.qcow2")] };
const WEB2: Guest = Guest { name: "web2", n: 3, resources: &[("disk", "/srv/web2.qcow2")] };
const BUILD1: Guest = Guest {
    name: "build1",
    n: 4,
    resources: &[("disk", "/srv/build1.qcow2"), ("fs", "/srv/secret/share")],
};
const GPU1: Guest = Guest { name: "gpu1", n: 5, resources: &[("disk", "/srv/gpu1.qcow2")] };

/// A client of libvirtd: its name and user id.
type Client = Option<(&'static str, u32)>;

const ALICE: Client = Some(("alice", 1000));
const BOB: Client = Some(("bob", 1001));
const CAROL: Client = Some(("carol", 1002));

/// A line with what it is sorted by.
type Stamped = (u64, u32, String);

/// A host's records.
struct Host {
    name: &'static str,
    serial: u32,
    /// Milliseconds since midnight.
    now: u64,
    lines: Vec<Stamped>,
}

impl Host {
    fn new(name: &'static str, serial: u32) -> Self {
        Self { name, serial, now: 0, lines: Vec::new() }
    }

    /// The time of the next record.
    fn at(&mut self, hour: u64, minute: u64) -> &mut Self {
        self.now = (hour * 60 + minute) * 60_000;
        self
    }

    fn line(&mut self, kind: &str, rest: &str) {
        let ms = DAY * 1000 + self.now;
        let stamp = format!("{}.{:03}:{}", ms / 1000, ms % 1000, self.serial);
        let line = format!("node={} type={kind} msg=audit({stamp}): {rest}", self.name);
        self.lines.push((ms, self.serial, line));
        self.serial += 1;
        self.now += 7;
    }

    fn virt(&mut self, kind: &str, body: &str, by: Client, ok: bool) {
        let client = by.map_or(String::new(), |(name, uid)| {
            format!(
                " acct=\"{name}\" client-uid={uid} client-gid={uid} client-pid={} sauid={uid} client-ses=3",
                uid + 4000
            )
        });
        let res = if ok { "success" } else { "failed" };
        self.line(
            kind,
            &format!(
                "pid=900 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:virtd_t:s0 \
                 msg='virt=kvm {body}{client} exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? \
                 res={res}'"
            ),
        );
    }

    fn resource(&mut self, guest: &Guest, what: &str, tail: &str, by: Client, ok: bool) {
        let (kind, reason) = what.split_once(' ').unwrap();
        let id = guest.id();
        self.virt("VIRT_RESOURCE", &format!("resrc={kind} reason={reason} {id} {tail}"), by, ok);
    }

    /// A cgroup's device, which libvirt allows before it attaches a device and takes away after it has
    /// detached one.
    fn cgroup(&mut self, guest: &Guest, reason: &str, path: &str, by: Client, ok: bool) {
        let tail = format!(
            "cgroup=\"/sys/fs/cgroup/machine.slice/machine-qemu-{}.scope/\" class=path path=\"{path}\" \
             rdev=08:10 acl=rw",
            guest.n
        );
        self.resource(guest, &format!("cgroup {reason}"), &tail, by, ok);
    }

    fn net_open(&mut self, guest: &Guest, n: u32, path: &str, rdev: &str, by: Client) {
        let tail = format!("net={} path=\"{path}\" rdev={rdev}", mac(n));
        self.resource(guest, "net open", &tail, by, true);
    }

    fn control(&mut self, guest: &Guest, op: &str, reason: &str, pid: u32, by: Client, ok: bool) {
        let body = format!("op={op} reason={reason} {} vm-pid={pid}", guest.id());
        self.virt("VIRT_CONTROL", &body, by, ok);
    }

    /// What libvirt writes before it starts a guest.
    fn prepare(&mut self, guest: &Guest, by: Client) {
        let (id, n) = (guest.id(), guest.n);
        let label = format!(
            "{id} vm-ctx=system_u:system_r:svirt_t:s0:c{n},c9 \
             img-ctx=system_u:object_r:svirt_image_t:s0:c{n},c9 model=selinux"
        );
        self.virt("VIRT_MACHINE_ID", &label, by, true);
        let cgroup =
            format!("cgroup=\"/sys/fs/cgroup/machine.slice/machine-qemu-{n}.scope/\" class=all");
        self.resource(guest, "cgroup deny", &cgroup, by, true);
        self.cgroup(guest, "allow", "/dev/kvm", by, true);
    }

    /// The resources of a start, and the start.
    fn starts(&mut self, guest: &Guest, reason: &str, pid: u32, by: Client, ok: bool) {
        for (kind, path) in guest.resources {
            let tail = format!("old-{kind}=\"?\" new-{kind}=\"{path}\"");
            self.resource(guest, &format!("{kind} start"), &tail, by, true);
        }
        let net = format!("old-net=\"?\" new-net=\"{}\"", mac(guest.n));
        self.resource(guest, "net start", &net, by, true);
        self.resource(guest, "mem start", "old-mem=0 new-mem=2097152", by, true);
        self.resource(guest, "vcpu start", "old-vcpu=0 new-vcpu=2", by, true);
        self.control(guest, "start", reason, pid, by, ok);
    }

    fn start(&mut self, guest: &Guest, reason: &str, pid: u32, by: Client) {
        self.prepare(guest, by);
        self.net_open(guest, guest.n, "/dev/net/tun", "0A:C8", by);
        self.starts(guest, reason, pid, by, true);
    }

    fn disk(&mut self, guest: &Guest, reason: &str, path: &str, by: Client, ok: bool) {
        let (old, new) = if reason == "detach" { (path, "?") } else { ("?", path) };
        let tail = format!("old-disk=\"{old}\" new-disk=\"{new}\"");
        self.resource(guest, &format!("disk {reason}"), &tail, by, ok);
    }

    /// A denial by SELinux to a guest's process.
    fn denial(&mut self, guest: &Guest, pid: u32, what: &str, path: &str, label: &str) {
        self.line(
            "AVC",
            &format!(
                "avc:  denied  {{ {what} }} for  pid={pid} comm=\"qemu-system-x86\" path=\"{path}\" \
                 dev=\"sda1\" ino=71 scontext=system_u:system_r:svirt_t:s0:c{},c9 \
                 tcontext=system_u:object_r:{label} tclass=file permissive=0",
                guest.n
            ),
        );
    }
}

impl Guest {
    fn id(&self) -> String {
        format!("vm=\"{}\" uuid=0000000{}-2f8b-4b7a-9d9c-0123456789ab", self.name, self.n)
    }
}

fn mac(n: u32) -> String {
    format!("52:54:00:00:00:0{n}")
}

/// The log.
pub(super) fn log() -> String {
    let mut kvm1 = Host::new("kvm1", 4000);
    let mut kvm2 = Host::new("kvm2", 700);
    let mut kvm3 = Host::new("kvm3", 91_000);

    kvm1.at(8, 0).start(&WEB1, "booted", 3101, ALICE);
    kvm1.at(8, 5).prepare(&DB1, BOB);
    kvm1.cgroup(&DB1, "allow", "/dev/vfio/11", BOB, true);
    kvm1.resource(&DB1, "dev start", "bus=pci device=\"0000:03:00.0\"", BOB, true);
    kvm1.starts(&DB1, "booted", 3102, BOB, true);
    // A block device, and an image that is no device.
    kvm1.at(9, 0).cgroup(&DB1, "allow", "/dev/sdb", CAROL, true);
    kvm1.disk(&DB1, "attach", "/dev/sdb", CAROL, true);
    kvm1.at(9, 20).disk(&DB1, "attach", "/srv/secret/keys.img", CAROL, true);
    kvm1.at(9, 30).disk(&DB1, "attach", "/srv/secret/old.img", CAROL, false);
    kvm1.at(10, 0).net_open(&DB1, 6, "/dev/net/tun", "0A:C8", BOB);
    kvm1.net_open(&DB1, 6, "/dev/vhost-net", "0A:EE", BOB);
    let net = format!("old-net=\"?\" new-net=\"{}\"", mac(6));
    kvm1.resource(&DB1, "net attach", &net, BOB, true);
    kvm1.at(10, 15).denial(&WEB1, 3101, "read", "/etc/shadow", "shadow_t:s0");
    kvm1.at(11, 0).resource(&DB1, "mem update", "old-mem=2097152 new-mem=4194304", BOB, true);
    kvm1.resource(&DB1, "vcpu update", "old-vcpu=2 new-vcpu=4", BOB, true);
    kvm1.at(11, 30).disk(&DB1, "detach", "/dev/sdb", BOB, true);
    kvm1.cgroup(&DB1, "deny", "/dev/sdb", BOB, true);
    kvm1.at(13, 0).disk(&DB1, "detach", "/srv/secret/keys.img", CAROL, true);
    kvm1.resource(&DB1, "dev detach", "bus=pci device=\"0000:03:00.0\"", BOB, true);
    kvm1.cgroup(&DB1, "deny", "/dev/vfio/11", BOB, true);
    kvm1.at(14, 1).control(&DB1, "stop", "migrated", 0, BOB, true);
    kvm1.at(15, 0).control(&WEB1, "stop", "shutdown", 0, None, true);

    kvm2.at(8, 30).start(&WEB2, "booted", 2201, ALICE);
    kvm2.at(12, 10).line(
        "ANOM_ABEND",
        "auid=4294967295 uid=107 gid=107 ses=4294967295 subj=system_u:system_r:svirt_t:s0:c3,c9 pid=2201 \
         comm=\"qemu-system-x86\" exe=\"/usr/bin/qemu-system-x86_64\" sig=11 res=1",
    );
    kvm2.control(&WEB2, "stop", "failed", 0, None, true);
    kvm2.at(12, 30).prepare(&WEB2, ALICE);
    kvm2.denial(&WEB2, 2302, "open", "/srv/web2.qcow2", "default_t:s0");
    kvm2.starts(&WEB2, "booted", 2302, ALICE, false);
    kvm2.at(12, 40).start(&WEB2, "booted", 2303, BOB);
    kvm2.at(14, 0).start(&DB1, "migrated", 2304, None);

    kvm3.at(8, 10).start(&BUILD1, "booted", 1101, None);
    kvm3.at(10, 30).prepare(&GPU1, BOB);
    kvm3.cgroup(&GPU1, "allow", "/dev/vfio/99", BOB, false);
    kvm3.starts(&GPU1, "booted", 0, BOB, false);
    kvm3.control(&GPU1, "stop", "failed", 0, BOB, true);
    // The host crashes, and counts anew.
    kvm3.serial = 5;
    kvm3.at(17, 0).line(
        "SYSTEM_BOOT",
        "pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 \
         msg=' comm=\"systemd-update-utmp\" exe=\"/usr/lib/systemd/systemd-update-utmp\" hostname=? \
         addr=? terminal=? res=success'",
    );
    kvm3.at(17, 5).start(&BUILD1, "booted", 1201, None);
    // libvirtd was killed with its guest.
    kvm3.at(18, 0).start(&BUILD1, "booted", 1301, ALICE);

    let mut lines: Vec<Stamped> =
        [kvm1, kvm2, kvm3].into_iter().flat_map(|host| host.lines).collect();
    lines.sort();
    lines.into_iter().fold(String::new(), |mut log, (_, _, line)| {
        let _ = writeln!(log, "{line}");
        log
    })
}
