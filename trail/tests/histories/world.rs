//! A random history of some hosts and their guests.

use super::guest::Guest;
use super::host::{Clock, Host};
use super::random::Random;
use super::truth::{Item, Role};

const MINUTE: i64 = 60_000;

/// Hosts and guests, at some time of their history.
pub(crate) struct World {
    random: Random,
    clock: Clock,
    pub(crate) hosts: Vec<Host>,
    guests: Vec<Guest>,
    /// By guest: the hosts on which it runs. More than one if it was copied with its UUID.
    running: Vec<Vec<usize>>,
    /// Where the log was rotated: the number of lines before.
    pub(crate) rotations: Vec<usize>,
    /// Whether the log has all records. Else only those about guests, and boots and shutdowns.
    pub(crate) complete: bool,
    /// Whether hosts share one log.
    pub(crate) shared: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let hosts = if random.chance(50) { 1 } else { random.between(2, 4) };
        let name = |at: i64| if hosts == 1 { String::new() } else { format!("host{at}") };
        let mut world = Self {
            clock: Clock::default(),
            hosts: (0..hosts).map(|at| Host::new(name(at), random.between(10, 9000))).collect(),
            guests: Vec::new(),
            running: Vec::new(),
            rotations: Vec::new(),
            complete: random.chance(75),
            shared: random.chance(50),
            random,
        };
        for id in 0..world.random.between(1, 5) as u32 {
            let guest = world.new_guest(id);
            world.guests.push(guest);
            world.running.push(Vec::new());
        }
        world.every_host_writes();
        for _ in 0..world.random.between(3, 40) {
            world.step();
        }
        world.every_host_writes();
        if world.complete && world.hosts.len() > 1 && world.random.chance(30) {
            world.a_host_falls_silent();
        }
        world
    }

    /// What hosts write all the time.
    fn every_host_writes(&mut self) {
        for host in &mut self.hosts {
            host.other(&mut self.clock, "USER_ACCT");
        }
    }

    /// The records of a host no longer arrive, while others go on for days.
    fn a_host_falls_silent(&mut self) {
        let at = self.random.below(self.hosts.len());
        for _ in 0..10 {
            self.every_host_writes();
        }
        self.hosts[at].note(None, Item::Gap);
        self.hosts[at].is_silent = true;
        for _ in 0..20 {
            self.step();
            self.pause(120 * MINUTE, 180 * MINUTE);
            self.every_host_writes();
        }
    }

    fn new_guest(&mut self, id: u32) -> Guest {
        let driver = self.random.pick(&["kvm", "kvm", "lxc", "ch"]);
        let models: &[&[&str]] = &[&[], &["dac"], &["selinux", "dac"], &["apparmor"]];
        Guest {
            id,
            // Names are used again by other guests.
            name: self.random.pick(&["web", "db", "mail"]).to_owned(),
            driver,
            models: self.random.pick(models),
            cgroups: self.random.chance(70),
            disks: self.random.below(4),
        }
    }

    fn pause(&mut self, low: i64, high: i64) {
        self.clock.now += self.random.between(low, high);
    }

    fn step(&mut self) {
        match self.random.between(0, 3) {
            0 => self.pause(0, 200),
            1 => self.pause(1000, 20_000),
            _ => {
                self.pause(2 * MINUTE, 300 * MINUTE);
                self.every_host_writes();
            }
        }
        let host = self.random.below(self.hosts.len());
        match self.random.between(0, 99) {
            0..50 => self.guest_step(host),
            50..56 => self.host_goes_down(host),
            56..61 => self.host_crashes(host),
            61..70 => self.outage(host),
            70..74 => {
                let step = self.random.between(-7200, 7200) * 1000;
                self.hosts[host].offset += step;
            }
            74..82 => self.rotations.push(self.clock.lines),
            82..86 => self.libvirtd_dies(host),
            86..89 => {
                let guest = self.random.below(self.guests.len());
                if self.running[guest].is_empty() {
                    self.guests[guest].name += "2";
                }
            }
            89..91 => {
                let guest = self.new_guest(self.guests.len() as u32);
                self.guests.push(guest);
                self.running.push(Vec::new());
            }
            _ => self.hosts[host].other(&mut self.clock, "USER_ACCT"),
        }
    }

    fn guest_step(&mut self, at: usize) {
        let id = self.random.below(self.guests.len());
        let guest = self.guests[id].clone();
        let Self { random, clock, hosts, running, .. } = self;
        let host = &mut hosts[at];
        if guest.driver == "ch" {
            let tail = "net=52:54:00:00:00:02 path=\"/dev/net/tun\" rdev=0A:C8";
            guest.resource(host, clock, "net open", tail, true);
            host.note(Some(guest.id), Item::Life { behind: None });
            return;
        }
        if !running[id].contains(&at) {
            // A copy of a running guest is rare.
            if !running[id].is_empty() && !random.chance(10) {
                return self.move_guest(id, at);
            }
            let reason = random.pick(&["booted", "booted", "restored"]);
            match random.between(0, 9) {
                0 | 1 => guest.fail(host, clock, random, reason),
                // Less than a start, whose records are many: auditd ends in their middle.
                2 if !guest.models.is_empty() => {
                    guest.prepare(host, clock, 3);
                    host.auditd_ends(clock, random.chance(30));
                    guest.start(host, clock, reason, true);
                    running[id].push(at);
                    self.outage_ends(at);
                }
                _ => {
                    guest.prepare(host, clock, 3);
                    clock.now += random.between(0, 3000);
                    guest.start(host, clock, reason, true);
                    running[id].push(at);
                }
            }
            return;
        }
        match random.between(0, 9) {
            0..5 => guest.lives(host, clock, random),
            5 if guest.driver == "kvm" => {
                // At once started again, for example from a snapshot.
                guest.stop_with_more(host, clock, random, "from-snapshot");
                guest.prepare(host, clock, 3);
                guest.start(host, clock, "from-snapshot", true);
            }
            5 => {
                guest.stop(host, clock, "reboot", Role::Stops);
                guest.start(host, clock, "reboot", true);
            }
            _ => {
                let reasons = ["shutdown", "destroyed", "crashed", "saved", "failed"];
                let reason = random.pick(&reasons);
                guest.stop_with_more(host, clock, random, reason);
                running[id].retain(|&other| other != at);
            }
        }
    }

    /// A live migration to a host.
    fn move_guest(&mut self, id: usize, to: usize) {
        let Self { random, clock, hosts, running, guests, .. } = self;
        let (from, guest) = (running[id][0], &guests[id]);
        if guest.driver != "kvm" {
            return;
        }
        match random.between(0, 9) {
            0 => guest.fail(&mut hosts[to], clock, random, "migrated"),
            1 => {
                guest.prepare(&mut hosts[to], clock, 3);
                guest.start(&mut hosts[to], clock, "migrated", true);
                clock.now += random.between(100, 90_000);
                guest.stop(&mut hosts[to], clock, "failed", Role::Stops);
            }
            _ => {
                guest.prepare(&mut hosts[to], clock, 3);
                guest.start(&mut hosts[to], clock, "migrated", true);
                clock.now += random.between(100, 90_000);
                guest.stop(&mut hosts[from], clock, "migrated", Role::Stops);
                running[id].retain(|&other| other != from);
                running[id].push(to);
            }
        }
    }

    /// libvirtd dies while it prepares a start. Guests that end meanwhile get no record.
    fn libvirtd_dies(&mut self, at: usize) {
        self.half_a_start(at);
        let Self { random, clock, hosts, running, .. } = self;
        hosts[at].other(clock, "SERVICE_STOP");
        clock.now += random.between(MINUTE, 5 * MINUTE);
        for running in running.iter_mut() {
            if running.contains(&at) && random.chance(30) {
                running.retain(|&other| other != at);
            }
        }
        hosts[at].other(clock, "SERVICE_START");
        clock.now += 2 * MINUTE;
    }

    /// A start that is prepared, and comes no further.
    fn half_a_start(&mut self, at: usize) {
        let id = self.random.below(self.guests.len());
        let Self { random, clock, hosts, running, guests, .. } = self;
        let guest = &guests[id];
        if running[id].is_empty() && guest.driver != "ch" && !guest.models.is_empty() {
            guest.prepare(&mut hosts[at], clock, random.between(1, 3) as usize);
            if random.chance(20) {
                guest.assign(&mut hosts[at], clock);
            }
        }
    }

    /// The host goes down. Some of its guests are stopped before, and some after its record.
    fn host_goes_down(&mut self, at: usize) {
        let Self { random, clock, hosts, running, guests, .. } = self;
        let host = &mut hosts[at];
        let mut late = Vec::new();
        for (guest, running) in guests.iter().zip(running.iter_mut()) {
            if !running.contains(&at) {
                continue;
            }
            running.retain(|&other| other != at);
            match random.between(0, 2) {
                0 => guest.stop_with_more(host, clock, random, "shutdown"),
                1 => late.push(guest),
                _ => {}
            }
        }
        host.other(clock, "SYSTEM_SHUTDOWN");
        host.note(None, Item::Down);
        for guest in late {
            clock.now += random.between(1, 2000);
            guest.stop(host, clock, "destroyed", Role::Stops);
        }
        if host.auditd {
            host.auditd_ends(clock, random.chance(10));
        }
        self.host_boots(at);
    }

    fn host_crashes(&mut self, at: usize) {
        if self.random.chance(40) {
            self.half_a_start(at);
        }
        self.running.iter_mut().for_each(|running| running.retain(|&other| other != at));
        self.host_boots(at);
    }

    fn host_boots(&mut self, at: usize) {
        self.pause(MINUTE / 2, 60 * MINUTE);
        let serial = self.random.between(1, 60);
        self.hosts[at].boots(&mut self.clock, serial);
    }

    /// auditd doesn't run for a while.
    fn outage(&mut self, at: usize) {
        let killed = self.random.chance(30);
        self.hosts[at].auditd_ends(&mut self.clock, killed);
        for _ in 0..self.random.between(0, 4) {
            self.pause(1000, 10 * MINUTE);
            if self.random.chance(20) {
                self.hosts[at].other(&mut self.clock, "SERVICE_STOP");
            }
            self.guest_step(at);
            if self.hosts[at].auditd {
                return;
            }
        }
        self.outage_ends(at);
    }

    fn outage_ends(&mut self, at: usize) {
        self.pause(2 * MINUTE, 20 * MINUTE);
        self.hosts[at].auditd_starts(&mut self.clock, self.complete);
        self.pause(2 * MINUTE, 3 * MINUTE);
    }

    /// The logs, in the order in which they are read.
    pub(crate) fn logs(&self) -> Vec<String> {
        let kept =
            |kind: &str| self.complete || kind.starts_with("VIRT_") || kind.starts_with("SYS");
        let mut lines: Vec<_> = (self.hosts.iter().enumerate())
            .flat_map(|(at, host)| host.lines.iter().map(move |line| (at, line)))
            .filter(|(_, line)| kept(line.kind))
            .collect();
        lines.sort_by_key(|(host, line)| (if self.shared { 0 } else { *host }, line.at));
        let mut logs: Vec<(usize, usize, String)> = Vec::new();
        for (host, line) in lines {
            let part = self.rotations.iter().filter(|&&rotation| rotation <= line.at).count();
            let key = (if self.shared { 0 } else { host }, part);
            match logs.last_mut() {
                Some((host, part, log)) if (*host, *part) == key => log.push_str(&line.text),
                _ => logs.push((key.0, key.1, line.text.clone())),
            }
        }
        logs.into_iter().map(|(_, _, log)| log).collect()
    }
}
