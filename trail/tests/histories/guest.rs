//! The records that libvirt writes about a guest, in its order.

use super::host::{Clock, Host};
use super::random::Random;
use super::truth::{Item, Role};

/// A guest.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) driver: &'static str,
    /// The security models that give it labels.
    pub(crate) models: &'static [&'static str],
    pub(crate) cgroups: bool,
    pub(crate) disks: usize,
}

/// The UUID of a guest.
pub(crate) fn uuid(id: u32) -> String {
    format!("{id:08x}-c179-4cea-a185-c7abe50520c7")
}

impl Guest {
    fn record(&self, host: &mut Host, clock: &mut Clock, kind: &'static str, body: &str, ok: bool) {
        let (driver, res) = (self.driver, if ok { "success" } else { "failed" });
        let body = body.replace("GUEST", &format!("vm=\"{}\" uuid={}", self.name, uuid(self.id)));
        let body = format!(
            "pid=3851 uid=0 auid=4294967295 ses=4294967295 subj=virtd msg='virt={driver} {body} \
             exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res={res}'"
        );
        host.record(clock, kind, &body);
    }

    pub(crate) fn resource(
        &self,
        host: &mut Host,
        clock: &mut Clock,
        kind: &str,
        tail: &str,
        ok: bool,
    ) {
        let (resource, reason) = kind.split_once(' ').unwrap();
        let body = format!("resrc={resource} reason={reason} GUEST {tail}");
        self.record(host, clock, "VIRT_RESOURCE", &body, ok);
    }

    fn control(&self, host: &mut Host, clock: &mut Clock, op: &str, reason: &str, ok: bool) {
        let pid = if op == "start" && ok { 1000 + i64::from(self.id) } else { 0 };
        let body = format!("op={op} reason={reason} GUEST vm-pid={pid}");
        self.record(host, clock, "VIRT_CONTROL", &body, ok);
    }

    /// Labels, opened devices and cgroups, before the guest's process runs. `steps` is how many of
    /// the three are done.
    pub(crate) fn prepare(&self, host: &mut Host, clock: &mut Clock, steps: usize) {
        for model in self.models.iter().filter(|_| steps > 0) {
            let body =
                format!("GUEST vm-ctx=u:r:svirt_t:s0:c1,c{} img-ctx=x model={model}", self.id);
            self.record(host, clock, "VIRT_MACHINE_ID", &body, true);
            host.note(Some(self.id), Item::Prepares);
        }
        if self.driver == "kvm" && steps > 1 {
            let tail = "net=52:54:00:00:00:01 path=\"/dev/net/tun\" rdev=0A:C8";
            self.resource(host, clock, "net open", tail, true);
        }
        if self.cgroups && steps > 2 {
            self.resource(host, clock, "cgroup deny", "cgroup=\"/machine/x/\" class=all", true);
            host.note(Some(self.id), Item::Prepares);
            self.allow(host, clock, "allow");
        }
    }

    fn allow(&self, host: &mut Host, clock: &mut Clock, reason: &str) {
        let tail = "cgroup=\"/machine/x/\" class=path path=\"/dev/kvm\" rdev=0A:E8 acl=rw";
        self.resource(host, clock, &format!("cgroup {reason}"), tail, true);
    }

    /// The records of a start itself, which libvirt writes at once.
    pub(crate) fn start(
        &self,
        host: &mut Host,
        clock: &mut Clock,
        reason: &str,
        ok: bool,
    ) -> usize {
        self.assign(host, clock);
        self.control(host, clock, "start", reason, ok);
        let start = host.note(Some(self.id), Item::Start { ok });
        if ok && self.driver == "lxc" {
            let body = "op=init GUEST vm-pid=1001 init-pid=1002 pid-ns=4026532";
            self.record(host, clock, "VIRT_CONTROL", body, true);
            host.note(Some(self.id), Item::Life { behind: None });
        }
        start
    }

    /// The resources of a start.
    pub(crate) fn assign(&self, host: &mut Host, clock: &mut Clock) {
        for disk in 0..self.disks {
            let tail = format!("old-disk=\"?\" new-disk=\"/images/{disk}\"");
            self.resource(host, clock, "disk start", &tail, true);
        }
        self.resource(host, clock, "mem start", "old-mem=0 new-mem=1048576", true);
        self.resource(host, clock, "vcpu start", "old-vcpu=0 new-vcpu=2", true);
        host.note(Some(self.id), Item::Prepares);
    }

    /// A start that fails, with the stop that cleans up before or after it, or without one.
    pub(crate) fn fail(
        &self,
        host: &mut Host,
        clock: &mut Clock,
        random: &mut Random,
        reason: &str,
    ) {
        let steps = random.between(0, 3) as usize;
        if steps == 0 {
            // A stop right before can't be told from one that cleans up.
            clock.now += 120_000;
        }
        self.prepare(host, clock, steps);
        match random.between(0, 2) {
            0 => {
                self.start(host, clock, reason, false);
            }
            1 => {
                let start = self.start(host, clock, reason, false);
                self.stop(host, clock, "failed", Role::Repeats(start));
            }
            _ => {
                // Between the stop and the start are the resources.
                let start = host.history.len() + 2;
                self.stop(host, clock, "failed", Role::Precedes(start));
                self.start(host, clock, reason, false);
            }
        }
    }

    pub(crate) fn stop(
        &self,
        host: &mut Host,
        clock: &mut Clock,
        reason: &str,
        role: Role,
    ) -> usize {
        self.control(host, clock, "stop", reason, true);
        host.note(Some(self.id), Item::Stop(role))
    }

    /// A stop, with records of other threads right behind it.
    pub(crate) fn stop_with_more(
        &self,
        host: &mut Host,
        clock: &mut Clock,
        random: &mut Random,
        reason: &str,
    ) {
        let stop = self.stop(host, clock, reason, Role::Stops);
        if random.chance(25) {
            clock.now += random.between(1, 60);
            self.change(host, clock, random, "detach");
            host.note(Some(self.id), Item::Life { behind: Some(stop) });
        }
        if self.driver == "lxc" && random.chance(30) {
            self.stop(host, clock, "shutdown", Role::Repeats(stop));
        }
    }

    /// A change of a resource of a running guest.
    pub(crate) fn change(
        &self,
        host: &mut Host,
        clock: &mut Clock,
        random: &mut Random,
        reason: &str,
    ) {
        let ok = random.chance(90);
        if self.cgroups && random.chance(50) {
            self.allow(host, clock, if reason == "detach" { "deny" } else { "allow" });
        }
        let (old, new) = if reason == "detach" { ("/x", "?") } else { ("?", "/x") };
        let (kind, tail) = match random.between(0, 2) {
            0 => ("disk", format!("old-disk=\"{old}\" new-disk=\"{new}\"")),
            1 => ("net", format!("old-net=\"{old}\" new-net=\"{new}\"")),
            _ => ("chardev", format!("old-chardev=\"{old}\" new-chardev=\"{new}\"")),
        };
        self.resource(host, clock, &format!("{kind} {reason}"), &tail, ok);
    }

    /// A change of a running guest, as a sign of its life.
    pub(crate) fn lives(&self, host: &mut Host, clock: &mut Clock, random: &mut Random) {
        match random.between(0, 3) {
            0 => self.resource(host, clock, "mem update", "old-mem=1048576 new-mem=524288", true),
            1 => self.resource(host, clock, "vcpu update", "old-vcpu=2 new-vcpu=4", true),
            2 => self.change(host, clock, random, "attach"),
            _ => self.change(host, clock, random, "detach"),
        }
        host.note(Some(self.id), Item::Life { behind: None });
    }
}
