//! The hosts of the tests and of the pictures.

use crate::log::{DAY, Dice, Guest, HOUR, Log, MINUTE, MONDAY};

const USERS: [&str; 4] = ["alice", "bob", "carol", "root"];
const ROLES: [&str; 8] = ["web", "db", "mail", "build", "cache", "files", "proxy", "monitor"];

fn named(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{}{}", ROLES[n % ROLES.len()], n / ROLES.len() + 1)).collect()
}

/// What may happen to a guest while it runs.
fn life(log: &mut Log, dice: &mut Dice, host: &str, guest: Guest<'_>, from: i64, until: i64) {
    let user = *dice.of(&USERS);
    if until - from > 6 * HOUR && dice.one_in(3) {
        let at = from + HOUR + dice.below(until - from - 2 * HOUR);
        log.disk(at, host, user, guest, true, !dice.one_in(9));
        log.disk(
            at + 30 * MINUTE + dice.below(4 * HOUR).min(until - at - 40 * MINUTE),
            host,
            user,
            guest,
            false,
            true,
        );
    }
    if until - from > 2 * HOUR && dice.one_in(11) {
        let at = from + HOUR + dice.below(until - from - HOUR);
        log.denial(at, host, guest, "/home/alice/notes.txt");
    }
}

/// Runs of a guest on one host during some days. Returns when it stopped last, or `None` if it runs.
fn runs(log: &mut Log, dice: &mut Dice, host: &str, guest: Guest<'_>, days: i64, length: i64) {
    let end = MONDAY + days * DAY;
    let mut at = MONDAY + dice.below(DAY * 2);
    while at < end {
        let user = *dice.of(&USERS);
        if dice.one_in(14) {
            log.failed_start(at, host, user, guest);
            at += 5 * MINUTE;
        }
        let until = at + length / 4 + dice.below(length);
        log.start(at, host, user, guest, if dice.one_in(8) { "restored" } else { "booted" });
        life(log, dice, host, guest, at, until.min(end));
        if until >= end {
            return;
        }
        if dice.one_in(40) {
            // It is started again, and nothing says that it stopped.
            at = until + 10 * MINUTE;
            continue;
        }
        let reasons = ["shutdown", "shutdown", "shutdown", "destroyed", "failed"];
        log.stop(until, host, user, guest, reasons[dice.below(5) as usize]);
        at = until + 20 * MINUTE + dice.below(length / 3);
    }
}

/// Records that are about no guest, every few hours.
fn background(log: &mut Log, hosts: &[&str], days: i64) {
    for (n, host) in hosts.iter().enumerate() {
        for hour in (0..days * 24).step_by(2) {
            log.other(MONDAY + hour * HOUR + 7 * MINUTE + n as i64, host);
        }
    }
}

/// One host with its guests during three weeks; it crashes once.
pub fn one_host() -> String {
    let (mut log, mut dice) = (Log::default(), Dice::new(11));
    let host = "kvm1.example.net";
    let names = named(18);
    for (n, name) in names.iter().enumerate() {
        let guest = Guest { name, number: n as u64 + 1 };
        // web, db and monitor run for long; build is started for each build.
        let length =
            [6 * DAY, 12 * DAY, 5 * DAY, 10 * HOUR, 3 * DAY, 9 * DAY, 4 * DAY, 30 * DAY][n % 8];
        runs(&mut log, &mut dice, host, guest, 21, length);
    }
    background(&mut log, &[host], 21);
    let crash = MONDAY + 13 * DAY + 3 * HOUR;
    log.boot(crash, host);
    for (n, name) in names.iter().enumerate() {
        let guest = Guest { name, number: n as u64 + 1 };
        if [0, 1, 2, 4, 5, 7].contains(&(n % 8)) {
            log.start(crash + 5 * MINUTE + n as i64 * 20_000, host, "root", guest, "booted");
        }
    }
    log.lose(MONDAY + 8 * DAY, host);
    log.text()
}

/// Three hosts whose guests move between them; one guest is on two hosts at once for a while.
pub fn three_hosts() -> String {
    let (mut log, mut dice) = (Log::default(), Dice::new(5));
    let hosts = ["kvm1.example.net", "kvm2.example.net", "kvm3.example.net"];
    let end = MONDAY + 7 * DAY;
    for (n, name) in named(22).iter().enumerate() {
        let guest = Guest { name, number: n as u64 + 1 };
        let mut host = n % 3;
        let mut at = MONDAY + dice.below(10 * HOUR);
        log.start(at, hosts[host], *dice.of(&USERS), guest, "booted");
        loop {
            let until = at + 14 * HOUR + dice.below(3 * DAY);
            life(&mut log, &mut dice, hosts[host], guest, at, until.min(end));
            if until >= end {
                break;
            }
            let next = (host + 1 + dice.below(2) as usize) % 3;
            if dice.one_in(3) {
                log.stop(until, hosts[host], *dice.of(&USERS), guest, "shutdown");
                at = until + 30 * MINUTE + dice.below(6 * HOUR);
                if at >= end {
                    break;
                }
                log.start(at, hosts[next], *dice.of(&USERS), guest, "booted");
            } else {
                // The destination's start comes before the source's stop.
                at = until - 20_000;
                log.start(at, hosts[next], "root", guest, "migrated");
                log.stop(until, hosts[host], "root", guest, "migrated");
            }
            host = next;
        }
    }
    let twice = Guest { name: "ledger", number: 77 };
    log.start(MONDAY + 4 * HOUR, hosts[0], "alice", twice, "booted");
    log.start(MONDAY + 3 * DAY, hosts[1], "bob", twice, "booted");
    log.stop(MONDAY + 4 * DAY + 6 * HOUR, hosts[0], "alice", twice, "shutdown");
    log.failed_start(MONDAY + 2 * DAY, hosts[2], "carol", Guest { name: "probe", number: 78 });
    log.denial(MONDAY + 3 * DAY + 5 * HOUR, hosts[1], twice, "/srv/images/ledger.qcow2");
    background(&mut log, &hosts, 7);
    log.text()
}

/// Forty hosts with many guests. One of the hosts crashes.
pub fn crowded() -> String {
    let (mut log, mut dice) = (Log::default(), Dice::new(3));
    let hosts: Vec<String> = (1..=40).map(|n| format!("kvm{n:02}.example.net")).collect();
    for (n, name) in named(2400).iter().enumerate() {
        let guest = Guest { name, number: n as u64 + 1 };
        let host = &hosts[n % hosts.len()];
        runs(&mut log, &mut dice, host, guest, 14, 2 * DAY);
    }
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    background(&mut log, &names, 14);
    log.boot(MONDAY + 9 * DAY + 2 * HOUR, &hosts[3]);
    log.text()
}

/// As many sessions as that, each with some events.
pub fn many(sessions: usize) -> String {
    let (mut log, mut dice) = (Log::default(), Dice::new(9));
    let names = named(1000);
    for n in 0..sessions {
        let guest = Guest { name: &names[n % 1000], number: (n % 1000) as u64 + 1 };
        let at = MONDAY + (n / 1000) as i64 * 3 * HOUR + dice.below(HOUR);
        let host = ["kvm1", "kvm2", "kvm3", "kvm4"][n % 4];
        log.start(at, host, *dice.of(&USERS), guest, "booted");
        if dice.one_in(3) {
            log.disk(at + 10 * MINUTE, host, "alice", guest, true, !dice.one_in(20));
        }
        if dice.one_in(20) {
            log.denial(at + 20 * MINUTE, host, guest, "/etc/shadow");
        }
        log.stop(at + HOUR + dice.below(HOUR / 2), host, "bob", guest, "shutdown");
    }
    log.text()
}

/// A text in every place that a guest, a client or a process can choose.
pub fn hostile(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    let mut log = Log::default();
    let id = format!("vm={hex} uuid=8e4f0f4c-2f8b-4b7a-9d9c-0123456789ab");
    let client = format!("acct={hex} client-uid=1000 client-sasl={hex} client-x509={hex}");
    let mut add = |ms: i64, kind: &str, body: String, result: &str| {
        let record = format!(
            "type={kind} STAMP pid=1 uid=0 auid=1000 ses=1 msg='virt={hex} {body} {client} \
             exe=\"/usr/sbin/libvirtd\" hostname=? addr=? terminal=? res={result}'"
        );
        log.add(MONDAY + ms, &hex, record);
    };
    add(
        0,
        "VIRT_RESOURCE",
        format!("resrc={hex} reason={hex} {id} old-{hex}=? new-{hex}={hex}"),
        "success",
    );
    add(1, "VIRT_MACHINE_ID", format!("{id} vm-ctx={hex} img-ctx={hex} model={hex}"), "success");
    add(2, "VIRT_CONTROL", format!("op=start reason={hex} {id} vm-pid=4242"), "success");
    add(
        60_000,
        "VIRT_RESOURCE",
        format!("resrc=disk reason=attach {id} old-disk=? new-disk={hex}"),
        "failed",
    );
    add(120_000, "VIRT_CONTROL", format!("op=stop reason={hex} {id} vm-pid=4242"), "success");
    log.add(
        MONDAY + 90_000,
        &hex,
        format!(
            "type=AVC STAMP avc:  denied  {{ read }} for  pid=4242 comm={hex} path={hex} scontext={hex} \
             tcontext={hex} tclass=file permissive=0"
        ),
    );
    log.text()
}
