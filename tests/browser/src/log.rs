//! Logs of made-up hosts, as auditd writes them.

use std::fmt::Write;

/// 2026-05-04, a Monday, in milliseconds since 1970.
pub const MONDAY: i64 = 1_777_852_800_000;
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Numbers that look random and are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % end.max(1) as u64) as i64
    }

    pub fn one_in(&mut self, chance: i64) -> bool {
        self.below(chance) == 0
    }

    pub fn of<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len() as i64) as usize]
    }
}

/// A guest: its name, and a number that its UUID is made of.
#[derive(Clone, Copy)]
pub struct Guest<'g> {
    pub name: &'g str,
    pub number: u64,
}

impl Guest<'_> {
    pub fn uuid(&self) -> String {
        let mixed = self.number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{:08x}-5d1f-4c3e-9a6b-{:012x}", mixed >> 32, self.number & 0xffff_ffff_ffff)
    }
}

/// A log, in any order until it is written.
#[derive(Default)]
pub struct Log {
    /// The time, the host, and the record without its stamp.
    records: Vec<(i64, String, String)>,
    /// Where serial numbers are missing: on this host before its first record after this time.
    lost: Option<(String, i64)>,
}

impl Log {
    pub fn add(&mut self, ms: i64, host: &str, record: String) {
        self.records.push((ms, host.to_owned(), record));
    }

    fn virt(&mut self, ms: i64, host: &str, kind: &str, user: &str, body: &str, success: bool) {
        let (auid, result) = (login(user), if success { "success" } else { "failed" });
        let record = format!(
            "type={kind} STAMP pid=1207 uid=0 auid={auid} ses=4 subj=unconfined msg='virt=kvm {body} \
             exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res={result}'\x1dUID=\"root\" \
             AUID=\"{user}\""
        );
        self.add(ms, host, record);
    }

    /// A start with its resources. The guest's process is told by the time.
    pub fn start(&mut self, ms: i64, host: &str, user: &str, guest: Guest<'_>, reason: &str) {
        let (name, pid) = (guest.name, pid(ms));
        let category = format!("s0:c{},c{}", guest.number % 500, 500 + guest.number % 500);
        let label = format!(
            "vm-ctx=system_u:system_r:svirt_t:{category} img-ctx=system_u:object_r:svirt_image_t:{category} \
             model=selinux"
        );
        let id = format!("vm=\"{name}\" uuid={}", guest.uuid());
        self.virt(ms - 40, host, "VIRT_MACHINE_ID", user, &format!("{id} {label}"), true);
        let mac =
            format!("52:54:00:{:02x}:{:02x}:01", guest.number / 256 % 256, guest.number % 256);
        for (kind, tail) in [
            ("disk", format!("old-disk=\"?\" new-disk=\"/srv/images/{name}.qcow2\"")),
            ("net", format!("old-net=\"?\" new-net=\"{mac}\"")),
            ("mem", "old-mem=0 new-mem=4194304".to_owned()),
            ("vcpu", "old-vcpu=0 new-vcpu=4".to_owned()),
        ] {
            let body = format!("resrc={kind} reason=start {id} {tail}");
            self.virt(ms - 20, host, "VIRT_RESOURCE", user, &body, true);
        }
        let body = format!("op=start reason={reason} {id} vm-pid={pid}");
        self.virt(ms, host, "VIRT_CONTROL", user, &body, true);
    }

    pub fn failed_start(&mut self, ms: i64, host: &str, user: &str, guest: Guest<'_>) {
        let id = format!("vm=\"{}\" uuid={}", guest.name, guest.uuid());
        let disk = format!("old-disk=\"?\" new-disk=\"/srv/images/{}.qcow2\"", guest.name);
        let body = format!("resrc=disk reason=start {id} {disk}");
        self.virt(ms - 20, host, "VIRT_RESOURCE", user, &body, false);
        let body = format!("op=start reason=booted {id} vm-pid=-1");
        self.virt(ms, host, "VIRT_CONTROL", user, &body, false);
    }

    pub fn stop(&mut self, ms: i64, host: &str, user: &str, guest: Guest<'_>, reason: &str) {
        let id = format!("vm=\"{}\" uuid={}", guest.name, guest.uuid());
        let body = format!("op=stop reason={reason} {id} vm-pid=0");
        self.virt(ms, host, "VIRT_CONTROL", user, &body, true);
    }

    /// A disk that is attached or detached.
    pub fn disk(
        &mut self,
        ms: i64,
        host: &str,
        user: &str,
        guest: Guest<'_>,
        attach: bool,
        ok: bool,
    ) {
        let path = format!("/srv/backup/{}.qcow2", guest.name);
        let (reason, old, new) =
            if attach { ("attach", "?", &*path) } else { ("detach", &*path, "?") };
        let id = format!("vm=\"{}\" uuid={}", guest.name, guest.uuid());
        let body = format!("resrc=disk reason={reason} {id} old-disk=\"{old}\" new-disk=\"{new}\"");
        self.virt(ms, host, "VIRT_RESOURCE", user, &body, ok);
    }

    pub fn denial(&mut self, ms: i64, host: &str, guest: Guest<'_>, path: &str) {
        let category = format!("s0:c{},c{}", guest.number % 500, 500 + guest.number % 500);
        let record = format!(
            "type=AVC STAMP avc:  denied  {{ read }} for  pid=4242 comm=\"qemu-system-x86\" path=\"{path}\" \
             dev=\"sda1\" ino=77 scontext=system_u:system_r:svirt_t:{category} \
             tcontext=system_u:object_r:user_home_t:s0 tclass=file permissive=0"
        );
        self.add(ms, host, record);
    }

    pub fn boot(&mut self, ms: i64, host: &str) {
        let record = "type=SYSTEM_BOOT STAMP pid=812 uid=0 auid=4294967295 ses=4294967295 msg=' \
                      comm=\"systemd-update-utmp\" exe=\"/lib/systemd/systemd-update-utmp\" hostname=? \
                      addr=? terminal=? res=success'";
        self.add(ms, host, record.to_owned());
    }

    /// A record that is about no guest. A log without any was filtered, and then nothing is missing.
    pub fn other(&mut self, ms: i64, host: &str) {
        let record = "type=CRED_ACQ STAMP pid=933 uid=0 auid=1001 ses=7 msg='op=PAM:setcred acct=\"root\" \
                      exe=\"/usr/sbin/cron\" hostname=? addr=? terminal=cron res=success'";
        self.add(ms, host, record.to_owned());
    }

    /// Loses records of a host before its first record after a time.
    pub fn lose(&mut self, ms: i64, host: &str) {
        self.lost = Some((host.to_owned(), ms));
    }

    /// The log's text.
    pub fn text(mut self) -> String {
        self.records.sort_by_key(|&(ms, ..)| ms);
        let mut serials: std::collections::HashMap<String, u64> = Default::default();
        let mut text = String::new();
        for (ms, host, record) in self.records {
            let serial = serials.entry(host.clone()).or_insert(100);
            *serial += 1;
            if self.lost.as_ref().is_some_and(|(of, at)| *of == host && ms > *at) {
                *serial += 37;
                self.lost = None;
            }
            let stamp = format!("msg=audit({}.{:03}:{serial}):", ms / 1000, ms % 1000);
            let node = if host.is_empty() { String::new() } else { format!("node={host} ") };
            let _ = writeln!(text, "{node}{}", record.replacen("STAMP", &stamp, 1));
        }
        text
    }
}

fn login(user: &str) -> u32 {
    1000 + user.bytes().map(u32::from).sum::<u32>() % 100
}

fn pid(ms: i64) -> i64 {
    3000 + ms / 1000 % 29_000
}
